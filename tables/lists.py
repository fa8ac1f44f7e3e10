"""What an agent does with many tickets: saved lists, changes in bulk, handing over on leaving."""

from __future__ import annotations

from typing import Any

from peewee import BigIntegerField, BooleanField, CharField, ForeignKeyField, IntegerField, JSONField

from database import Base, Cached, LastingId, UtcDateTimeField
from tables.agents import Agent
from tables.tickets import Ticket


class SavedView(Cached):
    """A list of tickets saved under a name, its owner's or (`shared`) everybody's; `query` is its query string."""

    owner = ForeignKeyField(Agent, backref="saved_views", on_delete="CASCADE")
    name = CharField(max_length=80)
    query = CharField(max_length=400)
    shared = BooleanField(default=False)
    position = IntegerField(default=0)

    class Meta:
        indexes = ((("owner", "name"), True),)

    def __str__(self) -> str:
        return self.name


class BulkAction(Base):
    """One act on many tickets, kept while its author may undo it; `mails` are the ids of the e-mails it wrote."""

    id: Any = LastingId()
    agent = ForeignKeyField(Agent, backref="bulk_actions", on_delete="CASCADE")
    act = CharField(max_length=20)
    mails = JSONField(default=list)
    created_at = UtcDateTimeField(index=True)
    undone_at = UtcDateTimeField(null=True)

    class Meta:
        table_name = "batch"


class BulkChange(Base):
    """What a bulk action changed on one ticket: its columns before and after, and the id of its last event then."""

    action = ForeignKeyField(BulkAction, backref="changes", on_delete="CASCADE", column_name="batch_id")
    ticket = ForeignKeyField(Ticket, backref="bulk_changes", on_delete="CASCADE")
    before = JSONField()
    after = JSONField()
    event = BigIntegerField(default=0)

    class Meta:
        table_name = "batch_change"


class Departure(Base):
    """An agent who left, and what became of all they had (`moves`), stored while an administrator may undo it.

    `last_event` is the id of the newest line of all histories then, `mails` are the ids of the e-mails it wrote.
    """

    id: Any = LastingId()
    agent = ForeignKeyField(Agent, backref="departures", on_delete="CASCADE")
    actor_name = CharField(max_length=254)
    was_active = BooleanField()
    moves = JSONField(default=list)
    mails = JSONField(default=list)
    last_event = BigIntegerField(default=0)
    created_at = UtcDateTimeField(index=True)
    undone_at = UtcDateTimeField(null=True)


class DepartureChange(Base):
    """A row that changed when an agent left: what it is (`holding`), its id, and its values before and after."""

    departure = ForeignKeyField(Departure, backref="changes", on_delete="CASCADE", index=False)
    holding = CharField(max_length=20)
    row_id = BigIntegerField()
    before = JSONField(default=dict)
    after = JSONField(default=dict)

    class Meta:
        indexes = ((("departure", "holding", "row_id"), True),)
