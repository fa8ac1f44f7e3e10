"""Lengths of time as people write them: “4 h”, “1 h 30”, “90 min”; read and written in minutes."""

from __future__ import annotations

import re

from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy

_LENGTH = re.compile(
    r"(?:(\d{1,5})\s*(?:h|hours?|heures?))?\s*(?:(\d{1,7})\s*(?:m|min|mins|minutes?)?)?",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"(\d{1,5}):(\d{2})")


def read(text: str) -> int | None:
    """Return the minutes of a length, None for an empty text. Raises InvalidInput."""
    written = text.strip()
    if not written:
        return None
    match = _CLOCK.fullmatch(written) or (None if written.isdigit() else _LENGTH.fullmatch(written))
    if match is None:
        raise InvalidInput(lazy("Write a length such as 4 h, 1 h 30 or 45 min."))
    return int(match[1] or 0) * 60 + int(match[2] or 0)


def write(minutes: int) -> str:
    """Write minutes as hours and minutes."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest:02}" if rest else f"{hours} h"
