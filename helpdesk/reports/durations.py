"""Durations in words: two units at most, the longest first."""

from __future__ import annotations

from helpdesk.i18n import _

#: Days from which hours no longer matter.
LONG = 10


def in_words(seconds: float) -> str:
    """Return a duration in seconds as a text in the reader’s language: “3 d 4 h”, “3 h 12”, “25 min”."""
    minutes = max(0, int(seconds // 60))
    days, rest = divmod(minutes, 24 * 60)
    hours, rest = divmod(rest, 60)
    if days and hours and days < LONG:
        return str(_("%(days)d d %(hours)d h", days=days, hours=hours))
    if days:
        return str(_("%(days)d d", days=days))
    if hours:
        return str(_("%(hours)d h %(minutes)02d", hours=hours, minutes=rest))
    return str(_("%(minutes)d min", minutes=rest))
