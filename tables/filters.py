"""Filters of new tickets and the other rules, with their conditions and actions."""

from __future__ import annotations

from peewee import SQL, BigIntegerField, BooleanField, CharField, Check, ForeignKeyField, IntegerField

from database import Cached, UtcDateTimeField

#: How a rule begins: a ticket arrives (a filter), something happens to a ticket, or time has passed.
ARRIVES, HAPPENS, PASSED = BEGINNINGS = ("arrives", "happens", "passed")
#: How often a rule acts on one ticket.
ONCE, EACH_TIME, DAILY = FREQUENCIES = ("once", "each", "daily")


class Filter(Cached):
    """A filter or another rule: conditions and the actions when they match, applied in the order of positions.

    `author_id` is the agent who saved it last: it acts on the tickets they see. It outlives them. `trigger` is what
    must happen, or since what so many `hours` must have passed (``helpdesk.filters.beginnings``); such a rule leaves
    alone what was due before it was switched on (`active_from`).
    """

    name = CharField(max_length=120)
    enabled = BooleanField(default=True)
    mode = CharField(max_length=3, default="all")
    position = IntegerField(default=0)
    hits = BigIntegerField(default=0)
    last_hit_at = UtcDateTimeField(null=True)
    author_id = BigIntegerField(null=True)
    beginning = CharField(max_length=8, default=ARRIVES, constraints=[SQL("DEFAULT 'arrives'")])
    trigger = CharField(max_length=20, default="", constraints=[SQL("DEFAULT ''")])
    hours = IntegerField(null=True)
    frequency = CharField(max_length=5, default=ONCE, constraints=[SQL("DEFAULT 'once'")])
    active_from = UtcDateTimeField(null=True)
    # When administrators were mailed that something it names is gone; not again until it is saved.
    gone_mailed_at = UtcDateTimeField(null=True)

    class Meta:
        constraints = [Check("mode IN ('all', 'any')", name="filter_mode")]

    def __str__(self) -> str:
        return self.name


class FilterCondition(Cached):
    """A condition of a filter: a field of the ticket, an operator, a value (registries in ``helpdesk.filters``)."""

    rule = ForeignKeyField(Filter, backref="conditions", on_delete="CASCADE")
    field = CharField(max_length=40)
    operator = CharField(max_length=40)
    value = CharField(max_length=500, default="")


class FilterAction(Cached):
    """One action of a filter; `argument` is the id or text the action needs."""

    rule = ForeignKeyField(Filter, backref="actions", on_delete="CASCADE")
    action = CharField(max_length=40)
    argument = CharField(max_length=200, default="")
