"""Waking the loops that wait: those of this process by an event, that of a sibling by a pipe, others by PostgreSQL.

A wake-up says only that something was stored. One that is lost costs seconds: the loops look by themselves, too.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg

from database import database, is_sqlite
from helpdesk.settings import environment

logger = logging.getLogger(__name__)

CHANNEL = "guichet"
#: A connection that is gone without a word is noticed within a minute.
ALIVE: dict[str, Any] = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}

#: What wakes the loops of this process.
bells: set[threading.Event] = set()
# After a fork the loops are the other process's: it is woken as any other.
os.register_at_fork(after_in_child=bells.clear)
#: The two ends of the pipe between the processes of one desk, where there are several.
_pipe: tuple[int, int] | None = None


def share() -> None:
    """Make the pipe by which processes forked from now on wake the one that has the loop."""
    global _pipe
    _pipe = os.pipe()
    # Full means that the loop has not yet looked: it will.
    os.set_blocking(_pipe[1], False)


def follow_siblings(heard: Callable[[], None]) -> None:
    """Call `heard` whenever another process of this desk has stored something, in a thread of its own."""
    if _pipe is not None:
        threading.Thread(target=_follow, args=(_pipe[0], heard), name="siblings", daemon=True).start()


def _follow(pipe: int, heard: Callable[[], None]) -> None:
    while os.read(pipe, 4096):
        heard()


def wake() -> None:
    """Wake the loops that wait for what was just stored. Never fails: what nobody was woken for is found in seconds."""
    if bells:
        for bell in tuple(bells):
            bell.set()
    elif _pipe is not None:
        with suppress(BlockingIOError):
            os.write(_pipe[1], b"!")
    elif not is_sqlite():
        try:
            database.execute_sql(f"NOTIFY {CHANNEL}")
        except Exception:
            logger.exception("Nobody could be woken; what is due is found in some seconds.")


class Listener:
    """Listens on PostgreSQL for what other processes store, on a connection of its own."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection | None = None

    @property
    def is_on(self) -> bool:
        """Whether others can wake this process at the moment."""
        return self._connection is not None

    def wait(self, seconds: float, heard: Callable[[], None], stopping: threading.Event) -> None:
        """Wait for so long, or until `stopping`, and call `heard` when something was stored. Raises psycopg.Error."""
        if is_sqlite():
            stopping.wait(seconds)
            return
        try:
            if self._connection is None:
                self._open()
                heard()  # what was stored while nobody listened
            end = time.monotonic() + seconds
            while time.monotonic() < end and not stopping.is_set():
                if any(self._notices()):
                    heard()
        except psycopg.Error:
            self.close()
            raise

    def close(self) -> None:
        """Listen no more."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> None:
        connection = psycopg.connect(environment.current().database_url, autocommit=True, **ALIVE)
        connection.execute(f"LISTEN {CHANNEL}")
        self._connection = connection

    def _notices(self) -> list[object]:
        """Return what comes within a second: no longer, so that a stop is noticed."""
        return list(self._connection.notifies(timeout=1, stop_after=1)) if self._connection is not None else []
