"""A database that went away under the loop, told in a line a minute and a line when it is back; a full disk."""

from __future__ import annotations

import errno
import logging
import threading
import time

import psycopg
from peewee import InterfaceError, OperationalError

from database import is_sqlite
from engines import DatabaseGone, is_collision

__all__ = ["is_collision", "is_full", "is_gone", "is_lost", "is_read_only", "over", "tell"]

logger = logging.getLogger(__name__)

#: What a connection says when there is nobody at its other end, among other things.
ERRORS = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
#: How PostgreSQL's codes begin where it is away: no connection, or an operator who shuts it down.
AWAY = ("08", "57")
#: The header with which the server hands on a request for whose body it found no room. No client can send its name.
NO_ROOM = "NO ROOM"
#: Seconds between two lines that say the same.
PAUSE = 60

_lock = threading.Lock()
_told_at: float | None = None
_is_away = False


def is_full(error: BaseException | None) -> bool:
    """Whether something could not be stored because the disk is full."""
    while error is not None:
        if isinstance(error, psycopg.errors.DiskFull) or "disk is full" in str(error):
            return True
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return True
        error = error.__cause__ or error.__context__
    return False


def is_gone(error: BaseException | None) -> bool:
    """Whether the file of the database is missing, or another than the one this process began with."""
    return isinstance(error, DatabaseGone)


def is_read_only(error: BaseException | None) -> bool:
    """Whether the database could be read and not written."""
    while error is not None:
        if isinstance(error, psycopg.errors.ReadOnlySqlTransaction) or "readonly database" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def is_lost(error: BaseException | None) -> bool:
    """Whether the server of the database is away; whatever else a database says is an error like any other."""
    if is_sqlite() or is_full(error) or not isinstance(error, ERRORS):
        return False
    code = getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None)
    return code is None or code.startswith(AWAY)


def tell(error: BaseException) -> None:
    """Log that the database does not answer, unless that was said a moment ago."""
    global _told_at, _is_away
    with _lock:
        now = time.monotonic()
        if _told_at is None or now - _told_at >= PAUSE:
            _told_at, _is_away = now, True
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            logger.error("The database does not answer, so mails and the timetable wait: %s", reason)


def over() -> None:
    """Log that the database answers again, if it was missed."""
    global _is_away
    if not _is_away:
        return
    with _lock:
        if _is_away:
            _is_away = False
            logger.warning("The database answers again: mails and the timetable go on.")
