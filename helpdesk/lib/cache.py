"""Small tables and settings cached in the process until the stamp moves.

Every change of a cached table or setting moves `database.Stamp` in its own transaction. A request (or job) reads the
stamp once, so that a right revoked on one host is gone on all hosts from the next request on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Generic, TypeVar

from database import Cached, database

T = TypeVar("T")

_stamp = _version = 0


def refresh() -> None:
    """Read the stamp, which outdates values cached under another one. One indexed query per request or job."""
    global _stamp, _version
    # The text is written out: building it would take longer than running it, on every page.
    row = database.execute_sql("SELECT value FROM stamp WHERE id = 1").fetchone()
    stamp = row[0] if row is not None else 0
    if stamp == _stamp and Cached.version != _version:
        # A change of this process did not move the stamp: it was rolled back, and may have been read before that.
        Cached.version += 1
    _stamp, _version = stamp, Cached.version


def version() -> tuple[int, int]:
    """Return what differs as soon as a cached table or setting changes."""
    return Cached.version, _stamp


class CachedValue(Generic[T]):
    """A value read by `load` and cached until the stamp moves; calling the object returns it."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._entry: tuple[tuple[int, int], T] | None = None

    def __call__(self) -> T:
        # The key is taken before loading: a change in between makes the next call load again.
        key = version()
        entry = self._entry
        if entry is None or entry[0] != key:
            entry = self._entry = (key, self._load())
        return entry[1]


class Trial(Generic[T]):
    """What `stored` returns, or what stands in for it while a change is tried; calling the object returns it."""

    def __init__(self, stored: Callable[[], T]) -> None:
        self._stored = stored
        # A list of one, so that None can stand in too.
        self._instead: ContextVar[list[T]] = ContextVar("instead")

    def __call__(self) -> T:
        instead = self._instead.get(None)
        return self._stored() if instead is None else instead[0]

    @contextmanager
    def holding(self, value: T) -> Iterator[None]:
        """Let this value hold inside, for this thread alone: nothing is stored."""
        token = self._instead.set([value])
        try:
            yield
        finally:
            self._instead.reset(token)
