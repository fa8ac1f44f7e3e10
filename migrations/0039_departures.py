"""What became of all that an agent had who left, stored while it may be undone."""

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    Database,
    DateTimeField,
    ForeignKeyField,
    JSONField,
    Model,
    NodeList,
    SqliteDatabase,
)
from playhouse.migrate import SchemaMigrator


class LastingId(BigAutoField):
    def ddl(self, ctx):
        column = super().ddl(ctx)
        is_sqlite = isinstance(self.model._meta.database, SqliteDatabase)
        return NodeList((column, SQL("AUTOINCREMENT"))) if is_sqlite else column


class Frozen(Model):
    class Meta:
        legacy_table_names = False


class Agent(Frozen):
    id = BigAutoField()


class Departure(Frozen):
    id = LastingId()
    agent = ForeignKeyField(Agent, backref="+", on_delete="CASCADE")
    actor_name = CharField(max_length=254)
    was_active = BooleanField()
    moves = JSONField()
    mails = JSONField()
    last_event = BigIntegerField()
    created_at = DateTimeField(index=True)
    undone_at = DateTimeField(null=True)


class DepartureChange(Frozen):
    id = BigAutoField()
    departure = ForeignKeyField(Departure, backref="+", on_delete="CASCADE", index=False)
    holding = CharField(max_length=20)
    row_id = BigIntegerField()
    before = JSONField()
    after = JSONField()

    class Meta:
        indexes = ((("departure", "holding", "row_id"), True),)


def up(_migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Agent, Departure, DepartureChange)):
        db.create_tables([Departure, DepartureChange])
