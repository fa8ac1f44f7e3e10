"""How long things stay in each place, and what goes by that: announced first, and carried out at its day."""

from __future__ import annotations

from typing import Any

from peewee import SQL, BigIntegerField, BooleanField, CharField, Check, ForeignKeyField, IntegerField, JSONField

from database import Base, Cached, LastingId, UtcDateTimeField
from tables.due_times import WHOLE_DESK
from tables.services import Department, Service


class RetentionRule(Cached):
    """After how many months things go, in the whole desk, a service or a department; None: they stay.

    The row of the narrowest place holds alone. Customers and spam belong to no place: the row of the desk has them.
    """

    service = ForeignKeyField(Service, backref="retention_rules", null=True, on_delete="CASCADE")
    department = ForeignKeyField(Department, backref="retention_rules", null=True, on_delete="CASCADE")
    files_months = IntegerField(null=True)
    anonymise_months = IntegerField(null=True)
    #: Whether what the team wrote in an anonymised ticket is blanked, too.
    blanks_replies = BooleanField(default=False)
    delete_months = IntegerField(null=True)
    spam_months = IntegerField(null=True)
    customer_months = IntegerField(null=True)

    def __str__(self) -> str:
        return str(self.department or self.service or WHOLE_DESK)


# Rows without a service are all different to a unique index.
RetentionRule.add_index(
    RetentionRule.index(
        SQL("COALESCE(service_id, 0)"), SQL("COALESCE(department_id, 0)"), unique=True, name="retention_rule_place"
    )
)


class RetentionBatch(Base):
    """What was announced at one moment, and goes from `due_at` on; `planned` and `done` count it by its acts."""

    id: Any = LastingId()
    state = CharField(max_length=10, default="announced")
    announced_at = UtcDateTimeField()
    due_at = UtcDateTimeField()
    ended_at = UtcDateTimeField(null=True)
    cancelled_by = CharField(max_length=120, default="")
    planned = JSONField(default=dict)
    done = JSONField(default=dict)
    #: The files of rows that are gone, until they are gone from the disk.
    paths = JSONField(default=list)

    class Meta:
        constraints = [
            Check("state IN ('announced', 'working', 'done', 'cancelled')", name="retention_batch_state"),
        ]

    def __str__(self) -> str:
        return str(self.id)


RetentionBatch.add_index(
    RetentionBatch.index(
        RetentionBatch.due_at,
        RetentionBatch.id,
        where=SQL("state IN ('announced', 'working')"),
        name="retention_batch_due",
    )
)
RetentionBatch.add_index(
    RetentionBatch.index(RetentionBatch.announced_at, RetentionBatch.id, name="retention_batch_recent")
)


class RetentionItem(Base):
    """A ticket or a customer (`target` is its id) that a batch announced; `since` is what its age was measured by."""

    batch = ForeignKeyField(RetentionBatch, backref="items", on_delete="CASCADE", index=False)
    act = CharField(max_length=10)
    target = BigIntegerField()
    since = UtcDateTimeField()

    class Meta:
        indexes = ((("batch", "act", "since", "id"), False), (("act", "target"), True), (("since", "id"), False))
