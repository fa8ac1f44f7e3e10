"""Tickets that belong together, and pairs of which somebody said that they do not."""

from __future__ import annotations

from typing import Any

from peewee import CharField, Check, ForeignKeyField

from database import Base, LastingId, UtcDateTimeField
from tables.agents import Agent
from tables.tickets import Ticket

#: The first ticket of a relation blocks the second, goes on from it, or is about the same.
BLOCKS, FOLLOWS, SAME = "blocks", "follows", "same"


class Relation(Base):
    """Two tickets that somebody linked: `ticket` blocks `other`, follows it, or (the older one) is about the same."""

    id: Any = LastingId()
    kind = CharField(max_length=10)
    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE", index=False)
    other = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE")
    agent = ForeignKeyField(Agent, backref="+", null=True, on_delete="SET NULL", index=False)
    created_at = UtcDateTimeField()

    class Meta:
        indexes = ((("ticket", "other"), True),)
        constraints = [
            Check("kind IN ('blocks', 'follows', 'same')", name="relation_kind"),
            Check("ticket_id <> other_id", name="relation_of_two"),
        ]


class KeptApart(Base):
    """A pair of tickets, the older one first, of which somebody said that they are not to be merged."""

    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE", index=False)
    other = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE")

    class Meta:
        indexes = ((("ticket", "other"), True),)
