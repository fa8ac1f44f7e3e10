"""The journal of the desk, and requests that wait for their author to prove the address."""

from peewee import BigAutoField, CharField, Database, DateTimeField, ForeignKeyField, JSONField, Model
from playhouse.migrate import SchemaMigrator


class Frozen(Model):
    id = BigAutoField()

    class Meta:
        legacy_table_names = False


class Agent(Frozen):
    pass


class Ticket(Frozen):
    pass


class OutgoingEmail(Frozen):
    pass


class HeldRequest(Frozen):
    nonce = CharField(max_length=64)
    token_hash = CharField(max_length=64, unique=True)
    request = JSONField()
    mail = ForeignKeyField(OutgoingEmail, null=True, on_delete="SET NULL")
    ticket = ForeignKeyField(Ticket, null=True, on_delete="CASCADE")
    created_at = DateTimeField()
    expires_at = DateTimeField(index=True)
    used_at = DateTimeField(null=True)


class JournalEntry(Frozen):
    kind = CharField(max_length=20)
    act = CharField(max_length=40)
    agent = ForeignKeyField(Agent, null=True, on_delete="SET NULL", index=False)
    actor_name = CharField(max_length=254)
    subject = CharField(max_length=254)
    data = JSONField()
    network = CharField(max_length=64)
    created_at = DateTimeField(index=True)

    class Meta:
        indexes = ((("kind", "id"), False), (("agent", "id"), False))


TABLES = (HeldRequest, JournalEntry)


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Agent, Ticket, OutgoingEmail, *TABLES)):
        db.create_tables(TABLES)
