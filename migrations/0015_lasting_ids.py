"""Ids that filters, saved views, histories, cookies and open pages name are never given to another row.

SQLite gives the id of the newest row to the next one when that row is deleted, unless the column says AUTOINCREMENT.
It cannot be added to a table: each is made anew and filled, its indexes with it. PostgreSQL's sequences never go back.
"""

from typing import Any

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

TABLES = (
    "service",
    "department",
    "role",
    "agent",
    "permission",
    "team",
    "team_member",
    "status",
    "priority",
    "tag",
    "canned_response",
    "email_text",
    "saved_view",
    "filter",
    "filter_condition",
    "filter_action",
    "customer",
    "customer_address",
    "message",
    "ticket_event",
    "batch",
    "outgoing_email",
)

KEY, LASTING = '"id" INTEGER NOT NULL PRIMARY KEY', '"id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT'

ARGUMENT = "SELECT max(CAST(argument AS INTEGER)) FROM filter_action WHERE action = '{}' AND length(argument) < 10"

#: Ids that are named although their rows may be gone.
NAMED = {
    "ticket": "SELECT max(former_id) FROM former_number",
    "message": "SELECT max(message) FROM reading_mark",
    "agent": ARGUMENT.format("transfer"),
    "team": ARGUMENT.format("assign_team"),
    "priority": ARGUMENT.format("set_priority"),
    "status": ARGUMENT.format("set_status"),
    "canned_response": ARGUMENT.format("reply"),
}


def up(migrator: SchemaMigrator, db: Database) -> None:
    if not isinstance(db, SqliteDatabase):
        # A restored desk may have begun again at the id of a ticket that was merged.
        last = "pg_get_serial_sequence('ticket', 'id')"
        db.execute_sql(
            f"SELECT setval({last}, greatest(nextval({last}), max(former_id))) FROM former_number"
            " HAVING max(former_id) IS NOT NULL"
        )
        return
    # With its foreign keys on, SQLite would empty what refers to a table that is dropped.
    if db.pragma("foreign_keys"):
        raise RuntimeError("The foreign keys must be off while tables are made anew.")
    for table in TABLES:
        _rebuild(db, table)
        _count_on(db, table)
    _count_on(db, "ticket")
    if _rows(db, "PRAGMA foreign_key_check"):
        raise RuntimeError("A row refers to one that is gone: nothing was changed.")


def _rebuild(db: Database, table: str) -> None:
    [(made,)] = _rows(db, "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", table)
    start = f'CREATE TABLE "{table}"'
    if not made.startswith(start) or made.count(KEY) != 1:
        raise RuntimeError(f"The table {table} is not as it was made.")
    indexes = _rows(db, "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type = 'index' AND sql > ''", table)
    before = _rows(db, f'SELECT count(*), max(id) FROM "{table}"')
    db.execute_sql(f'CREATE TABLE "{table}_lasting"{made.removeprefix(start).replace(KEY, LASTING)}')
    db.execute_sql(f'INSERT INTO "{table}_lasting" SELECT * FROM "{table}" ORDER BY id')
    db.execute_sql(f'DROP TABLE "{table}"')
    db.execute_sql(f'ALTER TABLE "{table}_lasting" RENAME TO "{table}"')
    for (sql,) in indexes:
        db.execute_sql(sql)
    if _rows(db, f'SELECT count(*), max(id) FROM "{table}"') != before:
        raise RuntimeError(f"The table {table} did not come over whole.")


def _count_on(db: Database, table: str) -> None:
    """Start above the ids in use, and above those that are still named somewhere."""
    used = [f'SELECT max(id) FROM "{table}"', *([NAMED[table]] if table in NAMED else [])]
    newest = max(value or 0 for sql in used for ((value,),) in [_rows(db, sql)])
    newest = max(newest, *(seq for (seq,) in _rows(db, "SELECT seq FROM sqlite_sequence WHERE name = ?", table)), 0)
    db.execute_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
    db.execute_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, newest))


def _rows(db: Database, sql: str, *values: str) -> list[Any]:
    return list(db.execute_sql(sql, values).fetchall())
