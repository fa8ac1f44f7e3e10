"""Small tables and settings kept in the process, as fresh as the stamp says.

Every change of a catalogue table or setting moves `models.Stamp` in its own transaction. A request (or job) reads the
stamp once, so that a right taken away on one host is gone on all from the next request on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from database import Cached, database

T = TypeVar("T")

_stamp = _version = 0


def refresh() -> None:
    """Read the stamp: what was kept under another is read again. One indexed query, once per request or job."""
    global _stamp, _version
    # The text is written out: building it would take longer than running it, on every page.
    row = database.execute_sql("SELECT value FROM stamp WHERE id = 1").fetchone()
    stamp = row[0] if row is not None else 0
    if stamp == _stamp and Cached.version != _version:
        # A change of this process did not move the stamp: it was rolled back, and may have been read before that.
        Cached.version += 1
    _stamp, _version = stamp, Cached.version


class Kept(Generic[T]):
    """A value read by `load` and kept until the stamp moves."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._kept: tuple[tuple[int, int], T] | None = None

    def __call__(self) -> T:
        # The key is taken before reading: a change that comes in between makes the next reader read again.
        key = (Cached.version, _stamp)
        kept = self._kept
        if kept is None or kept[0] != key:
            kept = self._kept = (key, self._load())
        return kept[1]
