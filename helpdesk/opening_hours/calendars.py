"""The stored opening hours as calendars: of the desk, and of services that have their own. Cached in the process."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from helpdesk import i18n
from helpdesk.lib.cache import CachedValue, Trial
from helpdesk.opening_hours import written_hours
from helpdesk.opening_hours.arithmetic import Calendar, Interval
from helpdesk.settings import lookups
from models import WEEKDAYS, ClosedDay, OpeningHours


def _read_rows() -> list[OpeningHours]:
    rows = list(OpeningHours.select().order_by(OpeningHours.id))
    for row in rows:
        # Their names hold that of the service.
        row.service = lookups.service(row.service_id)
    by_name = sorted((row for row in rows if row.service_id is not None), key=lambda row: str(row.service).casefold())
    return [row for row in rows if row.service_id is None] + by_name


_rows = CachedValue(_read_rows)
_days = CachedValue(lambda: list(ClosedDay.select().order_by(ClosedDay.id)))
_calendars = CachedValue(lambda: _of(rows(), days()))
#: The stored calendars, or those that stand in for them where a change is tried.
_holding = Trial(_calendars)


def _of(hours: Iterable[OpeningHours], closed: Iterable[ClosedDay]) -> dict[int | None, Calendar]:
    every = list(closed)
    return {row.service_id: calendar_of(row, every) for row in hours}


def tried(hours: Iterable[OpeningHours], closed: Iterable[ClosedDay]) -> AbstractContextManager[None]:
    """Let these hours and closed days hold inside, for this thread alone: nothing is stored."""
    return _holding.holding(_of(hours, closed))


def rows() -> list[OpeningHours]:
    """Return all opening hours, those of the desk first. The rows must not be changed."""
    return list(_rows())


def days() -> list[ClosedDay]:
    """Return all closed days. The rows must not be changed."""
    return list(_days())


def own_calendar(service_id: int | None) -> Calendar | None:
    """Return the calendar of this service (None: of the desk), or None where it has none of its own."""
    return _holding().get(service_id)


def find_calendar(service_id: int | None) -> Calendar | None:
    """Return the calendar that holds for a service: its own, else the desk's, else None."""
    return own_calendar(service_id) or own_calendar(None)


def calendar_of(row: OpeningHours, days: Iterable[ClosedDay] = ()) -> Calendar:
    """Return the calendar of opening hours, with those of the closed days that belong to it."""
    week = tuple(written_hours.stored(getattr(row, day)) for day in WEEKDAYS)
    dates: dict[date, tuple[Interval, ...]] = {}
    for closed in days:
        if closed.opening_hours_id not in {None, row.id}:
            continue
        hours = written_hours.stored(closed.open_at)
        for day in dates_of(closed):
            dates[day] = _shared(dates[day], hours) if day in dates else hours
    return Calendar(ZoneInfo(i18n.zone(row.timezone)), week, dates)


def dates_of(closed: ClosedDay) -> list[date]:
    """Return the dates of a closed day, which may last for several."""
    length = (closed.last_day or closed.first_day) - closed.first_day
    return [closed.first_day + timedelta(days=step) for step in range(length.days + 1)]


def _shared(some: tuple[Interval, ...], others: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """Return when it is open by both: a day that is closed twice opens for neither."""
    pairs = [(max(one[0], other[0]), min(one[1], other[1])) for one in some for other in others]
    return tuple(sorted((opens, closes) for opens, closes in pairs if opens < closes))
