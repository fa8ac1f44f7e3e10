"""What is deleted must leave the database's file, too: an engine only marks it as free.

SQLite writes the file anew, without what was free, and empties its journal; the full-text indexes are joined first,
because they go on holding the words of rows that changed. PostgreSQL frees the rows of the tables that were touched.
It is owed once anything was erased, and tried again until it was done.
"""

from __future__ import annotations

import logging
import shutil
from contextlib import suppress
from pathlib import Path

from peewee import OperationalError

from database import database, is_sqlite
from helpdesk.settings import run_state
from models import TABLES

logger = logging.getLogger(__name__)

KEY = "erasing_scrub"
#: The full-text indexes.
INDEXES = ("message_search", "customer_search")
#: As many times its size SQLite needs to write its file anew: a copy, and as much in the journal.
COPIES = 2


def owe() -> None:
    """Remember, in the caller's transaction, that something was erased."""
    run_state.write(KEY, True)


def is_owed() -> bool:
    """Whether something was erased that may still be read in the database's file."""
    return bool(run_state.read(KEY))


def run() -> None:
    """Do what is owed; what is in the way is waited for a minute by the timetable."""
    if is_owed():
        with suppress(OperationalError):
            (_sqlite if is_sqlite() else _postgresql)()


def _sqlite() -> None:
    path = Path(database.database)
    if shutil.disk_usage(path.parent).free < COPIES * path.stat().st_size:
        # Tried each minute, it would fill the disk each minute, and nobody else could write.
        logger.warning("Too little room to write %s anew without what was erased: it waits.", path)
        return
    run_state.forget(KEY)
    try:
        for table in INDEXES:
            database.execute_sql(f"INSERT INTO {table} ({table}) VALUES ('optimize')")  # nosec B608 # noqa: S608 — ours
        database.execute_sql("VACUUM")
        # What is not copied into the file yet stands in the journal, as it was before, until somebody reads no more.
        is_busy, *_pages = database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except OperationalError:
        owe()
        raise
    if is_busy:
        owe()


def _postgresql() -> None:
    names = [f'"{table._meta.table_name}"' for table in TABLES] + list(INDEXES)
    with database.unlimited():
        database.execute_sql(f"VACUUM {', '.join(names)}")
    run_state.forget(KEY)
