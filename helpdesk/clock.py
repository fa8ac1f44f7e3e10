"""The one clock of the desk: naive UTC, to the microsecond."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present time as a naive UTC datetime."""
    return datetime.now(UTC).replace(tzinfo=None)
