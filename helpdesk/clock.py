"""The one clock of the desk: naive UTC, to the microsecond."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """Return the present time as a naive UTC datetime."""
    return datetime.now(UTC).replace(tzinfo=None)


def today(zone: ZoneInfo) -> date:
    """Return the day it is in a time zone."""
    return day_of(now(), zone)


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """Return the day on which a naive UTC time falls in a time zone."""
    return moment.replace(tzinfo=UTC).astimezone(zone).date()
