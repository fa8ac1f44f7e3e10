"""Tickets that are linked, and pairs that are not to be merged."""

from peewee import (
    SQL,
    BigAutoField,
    CharField,
    Check,
    Database,
    DateTimeField,
    ForeignKeyField,
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
    id = BigAutoField()

    class Meta:
        legacy_table_names = False


class Ticket(Frozen):
    pass


class Agent(Frozen):
    pass


class Relation(Frozen):
    id = LastingId()
    kind = CharField(max_length=10)
    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE", index=False)
    other = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE")
    agent = ForeignKeyField(Agent, backref="+", null=True, on_delete="SET NULL", index=False)
    created_at = DateTimeField()

    class Meta:
        indexes = ((("ticket", "other"), True),)
        constraints = [
            Check("kind IN ('blocks', 'follows', 'same')", name="relation_kind"),
            Check("ticket_id <> other_id", name="relation_of_two"),
        ]


class KeptApart(Frozen):
    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE", index=False)
    other = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE")

    class Meta:
        indexes = ((("ticket", "other"), True),)


def up(_migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Ticket, Agent, Relation, KeptApart)):
        db.create_tables([Relation, KeptApart])
