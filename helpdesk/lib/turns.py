"""One at a time by key: of many who need the same answer one asks, and the others wait for what comes."""

from __future__ import annotations

import threading
from collections.abc import Hashable


class Turns:
    """A lock for each key, of `most` keys at a time."""

    def __init__(self, most: int) -> None:
        self._most, self._lock, self._locks = most, threading.Lock(), dict[Hashable, threading.Lock]()

    def of(self, key: Hashable) -> threading.Lock:
        """Return the lock of a key, to be held while one asks."""
        with self._lock:
            if key not in self._locks and len(self._locks) >= self._most:
                # Whoever holds a lock that is forgotten here asks beside another one: no more than that.
                self._locks.clear()
            return self._locks.setdefault(key, threading.Lock())
