"""Saved lists of tickets, and acts on many tickets that can be taken back."""

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    Database,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
)
from playhouse.migrate import SchemaMigrator


class Frozen(Model):
    id = BigAutoField()

    class Meta:
        legacy_table_names = False


class Ticket(Frozen):
    pass


class Agent(Frozen):
    pass


class SavedView(Frozen):
    owner = ForeignKeyField(Agent, backref="+", on_delete="CASCADE")
    name = CharField(max_length=80)
    query = CharField(max_length=400)
    shared = BooleanField()
    position = IntegerField()

    class Meta:
        indexes = ((("owner", "name"), True),)


class Batch(Frozen):
    agent = ForeignKeyField(Agent, backref="+", on_delete="CASCADE")
    act = CharField(max_length=20)
    mails = JSONField()
    created_at = DateTimeField(index=True)
    undone_at = DateTimeField(null=True)


class BatchChange(Frozen):
    batch = ForeignKeyField(Batch, backref="+", on_delete="CASCADE")
    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE")
    before = JSONField()
    after = JSONField()
    event = BigIntegerField()


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Ticket, Agent, SavedView, Batch, BatchChange)):
        db.create_tables([SavedView, Batch, BatchChange])
