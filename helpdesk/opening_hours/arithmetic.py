"""Opening hours as arithmetic: pure functions over a `Calendar` and moments in naive UTC.

A desk is open whenever the clock on its wall says so: where an hour comes twice, both are open, where one is left out,
it is not counted. A length is the time that passes, never the difference of two readings of the clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: From a minute of the day to another one; beyond `DAY`, on the next day.
Interval = tuple[int, int]
DAY = 24 * 60
#: How far ahead an opening is looked for: a desk that is closed for longer does not say when it opens.
HORIZON = timedelta(days=5 * 366)
#: How far ahead days of opening are counted: a year of them, where it is open once a week.
FARTHEST = timedelta(days=8 * 366)


@dataclass(frozen=True)
class Calendar:
    """The hours of each day of the week, Monday first, and of the dates that differ: none for a closed one."""

    zone: ZoneInfo
    week: tuple[tuple[Interval, ...], ...]
    dates: Mapping[date, tuple[Interval, ...]] = field(default_factory=dict)

    def hours_on(self, day: date) -> list[Interval]:
        """Return when it is open between two midnights, in order, without overlap.

        What begins on the evening before goes on, unless the date has hours of its own.
        """
        own = self.dates.get(day)
        parts = [(opens, min(closes, DAY)) for opens, closes in (self.week[day.weekday()] if own is None else own)]
        if own is None:
            eve = day - timedelta(days=1)
            evening = self.dates.get(eve, self.week[eve.weekday()])
            parts += [(0, closes - DAY) for _opens, closes in evening if closes > DAY]
        return _joined(parts)


def _joined(parts: list[Interval]) -> list[Interval]:
    joined: list[Interval] = []
    for opens, closes in sorted(parts):
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(closes, joined[-1][1]))
        else:
            joined.append((opens, closes))
    return joined


def next_opening(calendar: Calendar, moment: datetime) -> datetime | None:
    """Return the first open moment from this one on: itself, while it is open. None within `HORIZON`."""
    return next((opens for opens, _closes in _spans(calendar, moment, moment + HORIZON)), None)


def add_open_minutes(calendar: Calendar, moment: datetime, minutes: float) -> datetime | None:
    """Return the earliest moment by which it was open for so many minutes since this one; None within `HORIZON`."""
    missing = timedelta(minutes=minutes)
    if not missing:
        return moment
    for opens, closes in _spans(calendar, moment, moment + HORIZON):
        if closes - opens >= missing:
            return opens + missing
        missing -= closes - opens
    return None


def add_open_days(calendar: Calendar, moment: datetime, days: int) -> datetime | None:
    """Return the same time of the day so many days later, of which those count on which it is open; None never."""
    local = moment.replace(tzinfo=UTC).astimezone(calendar.zone)
    day, last = local.date(), (local + FARTHEST).date()
    while days:
        day += timedelta(days=1)
        if day > last:
            return None
        days -= bool(calendar.hours_on(day))
    # A time that the clock skips on that day comes later by as much as it skips.
    return datetime.combine(day, local.time(), tzinfo=calendar.zone).astimezone(UTC).replace(tzinfo=None)


def open_time_between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Return how long it is open between two moments; nothing when the second is not later."""
    return sum((closes - opens for opens, closes in _spans(calendar, start, end)), timedelta())


def open_spans(calendar: Calendar, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return when it is open between two moments, in order; what goes on over midnight is one."""
    spans: list[tuple[datetime, datetime]] = []
    for opens, closes in _spans(calendar, start, end):
        if spans and spans[-1][1] == opens:
            spans[-1] = (spans[-1][0], closes)
        else:
            spans.append((opens, closes))
    return spans


def _spans(calendar: Calendar, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield when it is open between two moments, in order; what goes on over midnight may come in parts."""
    for begin, until, offset in _stretches(calendar.zone, start, end):
        day = (begin + offset).date()
        while (midnight := datetime.combine(day, time.min) - offset) < until:
            for opens, closes in calendar.hours_on(day):
                first = max(midnight + timedelta(minutes=opens), begin)
                last = min(midnight + timedelta(minutes=closes), until)
                if first < last:
                    yield first, last
            day += timedelta(days=1)


def _stretches(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Yield parts of the time between two moments, of a day at most, in each of which the zone keeps its offset."""
    while start < end:
        until, offset = min(start + timedelta(days=1), end), _offset(zone, start)
        if _offset(zone, until) != offset:
            until = _change(zone, start, until)
        yield start, until, offset
        start = until


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the second in which the offset changes between two moments."""
    offset, seconds = _offset(zone, before), int((after - before) / timedelta(seconds=1)) + 1
    low, high = 0, seconds
    base = before.replace(microsecond=0)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, base + timedelta(seconds=middle)) == offset:
            low = middle
        else:
            high = middle
    return min(base + timedelta(seconds=high), after)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta()
