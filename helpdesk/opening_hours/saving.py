"""Opening hours and closed days, as their screens store them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from helpdesk import access
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import inputs
from helpdesk.opening_hours import written_hours
from models import WEEKDAYS, ClosedDay, OpeningHours, Service

#: Closed days of a desk: some years of public holidays for many services.
MOST_CLOSED_DAYS = 1_000
#: Days that one closure lasts at most.
LONGEST = 366
FIRST_YEAR, LAST_YEAR = 2000, 2199
MAX_NAME = 120


def save_hours(row: OpeningHours, values: Mapping[str, Any], *, actor: Actor) -> OpeningHours:
    """Store ``service``, ``timezone`` and the hours of each day. Raises NotAllowed, or InvalidInput at a field."""
    access.require(actor, "configure")
    fill_hours(row, values)
    row.save()
    return row


def fill_hours(row: OpeningHours, values: Mapping[str, Any]) -> None:
    """Set what a form says in opening hours, without storing it. Raises InvalidInput at a field."""
    service = inputs.find_row(Service, values.get("service"), "service")
    _refuse_second(row, service)
    week = {day: written_hours.write(written_hours.read(values.get(day), day)) for day in WEEKDAYS}
    if not any(week.values()):
        raise InvalidInput(lazy("Write the hours of one day at least."), field=WEEKDAYS[0])
    zone = inputs.timezone(values.get("timezone"))
    inputs.set_attributes(row, {"service": service, "timezone": zone, **week})


def _refuse_second(row: OpeningHours, service: Service | None) -> None:
    same = OpeningHours.service.is_null() if service is None else OpeningHours.service == service.id
    if OpeningHours.select().where(same, OpeningHours.id != (row.id or 0)).exists():
        raise InvalidInput(lazy("There are opening hours for it already: change those."), field="service")


def delete_hours(row: OpeningHours, *, actor: Actor) -> None:
    """Delete opening hours, with the closed days that are theirs alone. Raises NotAllowed."""
    access.require(actor, "configure")
    row.delete_instance()


def save_closed_day(row: ClosedDay, values: Mapping[str, Any], *, actor: Actor) -> ClosedDay:
    """Store ``name``, ``first_day``, ``last_day``, ``open_at`` and ``opening_hours`` of a closed day.

    Raises NotAllowed, or InvalidInput at a field.
    """
    access.require(actor, "configure")
    fill_closed_day(row, values)
    row.save()
    return row


def fill_closed_day(row: ClosedDay, values: Mapping[str, Any]) -> None:
    """Set what a form says in a closed day, without storing it. Raises InvalidInput at a field."""
    first = _day(values.get("first_day"), "first_day")
    last = _day(values["last_day"], "last_day") if values.get("last_day") else None
    if last is not None and last < first:
        raise InvalidInput(lazy("The last day is before the first one."), field="last_day")
    if last is not None and last - first >= timedelta(days=LONGEST):
        raise InvalidInput(lazy("One closure lasts a year at most."), field="last_day")
    if row.id is None:
        refuse_more(1)
    checked = {
        "opening_hours": inputs.find_row(OpeningHours, values.get("opening_hours"), "opening_hours"),
        "name": inputs.label(values.get("name"), "name", MAX_NAME),
        "first_day": first,
        "last_day": last if last != first else None,
        "open_at": written_hours.write(written_hours.read(values.get("open_at"), "open_at")),
        # On another day it is a closure of one's own, which no list of public holidays takes away.
        "region": row.region if (row.first_day, None) == (first, last if last != first else None) else "",
    }
    inputs.set_attributes(row, checked)


def _day(value: Any, field: str) -> date:
    if not isinstance(value, date):
        raise InvalidInput(lazy("Write a day."), field=field)
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise InvalidInput(
            lazy("Write a day from %(first)d to %(last)d.", first=FIRST_YEAR, last=LAST_YEAR), field=field
        )
    return value


def refuse_more(count: int) -> None:
    """Raise InvalidInput where so many more closed days would be too many."""
    if ClosedDay.select().count() + count > MOST_CLOSED_DAYS:
        raise InvalidInput(
            lazy("A desk has at most %(count)d closed days: delete those that are past.", count=MOST_CLOSED_DAYS)
        )


def delete_closed_day(row: ClosedDay, *, actor: Actor) -> None:
    """Delete a closed day: it is open as on other days. Raises NotAllowed."""
    access.require(actor, "configure")
    row.delete_instance()
