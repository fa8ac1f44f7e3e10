"""The hours of a day as an owner writes them (“9–12:30, 14h–18h”), read and written in one form."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Any

from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.opening_hours.arithmetic import DAY, Interval

#: Intervals of a day; nobody writes more.
MOST = 6
_TIME = r"(\d{1,2})\s*(?:[:.h]\s*(\d{2})?)?"
_INTERVAL = re.compile(rf"(?<!\d){_TIME}\s*(?:[-‐‑–—−]|à|to)\s*{_TIME}(?!\d)")
#: What may stand between two intervals.
_BETWEEN = re.compile(r"(?:[\s,;/+&]|\bet\b|\band\b)*")


def read(text: Any, field: str) -> tuple[Interval, ...]:
    """Return the intervals of a day, in order. Raises InvalidInput at `field`."""
    written = str(text or "").strip().lower()
    found = list(_INTERVAL.finditer(written))
    if not _BETWEEN.fullmatch(_INTERVAL.sub(" ", written)):
        raise InvalidInput(lazy("Write hours such as 9:00–12:00, 14:00–18:00."), field=field)
    if len(found) > MOST:
        raise InvalidInput(lazy("Write at most %(count)d intervals for a day.", count=MOST), field=field)
    intervals = tuple(sorted(_interval(match, field) for match in found))
    for (_opens, closes), (opens, _closes) in pairwise(intervals):
        if opens < closes:
            raise InvalidInput(lazy("Two of these intervals overlap."), field=field)
    return intervals


def _interval(match: re.Match[str], field: str) -> Interval:
    opens, closes = _minute(match[1], match[2], field), _minute(match[3], match[4], field)
    if opens in {closes, DAY}:
        raise InvalidInput(lazy("An interval ends when it begins. For the whole day, write 0:00–24:00."), field=field)
    return opens, closes if closes > opens else closes + DAY


def _minute(hours: str, minutes: str | None, field: str) -> int:
    minute = int(hours) * 60 + int(minutes or 0)
    if int(minutes or 0) > 59 or minute > DAY:
        raise InvalidInput(lazy("Write hours from 0:00 to 24:00."), field=field)
    return minute


def write(intervals: tuple[Interval, ...]) -> str:
    """Write the hours of a day, as they are stored and shown; empty for a day without any."""
    return ", ".join(
        f"{_clock(opens)}–{_clock(closes if closes <= DAY else closes - DAY)}" for opens, closes in intervals
    )


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@lru_cache(maxsize=512)
def stored(text: str) -> tuple[Interval, ...]:
    """Return the intervals of a text that `write` wrote."""
    return read(text, "")
