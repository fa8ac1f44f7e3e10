"""A database that neither answers nor refuses, or may only be read, is left in time and found again."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import peewee
import psycopg
import pytest
from peewee import OperationalError

import engines
from engines import DatabaseFile, DatabaseServer, open_database
from tests.conftest import skip
from tests.support.desks import Desks
from tests.support.line import Line
from tests.support.postgres import Missing


@pytest.fixture(scope="module")
def url(desks: Desks) -> str:
    """An empty PostgreSQL database."""
    try:
        return desks.postgres_url("engines")
    except Missing as missing:
        skip(f"PostgreSQL is missing: {missing}")


@pytest.fixture
def line(url: str) -> Iterator[Line]:
    """A line in front of it."""
    parameters = psycopg.conninfo.conninfo_to_dict(url)
    made = Line(str(parameters.get("host") or "127.0.0.1"), int(parameters.get("port") or 5432))
    yield made
    made.close()


def through(url: str, line: Line) -> DatabaseServer:
    parameters = psycopg.conninfo.conninfo_to_dict(url)
    user, name = parameters["user"], urlsplit(url).path.lstrip("/") or parameters["dbname"]
    server = open_database(f"postgresql://{user}@127.0.0.1:{line.port}/{name}")
    assert isinstance(server, DatabaseServer)
    return server


def test_a_server_that_swallows_everything_is_left_and_found_again(
    url: str, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "DEADLINE", 1)
    monkeypatch.setattr(engines, "REFUSING", 0.2)
    server = through(url, line)
    server.connect()
    line.swallows = True
    begun = time.monotonic()
    with pytest.raises(OperationalError):
        server.execute_sql("SELECT 1")
    assert time.monotonic() - begun < 40
    server.close()
    line.swallows = False
    with server.connection_context():
        assert server.execute_sql("SELECT 1").fetchone() == (1,)
    server.close_all()


def test_a_connection_that_rested_is_not_asked_without_an_end(
    url: str, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "DEADLINE", 1)
    server = through(url, line)
    with server.connection_context():
        server.execute_sql("SELECT 1")
    line.swallows = True
    begun = time.monotonic()
    with pytest.raises((OperationalError, psycopg.OperationalError)):
        server.connect()
    assert time.monotonic() - begun < 40
    server.close()
    line.swallows = False
    server.close_all()


def test_a_connection_that_the_server_has_ended_is_not_used_again(url: str) -> None:
    server = open_database(url)
    with server.connection_context():
        (pid,) = server.execute_sql("SELECT pg_backend_pid()").fetchone()
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    with server.connection_context():
        assert server.execute_sql("SELECT pg_backend_pid()").fetchone() != (pid,)
    server.close_all()


def test_who_comes_after_a_server_that_does_not_answer_is_told_at_once(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        monkeypatch.setitem(engines.KEEPALIVES, "connect_timeout", 2)
        server = open_database(f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none")
        with pytest.raises(OperationalError):
            server.connect()
        silent.accept()[0].close()
        with pytest.raises(OperationalError):
            server.connect()
        # Nobody called it a second time.
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_a_locked_table_is_waited_for_in_vain_for_some_seconds_only(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "LIMITS", engines.LIMITS.replace("'10s'", "'300ms'"))
    server = open_database(url)
    with psycopg.connect(url) as other, server.connection_context():
        other.execute("CREATE TABLE waited (id int)")
        other.commit()
        other.execute("LOCK TABLE waited IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(OperationalError, match="lock timeout"):
            server.execute_sql("SELECT * FROM waited")
        other.rollback()
        assert server.execute_sql("SELECT count(*) FROM waited").fetchone() == (0,)
    server.close_all()


def test_migrations_and_backups_take_their_time(url: str) -> None:
    server = open_database(url)
    assert isinstance(server, DatabaseServer)

    def limits() -> list[str]:
        names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
        return [server.execute_sql(f"SHOW {name}").fetchone()[0] for name in names]

    with server.connection_context():
        assert limits() == ["10s", "30s", "1min"]
    with server.unlimited():
        assert limits() == ["0", "0", "0"]
    with server.connection_context():
        assert limits() == ["10s", "30s", "1min"]
    server.close_all()


READ_ONLY = """
import os, sqlite3, sys
from engines import open_database
from peewee import OperationalError
path = sys.argv[1]
os.setgid(65534); os.setuid(65534)
# The connections that were open before go on writing.
before = sqlite3.connect(path, isolation_level=None)
before.execute("INSERT INTO kept VALUES (0)")
os.chmod(path, 0o400)
database = open_database("sqlite:///" + path)
database.connect()
for _ in range(2):
    try:
        with database.atomic():
            database.execute_sql("INSERT INTO kept VALUES (1)")
        print("written")
    except OperationalError as error:
        print("readonly" in str(error))
    database.close()
    os.chmod(path, 0o600)
    database.connect()
"""


@pytest.fixture
def made() -> Iterator[peewee.SqliteDatabase]:
    """A file of SQLite in a folder of its own, with one table, that was open once."""
    # Not below pytest's own folder: other runs close that to whoever is not root.
    top = Path(tempfile.mkdtemp())
    folder = top / "desk"
    folder.mkdir()
    database = open_database(f"sqlite:///{folder / 'desk.db'}")
    database.may_create = True  # type: ignore[attr-defined]
    with database.connection_context():
        database.execute_sql("CREATE TABLE kept (id int)")
    database.close_all()
    yield database
    shutil.rmtree(top)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody who may not write")
def test_a_file_that_could_only_be_read_for_a_while_is_written_again(made: peewee.SqliteDatabase) -> None:
    folder = Path(made.database).parent
    for path in (folder, *folder.iterdir()):
        os.chown(path, 65534, 65534)
    folder.parent.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY, str(folder / "desk.db")],
        capture_output=True,
        text=True,
        cwd=Path(engines.__file__).parent,
    )
    assert done.stdout.split() == ["True", "written"], done.stderr


def test_a_folder_that_cannot_be_entered_is_a_database_that_does_not_answer(made: peewee.SqliteDatabase) -> None:
    folder = Path(made.database).parent
    folder.rename(folder.with_name("elsewhere"))
    # What root meets, too: not a folder any more.
    folder.touch()
    with pytest.raises(OperationalError, match="cannot be reached"):
        made.connect()


def test_a_connection_taken_again_keeps_its_prepared_statements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function that is added makes SQLite prepare them all anew: none is, to a connection of the pool."""
    path = tmp_path / "desk.sqlite"
    path.write_bytes(b"")
    database = open_database(f"sqlite:///{path}")
    assert isinstance(database, DatabaseFile)
    database.may_create = True
    with database.connection_context():
        first = database.connection()
        assert database.execute_sql("SELECT desk_fold_label('\u00c9t\u00e9')").fetchone() == ("ete",)
    monkeypatch.setattr(DatabaseFile, "functions", {"desk_later": (lambda: 1, 0)})
    with database.connection_context():
        assert database.connection() is first
        with pytest.raises(OperationalError, match="desk_later"):
            database.execute_sql("SELECT desk_later()")
    database.close_all()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_nested_transactions_are_undone_one_by_one(engine: str, tmp_path: Path, desks: Desks) -> None:
    """They share one name: what is rolled back leaves no savepoint behind that the next outer one would mean."""
    if engine == "postgresql":
        try:
            database = open_database(desks.postgres_url("savepoints"))
        except Missing as missing:
            skip(f"PostgreSQL is missing: {missing}")
    else:
        database = open_database(f"sqlite:///{tmp_path / 'desk.sqlite'}")
        database.may_create = True

    def put(number: int) -> None:
        database.execute_sql(f"INSERT INTO numbers VALUES ({number})")

    def undone(number: int) -> None:
        with contextlib.suppress(ZeroDivisionError), database.atomic():
            put(number)
            raise ZeroDivisionError

    with database.connection_context():
        database.execute_sql("CREATE TABLE numbers (number INTEGER)")
        with database.atomic():
            put(1)
            with contextlib.suppress(ZeroDivisionError), database.atomic():
                put(2)
                undone(3)
                with database.atomic():
                    put(4)
                raise ZeroDivisionError
            with database.atomic():
                put(5)
                undone(6)
        rows = database.execute_sql("SELECT number FROM numbers ORDER BY number").fetchall()
    database.close_all()
    assert [number for (number,) in rows] == [1, 5]
