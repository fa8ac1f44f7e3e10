"""The numbers of merged tickets, and the tickets they lead to."""

from peewee import BigAutoField, BigIntegerField, CharField, Database, DateTimeField, ForeignKeyField, Model
from playhouse.migrate import SchemaMigrator


class Frozen(Model):
    id = BigAutoField()

    class Meta:
        legacy_table_names = False


class Ticket(Frozen):
    pass


class FormerNumber(Frozen):
    number = CharField(max_length=40, unique=True)
    ticket = ForeignKeyField(Ticket, on_delete="CASCADE")
    former_id = BigIntegerField()
    merged_at = DateTimeField()


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Ticket, FormerNumber)):
        db.create_tables((FormerNumber,))
