"""What rules did and looked at: marks on tickets, the record that explains them, and what they look at later."""

from __future__ import annotations

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, JSONField

from database import Base, UtcDateTimeField
from tables.filters import Filter
from tables.messages import Message
from tables.tickets import Ticket


class RuleMark(Base):
    """When a rule last acted on a ticket."""

    rule = ForeignKeyField(Filter, backref="+", on_delete="CASCADE", index=False)
    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE")
    acted_at = UtcDateTimeField()

    class Meta:
        indexes = ((("rule", "ticket"), True),)


class RuleRecord(Base):
    """The rules considered at one moment in a ticket: what each condition saw, what was done (`rules.explaining`).

    `acts` counts what was done; `rests` marks the moment from which on all rules leave the ticket alone.
    """

    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE", index=False)
    beginning = CharField(max_length=8)
    trigger = CharField(max_length=20, default="")
    acts = IntegerField(default=0)
    rests = BooleanField(default=False)
    data = JSONField(default=dict)
    created_at = UtcDateTimeField()

    class Meta:
        indexes = (
            (("ticket", "created_at", "id"), False),
            (("created_at",), False),
        )


class RuleMoment(Base):
    """When a ticket is looked at again: by one rule of passed time, or (without `ticket`) because this reply leaves."""

    ticket = ForeignKeyField(Ticket, backref="+", null=True, on_delete="CASCADE")
    rule = ForeignKeyField(Filter, backref="+", null=True, on_delete="CASCADE", index=False)
    message = ForeignKeyField(Message, backref="+", null=True, on_delete="CASCADE", unique=True)
    due_at = UtcDateTimeField(index=True)
    # What the reply set off and changed.
    data = JSONField(default=dict)

    class Meta:
        indexes = ((("rule", "ticket"), True),)
