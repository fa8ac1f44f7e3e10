"""Who is writing in which ticket at this moment."""

from peewee import BigAutoField, Database, DateTimeField, ForeignKeyField, Model
from playhouse.migrate import SchemaMigrator


class Frozen(Model):
    id = BigAutoField()

    class Meta:
        legacy_table_names = False


class Agent(Frozen):
    pass


class Ticket(Frozen):
    pass


class Presence(Frozen):
    ticket = ForeignKeyField(Ticket, on_delete="CASCADE", index=False)
    agent = ForeignKeyField(Agent, on_delete="CASCADE")
    seen_at = DateTimeField()

    class Meta:
        indexes = ((("ticket", "agent"), True),)


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Agent, Ticket, Presence)):
        db.create_tables((Presence,))
