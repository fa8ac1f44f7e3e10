"""What PostgreSQL knows of a table's rows, for the length of one test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import peewee

from database import database, is_sqlite


@contextmanager
def analysed(table: type[peewee.Model]) -> Iterator[None]:
    """Let the engine plan by what a table holds, inside the block alone; PostgreSQL's table is empty after it.

    The tests share one PostgreSQL database, and its statistics outlive the rows: later tests would be planned by them.
    """
    name = table._meta.table_name
    with database.atomic() as whole:
        database.execute_sql(f"ANALYZE {name}")
        yield
        whole.rollback()
    if not is_sqlite():
        # Size and number of rows are stored outside the transaction; nothing else sets them back.
        database.execute_sql(f"TRUNCATE {name} CASCADE")
