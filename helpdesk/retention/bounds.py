"""How much goes at a time: bounds that the batches obey, and that their announcement names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from helpdesk.retention.periods import CUSTOMERS

#: Days between the announcement and its day, and between two announcements.
NOTICE = timedelta(days=7)
#: What goes in one night, and of it persons: each of them is searched in the whole desk.
MOST, PERSONS = 500, 100
#: What one batch holds: the nights until the next one begins.
LARGEST = MOST * NOTICE.days


def nights(counts: Mapping[str, int]) -> int:
    """Return in how many nights so much goes."""
    return max(-(-sum(counts.values()) // MOST), -(-counts.get(CUSTOMERS, 0) // PERSONS))
