"""Opening hours in the reader's language: the week, and when the desk opens next."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby

from babel.dates import get_day_names

from helpdesk import clock, i18n, settings
from helpdesk.i18n import _
from helpdesk.lib import zones
from helpdesk.opening_hours import arithmetic, calendars, written_hours
from helpdesk.opening_hours.arithmetic import DAY, Calendar

#: Between the hours of different days.
SEPARATOR = " · "


def week(calendar: Calendar) -> str:
    """Write the hours of a week: days in a row that have the same ones stand together."""
    if all(hours == ((0, DAY),) for hours in calendar.week):
        return _("day and night, every day")
    names = get_day_names("wide", "stand-alone", locale=i18n.language())
    parts = []
    for hours, group in groupby(range(7), key=calendar.week.__getitem__):
        days = list(group)
        if hours:
            first, last = names[days[0]], names[days[-1]]
            parts.append(f"{first if len(days) == 1 else f'{first}–{last}'} {written_hours.write(hours)}")
    return SEPARATOR.join(parts)


def opening_hours(service_id: int | None = None) -> str:
    """Return the opening hours that hold for a service (None: for the desk): its calendar's, else the owner's text."""
    calendar = calendars.find_calendar(service_id)
    if calendar is None:
        return str(settings.get("opening_hours"))
    return _in_zone(calendar, week(calendar))


def closed_now(service_id: int | None = None) -> str:
    """Say that it is closed and when it opens; empty while it is open, and where that is not known."""
    moment = _opening_after(service_id, clock.now())
    return _("The desk is closed at present. It opens again on %(moment)s.", moment=moment) if moment else ""


def arrived_outside(service_id: int | None, arrival: datetime, now: datetime | None = None) -> str:
    """Say when it opens to who wrote while it was closed; empty when it was open, and once it has opened since."""
    moment = _opening_after(service_id, arrival, now)
    if not moment:
        return ""
    return _("Your message arrived outside opening hours. The desk opens again on %(moment)s.", moment=moment)


def _opening_after(service_id: int | None, arrival: datetime, now: datetime | None = None) -> str:
    calendar = calendars.find_calendar(service_id)
    opens = arithmetic.next_opening(calendar, arrival) if calendar is not None else None
    if calendar is None or opens is None or opens <= max(arrival, now or clock.now()):
        return ""
    year = " y" if _year(calendar, opens) != _year(calendar, arrival) else ""
    zone = calendar.zone.key
    day = i18n.when(opens, f"EEEE d MMMM{year}", timezone=zone)
    return _in_zone(calendar, _("%(day)s at %(time)s", day=day, time=i18n.when(opens, "HH:mm", timezone=zone)))


def _year(calendar: Calendar, moment: datetime) -> int:
    return moment.replace(tzinfo=UTC).astimezone(calendar.zone).year


def _in_zone(calendar: Calendar, text: str) -> str:
    """Name the time zone where it is not the desk's."""
    zone = calendar.zone.key
    if zone == settings.get("timezone"):
        return text
    return _("%(hours)s (time of %(place)s)", hours=text, place=zones.place(zone))
