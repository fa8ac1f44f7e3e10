"""Files with everything of a person that are written in the background and wait to be fetched."""

from __future__ import annotations

from typing import Any

from peewee import SQL, BigIntegerField, BooleanField, CharField, Check, ForeignKeyField, IntegerField

from database import Base, LastingId, UtcDateTimeField
from tables.customers import Customer

#: The exports that are still to be written.
UNWRITTEN_EXPORTS = SQL("state IN ('waiting', 'working')")


class PersonExport(Base):
    """Everything of a person as one file: for themselves, or for the administrator with the id `requested_by`.

    The file lies at `path` from `ready_at` until `expires_at`; a person has one of each.
    """

    id: Any = LastingId()
    customer = ForeignKeyField(Customer, backref="+", on_delete="CASCADE", index=False)
    by_customer = BooleanField()
    requested_by = BigIntegerField(null=True)
    state = CharField(max_length=10, default="waiting")
    requested_at = UtcDateTimeField()
    due_at = UtcDateTimeField()
    claimed_by = CharField(max_length=100, null=True)
    attempts = IntegerField(default=0)
    path = CharField(max_length=300, default="")
    size = BigIntegerField(default=0)
    ready_at = UtcDateTimeField(null=True)
    expires_at = UtcDateTimeField(null=True)

    class Meta:
        indexes = ((("customer", "by_customer"), True),)
        constraints = [
            Check("state IN ('waiting', 'working', 'ready', 'failed')", name="person_export_state"),
        ]

    @property
    def is_ready(self) -> bool:
        """Whether it can be fetched."""
        return bool(self.state == "ready")

    def __str__(self) -> str:
        return str(self.id)


PersonExport.add_index(
    PersonExport.index(PersonExport.due_at, PersonExport.id, where=UNWRITTEN_EXPORTS, name="person_export_due")
)
PersonExport.add_index(
    PersonExport.index(PersonExport.expires_at, where=SQL("expires_at IS NOT NULL"), name="person_export_expiring")
)
