"""What messages said before they were corrected, and what was masked in tickets."""

from __future__ import annotations

from typing import Any

from peewee import CharField, Check, ForeignKeyField, IntegerField, JSONField, TextField

from database import Base, LastingId, UtcDateTimeField
from tables.agents import Agent
from tables.messages import Message
from tables.tickets import Ticket


class MessageVersion(Base):
    """What a reply or a note said until somebody corrected it, and the names of the files taken out of it then."""

    message = ForeignKeyField(Message, backref="versions", on_delete="CASCADE")
    body = TextField()
    files = JSONField(default=list)
    #: Who corrected it, and when.
    agent = ForeignKeyField(Agent, backref="+", null=True, on_delete="SET NULL", index=False)
    actor_name = CharField(max_length=254)
    replaced_at = UtcDateTimeField()


class Mask(Base):
    """A passage or a file of a ticket that was masked: who did it, when, and in how many places.

    `original` has what stood there, encrypted, while it may be undone (`helpdesk.corrections.unmasking`); `paths` are
    files to be deleted.
    """

    id: Any = LastingId()
    ticket = ForeignKeyField(Ticket, backref="masks", on_delete="CASCADE")
    kind = CharField(max_length=10)
    agent = ForeignKeyField(Agent, backref="+", null=True, on_delete="SET NULL", index=False)
    actor_name = CharField(max_length=254)
    places = IntegerField(default=0)
    original = TextField(default="")
    paths = JSONField(default=list)
    masked_at = UtcDateTimeField()
    undone_at = UtcDateTimeField(null=True)

    class Meta:
        constraints = [Check("kind IN ('passage', 'file')", name="mask_kind")]


Mask.add_index(Mask.index(Mask.masked_at, Mask.id, name="mask_recent"))
