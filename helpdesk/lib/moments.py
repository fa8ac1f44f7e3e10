"""Moments of the future as people choose them: this evening, Monday at nine, a day and a time in their own zone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from helpdesk import clock
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import periods

#: When a day of work begins and when its evening does. What other programs offer too.
MORNING, EVENING = time(9), time(18)
#: How far ahead a moment may be.
LONGEST = timedelta(days=2 * 366)
#: The choice of a day and a time of one's own.
OWN = "own"

#: The moments that have a name: what it is on a button, how many days ahead it is, and at what time.
_NAMED: dict[str, tuple[object, Callable[[date], int], time]] = {
    "evening": (lazy("This evening, 18:00"), lambda _today: 0, EVENING),
    "tomorrow": (lazy("Tomorrow, 9:00"), lambda _today: 1, MORNING),
    "monday": (lazy("Monday, 9:00"), lambda today: 7 - today.weekday(), MORNING),
    "week": (lazy("In a week, 9:00"), lambda _today: 7, MORNING),
}

#: The names of the moments, the nearest first.
NAMES = tuple(_NAMED)


def offered(zone: ZoneInfo) -> tuple[str, ...]:
    """Return the names of the moments that are still to come in this zone, each moment under one name."""
    # All of them are whole minutes.
    return _offered(zone, clock.now().replace(second=0, microsecond=0))


@lru_cache(maxsize=64)
def _offered(zone: ZoneInfo, now: datetime) -> tuple[str, ...]:
    names: dict[datetime, str] = {}
    for name in _NAMED:
        names.setdefault(_of_name(name, zone, clock.day_of(now, zone)), name)
    return tuple(name for moment, name in names.items() if moment > now)


def label_of(name: str) -> str:
    """Return what the button of a named moment says."""
    return str(_NAMED[name][0])


def read(form: Mapping[str, str], zone: ZoneInfo) -> datetime:
    """Return the moment (naive UTC) that a form says: ``moment`` is a name, or `OWN` with ``day`` and ``time``.

    Raises InvalidInput at one of these.
    """
    name = form.get("moment", OWN)
    if name in _NAMED:
        moment, field = _of_name(name, zone, clock.today(zone)), "moment"
    else:
        moment, field = of_fields(form.get("day", "").strip(), form.get("time", "").strip(), zone), "day"
    if moment <= clock.now():
        raise InvalidInput(lazy("This moment is past. Choose a later one."), field=field)
    if moment > clock.now() + LONGEST:
        raise InvalidInput(lazy("Choose a moment within two years."), field=field)
    return moment


def _of_name(name: str, zone: ZoneInfo, today: date) -> datetime:
    _label, days, at = _NAMED[name]
    return _utc(datetime.combine(today + timedelta(days=days(today)), at), zone)


def of_fields(day: str, at: str, zone: ZoneInfo) -> datetime:
    """Return the moment of a day and a time as fields send them. Raises InvalidInput at ``day`` or ``time``."""
    if not day:
        raise InvalidInput(lazy("Choose a day."), field="day")
    on = periods.day_of(day)
    if on is None:
        raise InvalidInput(lazy("This day does not exist. Example: 2026-12-31."), field="day")
    # Some browsers send seconds, too.
    written = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(:[0-9]{2})?", at)
    if written is None:
        raise InvalidInput(lazy("Choose a time. Example: 09:30."), field="time")
    local = datetime.combine(on, time(int(written[1]), int(written[2])))
    moment = _utc(local, zone)
    if moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise InvalidInput(lazy("Clocks go forward that night: this time does not exist on that day."), field="time")
    return moment


def _utc(local: datetime, zone: ZoneInfo) -> datetime:
    """Return a local time in naive UTC: of an hour that comes twice, the first one."""
    return local.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
