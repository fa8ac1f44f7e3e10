"""Who asked for a person to be erased, when it is done, and what it came to: never whom."""

from __future__ import annotations

from typing import Any

from peewee import SQL, BigIntegerField, BooleanField, CharField, Check, ForeignKeyField, IntegerField, JSONField

from database import Base, LastingId, UtcDateTimeField
from tables.customers import Customer

#: What becomes of the tickets of an erased person.
ANONYMISE, DELETE = "anonymise", "delete"
#: The states in which a person may still be erased.
PENDING_ERASURES = SQL("state IN ('unconfirmed', 'waiting', 'working')")
#: Those that no second administrator needs to confirm any more.
SECONDED = SQL("(NOT needs_second OR confirmed_by <> '')")
#: Those in which nobody needs to confirm it any more.
PLANNED_ERASURES = SQL("state IN ('waiting', 'working')")


class Erasure(Base):
    """A person who is to be erased, or was; its id is the number by which they are named from then on.

    `person` holds by which texts they are searched while it is carried out, and nothing before and after; `step` and
    `cursor` say how far it has come.
    """

    id: Any = LastingId()
    customer = ForeignKeyField(Customer, backref="+", null=True, on_delete="SET NULL")
    kind = CharField(max_length=10, default=ANONYMISE)
    #: Whether what the team wrote in their tickets is blanked, too.
    blanks_replies = BooleanField(default=False)
    state = CharField(max_length=12, default="waiting")
    by_customer = BooleanField(default=False)
    #: The agent who asked for it; the customer's name is not kept.
    actor_name = CharField(max_length=120, default="")
    requested_at = UtcDateTimeField()
    due_at = UtcDateTimeField(null=True)
    begun_at = UtcDateTimeField(null=True)
    ended_at = UtcDateTimeField(null=True)
    cancelled_by = CharField(max_length=120, default="")
    #: How many rows of each kind went.
    counts = JSONField(default=dict)
    person = JSONField(default=dict)
    step = IntegerField(default=0)
    cursor = BigIntegerField(default=0)
    #: Whether another administrator must confirm it (not the one with the id `requested_by`), and who did.
    needs_second = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])
    requested_by = BigIntegerField(null=True)
    confirmed_by = CharField(max_length=120, default="", constraints=[SQL("DEFAULT ''")])
    confirmed_at = UtcDateTimeField(null=True)
    #: Whether nothing is stored any more that comes from their addresses (`SuppressedAddress`).
    suppresses = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])

    class Meta:
        constraints = [
            Check("kind IN ('anonymise', 'delete')", name="erasure_kind"),
            Check("state IN ('unconfirmed', 'waiting', 'working', 'done', 'cancelled')", name="erasure_state"),
        ]

    @property
    def is_unconfirmed(self) -> bool:
        """Whether it waits for a second administrator, however long."""
        return bool(self.needs_second and not self.confirmed_by)

    @property
    def way(self) -> str:
        """What becomes of the tickets, and of what the team wrote in them where these stay."""
        return f"{ANONYMISE}-blanked" if self.kind == ANONYMISE and self.blanks_replies else str(self.kind)

    @property
    def is_by_age(self) -> bool:
        """Whether nobody wanted it, here or before a restore: nothing was heard of the person for long."""
        is_wanted = self.by_customer or self.requested_by is not None or self.begun_at is not None
        return bool(self.kind == DELETE and not is_wanted and self.due_at == self.requested_at)

    def __str__(self) -> str:
        return str(self.id)


Erasure.add_index(Erasure.index(Erasure.customer, unique=True, where=PENDING_ERASURES, name="erasure_pending"))
Erasure.add_index(
    Erasure.index(Erasure.due_at, Erasure.id, where=SQL("state IN ('waiting', 'working')"), name="erasure_due")
)
Erasure.add_index(Erasure.index(Erasure.requested_at, Erasure.id, name="erasure_recent"))
