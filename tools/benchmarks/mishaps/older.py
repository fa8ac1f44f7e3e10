"""Desks as an older program left them: the rows of a desk of today under the tables of before."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql

from database import database
from engines import open_database
from helpdesk.operations import migrate
from models import TABLES
from tests.support.postgres import Cluster
from tools.benchmarks.mishaps.desk import Desk

#: The last migration of the older program: what follows makes tables anew, moves rows and fills columns in.
VERSION = "0014_former_numbers"


def make(desk: Desk, server: Cluster | None, folder: Path) -> Callable[[], Desk]:
    """Return what makes copies of a desk as of `VERSION`, each with a database and a data folder of its own."""
    model = Desk(server.create("older") if server is not None else None, folder / "older")
    model.folder.mkdir()
    shutil.copytree(desk.data, model.data, ignore=shutil.ignore_patterns("guichet.db*", "backups"))
    old = open_database(model.url)
    if server is None:
        old.may_create = True
    with old.connection_context():
        migrate.runner(old).up(VERSION)
        columns = {table: [column.name for column in old.get_columns(table)] for table in old.get_tables()}
    old.close_all()
    with desk.opened():
        today = {table: [column.name for column in database.get_columns(table)] for table in columns}
    order = [table._meta.table_name for table in TABLES if table._meta.table_name in columns]
    common = {table: [name for name in columns[table] if name in today[table]] for table in order}
    (_copy_file if server is None else _copy_rows)(desk, model, common)
    number = 0

    def copy() -> Desk:
        nonlocal number
        number += 1
        place = folder / f"older-{number}"
        shutil.copytree(model.folder, place)
        return Desk(server.create(f"older{number}", template="older") if server is not None else None, place)

    return copy


def _copy_file(desk: Desk, model: Desk, common: dict[str, list[str]]) -> None:
    old = open_database(model.url)
    with old.connection_context():
        old.execute_sql("PRAGMA foreign_keys = OFF")
        old.execute_sql("ATTACH ? AS today", (str(desk.data / "guichet.db"),))
        for table, columns in common.items():
            names = ", ".join(f'"{name}"' for name in columns)
            old.execute_sql(f'DELETE FROM main."{table}"')
            old.execute_sql(f'INSERT INTO main."{table}" ({names}) SELECT {names} FROM today."{table}"')
        old.execute_sql("PRAGMA foreign_keys = ON")
    old.close_all()


def _copy_rows(desk: Desk, model: Desk, common: dict[str, list[str]]) -> None:
    with psycopg.connect(desk.url) as today, psycopg.connect(model.url) as old:
        old.execute("SET session_replication_role = replica")
        for table, columns in common.items():
            place = sql.SQL("{} ({})").format(sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)))
            rows = sql.SQL("COPY {} TO STDOUT").format(place)
            old.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            with (
                today.cursor().copy(rows) as source,
                old.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(place)) as target,
            ):
                for block in source:
                    target.write(block)
            if "id" in columns:
                old.execute(
                    sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), max(id)) FROM {}").format(
                        sql.Literal(table), sql.Identifier(table)
                    )
                )
