"""Periods of whole days in a time zone, and how addresses write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: Between the first and the last day of a period in an address (ISO 8601 has it for where a slash cannot stand).
BETWEEN = "--"


@dataclass(frozen=True)
class Period:
    """Whole days, `first` to `last`, in a time zone."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def days(self) -> list[date]:
        """The days in order."""
        return [self.first + timedelta(days=step) for step in range((self.last - self.first).days + 1)]

    @property
    def months(self) -> list[Period]:
        """The months in order, the first and the last one as far as they belong to the period."""
        months, first = [], self.first
        while first <= self.last:
            following = (first.replace(day=1) + timedelta(days=31)).replace(day=1)
            months.append(Period(first, min(following - timedelta(days=1), self.last), self.zone))
            first = following
        return months

    @property
    def start(self) -> datetime:
        """When the period begins, in naive UTC."""
        return self._midnight(self.first)

    @property
    def end(self) -> datetime:
        """When the period is over, in naive UTC."""
        return self._midnight(self.last + timedelta(days=1))

    @property
    def eve(self) -> date:
        """The day before the first one."""
        return self.first - timedelta(days=1)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, self.zone).astimezone(UTC).replace(tzinfo=None)

    def __str__(self) -> str:
        return f"{self.first}{BETWEEN}{self.last}"


def day_of(text: str) -> date | None:
    """Return the day that is written so in an address (2026-12-31); None for any other text."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # Python reads other forms of ISO 8601, too; the ends of its calendar have no day before or after them.
    return day if day.isoformat() == text and 1970 <= day.year < 9_999 else None


def read(text: str, zone: ZoneInfo) -> Period | None:
    """Return the period that `str` wrote as this text; None for any other text."""
    first, _between, last = text.partition(BETWEEN)
    days = day_of(first), day_of(last)
    return Period(days[0], days[1], zone) if days[0] and days[1] and days[0] <= days[1] else None
