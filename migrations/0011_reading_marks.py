"""Up to which message each agent has read each ticket."""

from peewee import BigAutoField, BigIntegerField, Database, ForeignKeyField, Model
from playhouse.migrate import SchemaMigrator


class Frozen(Model):
    id = BigAutoField()

    class Meta:
        legacy_table_names = False


class Agent(Frozen):
    pass


class Ticket(Frozen):
    pass


class ReadingMark(Frozen):
    ticket = ForeignKeyField(Ticket, on_delete="CASCADE", index=False)
    agent = ForeignKeyField(Agent, on_delete="CASCADE")
    message = BigIntegerField()

    class Meta:
        indexes = ((("ticket", "agent"), True),)


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Agent, Ticket, ReadingMark)):
        db.create_tables((ReadingMark,))
