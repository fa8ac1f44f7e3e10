"""Who may be the same person: by what customers are recognised, and pairs of them that somebody looks at."""

from __future__ import annotations

from typing import Any

from peewee import SQL, CharField, Check, ForeignKeyField

from database import Base, LastingId, UtcDateTimeField
from tables.customers import Customer

#: Pairs that nobody has decided about: the same text stands in the index and in the queries.
UNDECIDED = SQL("decided_at IS NULL")
#: What two customers have in common: name and domain, an address but for its spelling, the number of an order.
NAME, SPELLING, ORDER_NUMBER = "name", "spelling", "order"


class CustomerKey(Base):
    """By what a customer is recognised: a folded text, which nobody else should have (`helpdesk.customer_keys`)."""

    customer = ForeignKeyField(Customer, backref="+", on_delete="CASCADE", index=False)
    reason = CharField(max_length=10)
    key = CharField(max_length=460)

    class Meta:
        indexes = ((("customer", "reason", "key"), True), (("key", "customer"), False))


class PossibleDuplicate(Base):
    """Two customers who may be one person, the older first; `decided_at`: since when it is said that they are two."""

    id: Any = LastingId()
    first = ForeignKeyField(Customer, backref="+", on_delete="CASCADE", index=False)
    second = ForeignKeyField(Customer, backref="+", on_delete="CASCADE")
    reason = CharField(max_length=10)
    found_at = UtcDateTimeField()
    decided_at = UtcDateTimeField(null=True)
    decided_by = CharField(max_length=120, default="")

    class Meta:
        indexes = ((("first", "second"), True),)
        constraints = [
            Check("reason IN ('name', 'spelling', 'order')", name="duplicate_reason"),
            Check("first_id < second_id", name="duplicate_order"),
        ]


PossibleDuplicate.add_index(PossibleDuplicate.index(PossibleDuplicate.id, where=UNDECIDED, name="duplicate_undecided"))
