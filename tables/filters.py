"""Filters of new tickets, with their conditions and actions."""

from __future__ import annotations

from peewee import BigIntegerField, BooleanField, CharField, Check, ForeignKeyField, IntegerField

from database import Cached, UtcDateTimeField


class Filter(Cached):
    """A filter: conditions on a new ticket and the actions when they match, applied in the order of positions.

    `author_id` is the agent who saved it last: it acts on the tickets they see. It outlives them.
    """

    name = CharField(max_length=120)
    enabled = BooleanField(default=True)
    mode = CharField(max_length=3, default="all")
    position = IntegerField(default=0)
    hits = BigIntegerField(default=0)
    last_hit_at = UtcDateTimeField(null=True)
    author_id = BigIntegerField(null=True)

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
