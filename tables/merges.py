"""What became of tickets and customers that were merged, stored while it may be undone."""

from __future__ import annotations

from typing import Any

from peewee import BigIntegerField, ForeignKeyField, JSONField

from database import Base, LastingId, UtcDateTimeField
from tables.customers import Customer
from tables.tickets import FormerNumber


class Merge(Base):
    """One ticket that became part of another, stored while it can be taken out again (`helpdesk.tickets.merge_undo`).

    `source`, `before` and `after` are states (`helpdesk.tickets.ticket_state`): of the ticket that was merged, and of
    the one with the id `into_id`, which may be part of yet another one since. `moved` has the keys of the rows that
    moved, by table; `terms` is what the state after the merge depends on besides the two states.
    """

    id: Any = LastingId()
    former = ForeignKeyField(FormerNumber, backref="merges", on_delete="CASCADE", unique=True)
    into_id = BigIntegerField(index=True)
    source = JSONField(default=dict)
    before = JSONField(default=dict)
    after = JSONField(default=dict)
    moved = JSONField(default=dict)
    terms = JSONField(default=dict)
    merged_at = UtcDateTimeField(index=True)


class CustomerMerge(Base):
    """A customer who became part of another: who they were, and how they come out again (`helpdesk.joining`).

    `former_id` was the id of their row, which is no one’s since; `customer` is whose part they are now, `into_id` whose
    they became, who may be part of yet another one since. The rest is as in `Merge`, and empty once it is too late.
    """

    id: Any = LastingId()
    former_id = BigIntegerField(unique=True)
    customer = ForeignKeyField(Customer, backref="merged", on_delete="CASCADE")
    into_id = BigIntegerField(index=True)
    source = JSONField(default=dict)
    before = JSONField(default=dict)
    after = JSONField(default=dict)
    moved = JSONField(default=dict)
    terms = JSONField(default=dict)
    merged_at = UtcDateTimeField(index=True)
