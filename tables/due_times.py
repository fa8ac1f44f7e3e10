"""When the desk is open, and how long a reply may take."""

from __future__ import annotations

from datetime import datetime

from peewee import SQL, CharField, DateField, ForeignKeyField, IntegerField

from database import Cached, Label, LabelField
from tables.services import Department, Service
from tables.setup import Priority

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WHOLE_DESK = Label(en="The whole desk", fr="Tout le support")


class OpeningHours(Cached):
    """When the desk, or one of its services, is open: the hours of each day as `written_hours` writes them."""

    service = ForeignKeyField(Service, backref="opening_hours", null=True, on_delete="CASCADE", unique=True)
    timezone = CharField(max_length=64, null=True)
    monday = CharField(max_length=120, default="")
    tuesday = CharField(max_length=120, default="")
    wednesday = CharField(max_length=120, default="")
    thursday = CharField(max_length=120, default="")
    friday = CharField(max_length=120, default="")
    saturday = CharField(max_length=120, default="")
    sunday = CharField(max_length=120, default="")

    def __str__(self) -> str:
        return str(self.service if self.service_id is not None else WHOLE_DESK)


# Rows without a service are all different to a unique index: the desk has one, too.
OpeningHours.add_index(
    OpeningHours.index(
        SQL("(service_id IS NULL)"), unique=True, where=SQL("service_id IS NULL"), name="opening_hours_of_desk"
    )
)


class ClosedDay(Cached):
    """A day, or several, on which these hours (none named: all) do not hold; a half day has hours of its own."""

    opening_hours = ForeignKeyField(OpeningHours, backref="closed_days", null=True, on_delete="CASCADE")
    name = LabelField()
    first_day = DateField()
    # None for a single day.
    last_day = DateField(null=True)
    open_at = CharField(max_length=120, default="")
    # The country or region whose public holiday it is, as `public_holidays` calls it.
    region = CharField(max_length=20, default="")

    def __str__(self) -> str:
        return str(self.name)


ClosedDay.add_index(
    ClosedDay.index(
        ClosedDay.region,
        ClosedDay.first_day,
        unique=True,
        where=SQL("opening_hours_id IS NULL AND region <> ''"),
        name="closed_day_holiday_of_all",
    )
)
ClosedDay.add_index(
    ClosedDay.index(
        ClosedDay.opening_hours,
        ClosedDay.region,
        ClosedDay.first_day,
        unique=True,
        where=SQL("opening_hours_id IS NOT NULL AND region <> ''"),
        name="closed_day_holiday",
    )
)


class DueTime(Cached):
    """How long a reply and the end may take, in open minutes; the first row that fits a place and priority holds."""

    service = ForeignKeyField(Service, backref="due_times", null=True, on_delete="CASCADE")
    department = ForeignKeyField(Department, backref="due_times", null=True, on_delete="CASCADE")
    priority = ForeignKeyField(Priority, backref="due_times", null=True, on_delete="CASCADE")
    first_reply = IntegerField(null=True)
    next_reply = IntegerField(null=True)
    resolution = IntegerField(null=True)
    position = IntegerField(default=0)

    def __str__(self) -> str:
        rows = (self.department or self.service, self.priority)
        return " · ".join(str(row) for row in rows if row is not None) or str(WHOLE_DESK)


#: What `Ticket.due_at` holds where nothing is due: it comes last in each order, and needs no case of its own.
NO_DUE_TIME = datetime(9999, 12, 31)
