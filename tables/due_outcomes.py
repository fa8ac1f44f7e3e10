"""What became of due times: whether a reply or the end came in time, as it was judged when it came."""

from __future__ import annotations

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField

from database import Base, UtcDateTimeField
from tables.tickets import Ticket


class DueOutcome(Base):
    """One thing that was due in a ticket and is over: `target` is a key of `due_times.rules.TARGETS`.

    It counted from `started_at`, was met or given up at `ended_at`, and was due at `due_at` (at no time: it rested
    until it was met). Later changes of rules and hours leave it as it is.
    """

    ticket = ForeignKeyField(Ticket, backref="due_outcomes", on_delete="CASCADE")
    target = CharField(max_length=12)
    started_at = UtcDateTimeField()
    ended_at = UtcDateTimeField()
    due_at = UtcDateTimeField(null=True)
    minutes = IntegerField()
    is_met = BooleanField()

    class Meta:
        indexes = ((("ticket", "target", "started_at"), True),)


# The figures of a period read this alone.
DueOutcome.add_index(
    DueOutcome.index(
        *(DueOutcome.target, DueOutcome.ended_at, DueOutcome.ticket, DueOutcome.is_met), name="due_outcome_ended"
    )
)
