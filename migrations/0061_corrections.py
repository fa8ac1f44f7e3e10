"""What messages said before they were corrected, and what was masked."""

from peewee import (
    SQL,
    BigAutoField,
    CharField,
    Check,
    Database,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    NodeList,
    SqliteDatabase,
    TextField,
)
from playhouse.migrate import SchemaMigrator, migrate


class LastingId(BigAutoField):
    def ddl(self, ctx):
        column = super().ddl(ctx)
        is_sqlite = isinstance(self.model._meta.database, SqliteDatabase)
        return NodeList((column, SQL("AUTOINCREMENT"))) if is_sqlite else column


class Frozen(Model):
    id = BigAutoField()

    class Meta:
        legacy_table_names = False


class Ticket(Frozen):
    pass


class Agent(Frozen):
    pass


class Message(Frozen):
    pass


class MessageVersion(Frozen):
    message = ForeignKeyField(Message, backref="+", on_delete="CASCADE")
    body = TextField()
    files = JSONField()
    agent = ForeignKeyField(Agent, backref="+", null=True, on_delete="SET NULL", index=False)
    actor_name = CharField(max_length=254)
    replaced_at = DateTimeField()


class Mask(Frozen):
    id = LastingId()
    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE")
    kind = CharField(max_length=10)
    agent = ForeignKeyField(Agent, backref="+", null=True, on_delete="SET NULL", index=False)
    actor_name = CharField(max_length=254)
    places = IntegerField()
    original = TextField()
    paths = JSONField()
    masked_at = DateTimeField()
    undone_at = DateTimeField(null=True)

    class Meta:
        constraints = [Check("kind IN ('passage', 'file')", name="mask_kind")]


Mask.add_index(Mask.index(Mask.masked_at, Mask.id, name="mask_recent"))


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Ticket, Agent, Message, MessageVersion, Mask)):
        db.create_tables([MessageVersion, Mask])
    migrate(
        migrator.add_column("message", "corrected_at", DateTimeField(null=True)),
        migrator.add_column("incoming_mail", "masked_at", DateTimeField(null=True)),
    )
