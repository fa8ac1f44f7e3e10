"""Replies in the making, kept on the server."""

from typing import Any

from peewee import (
    BigAutoField,
    BooleanField,
    CharField,
    Check,
    Database,
    DateTimeField,
    ForeignKeyField,
    Model,
    TextField,
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


class Draft(Frozen):
    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE", index=False)
    agent = ForeignKeyField(Agent, backref="+", on_delete="CASCADE")
    kind = CharField(max_length=10)
    body = TextField()
    close = BooleanField()
    save_as = BooleanField()
    canned_name = CharField(max_length=120)
    updated_at = DateTimeField(index=True)

    class Meta:
        indexes = ((("ticket", "agent"), True),)
        constraints: Any = [Check("kind IN ('reply', 'note')", name="draft_kind")]


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Ticket, Agent, Draft)):
        db.create_tables([Draft])
