"""When tickets that wait for their customer are closed: a row for each place, and the statuses that count there."""

from __future__ import annotations

from peewee import SQL, BooleanField, ForeignKeyField, IntegerField

from database import Cached, UtcDateTimeField
from tables.due_times import WHOLE_DESK
from tables.services import Department, Service
from tables.setup import Status


class AutomaticClosing(Cached):
    """After how many days without a message tickets of a place are closed, and how long before it is announced."""

    service = ForeignKeyField(Service, backref="automatic_closing", null=True, on_delete="CASCADE", index=False)
    department = ForeignKeyField(Department, backref="automatic_closing", null=True, on_delete="CASCADE", index=False)
    enabled = BooleanField(default=False)
    after_days = IntegerField()
    warning_days = IntegerField()
    # When it was switched on, or changed so that it reaches other tickets: what was due before then is left alone
    # until somebody includes that, too.
    acts_from = UtcDateTimeField(null=True)
    includes_older = BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.department or self.service or WHOLE_DESK)


# One row a place. Rows without a service, or without a department, are all different to a plain unique index.
AutomaticClosing.add_index(
    AutomaticClosing.index(
        SQL("(service_id IS NULL)"), unique=True, where=SQL("service_id IS NULL"), name="automatic_closing_desk"
    )
)
AutomaticClosing.add_index(
    AutomaticClosing.index(
        AutomaticClosing.service,
        unique=True,
        where=SQL("department_id IS NULL AND service_id IS NOT NULL"),
        name="automatic_closing_service",
    )
)
AutomaticClosing.add_index(
    AutomaticClosing.index(
        AutomaticClosing.department,
        unique=True,
        where=SQL("department_id IS NOT NULL"),
        name="automatic_closing_department",
    )
)


class ClosingStatus(Cached):
    """A status in which tickets of a place are closed by themselves."""

    closing = ForeignKeyField(AutomaticClosing, backref="statuses", on_delete="CASCADE", index=False)
    status = ForeignKeyField(Status, backref="+", on_delete="CASCADE")

    class Meta:
        indexes = ((("closing", "status"), True),)
