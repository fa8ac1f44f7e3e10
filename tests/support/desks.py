"""A desk per engine, migrated once, and put back to its first state before each test."""

from __future__ import annotations

import copy
import os
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import peewee
import psycopg
from argon2 import PasswordHasher

from app import create_app
from database import Cached, database
from engines import SQLITE_PRAGMAS, open_database
from helpdesk.lib import passwords
from helpdesk.lists import counting
from helpdesk.operations import migrate
from helpdesk.outbox import outbox_health
from helpdesk.settings import DECLARED, environment
from models import TABLES
from tests.support.postgres import Cluster, Missing

# A test need not survive a power cut, and waiting for the disk would be most of its time.
SYNCHRONOUS = SQLITE_PRAGMAS["synchronous"]
SQLITE_PRAGMAS["synchronous"] = "off"

# A password of a test withstands nobody, and hashing it well would be most of the time of each sign-in.
REAL_HASHER = passwords._hasher
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

# Replies go out at once, but in the tests of taking them back: those set the pause themselves.
DECLARED["undo_send_seconds"] = replace(DECLARED["undo_send_seconds"], default=0)

#: Seconds for which a filled desk is copied: what happened “just now” in it must stay so.
FRESH = 120.0

T = TypeVar("T")

SECRET_KEY = "a-key-that-guards-nothing-but-tests"


class Desk(ABC):
    """The application on one engine, with the means to begin anew."""

    def __init__(self, folder: Path, template_url: str) -> None:
        self.folder = folder
        self.variables = {
            "GUICHET_DATA_DIR": str(folder / "data"),
            "GUICHET_SECRET_KEY": SECRET_KEY,
            "GUICHET_WORKER": "separate",
        }
        self.environment = environment.read({**self.variables, "GUICHET_DATABASE_URL": template_url})
        self._app: Any = None
        self.use(template_url)
        migrate.migrate(database, backup=False)
        self.remember()
        database.close_all()

    @property
    def app(self) -> Any:
        """The application: made by the first test that asks, so that tests of rules do not wait for it."""
        if self._app is None:
            url = environment.current().database_url
            database.close_all()
            self._app = create_app({**self.variables, "GUICHET_DATABASE_URL": url})
            self._app.testing = True
            database.close_all()
            self.use(url)
        return self._app

    @abstractmethod
    def remember(self) -> None:
        """Keep what a migrated desk holds."""

    @abstractmethod
    def begin(self) -> None:
        """Make the database what a migrated desk holds."""

    def filled(self, name: str, fill: Callable[[], T]) -> T:
        """Fill the desk of this test, and return what `fill` returned."""
        return fill()

    def end(self) -> None:
        """Close what the test opened."""
        database.close_all()

    def close(self) -> None:
        """Close what served every test."""
        database.close_all()

    def use(self, url: str, **changes: Any) -> peewee.Database:
        """Make this the database of the process, and forget what was cached."""
        database.initialize(self.opened(url))
        environment.use(replace(self.environment, database_url=url, **changes))
        forget()
        return database.obj

    def opened(self, url: str) -> peewee.Database:
        """Return a database of this address, which connects when it is used."""
        return open_database(url)


def forget() -> None:
    """Drop every cache of the process, as a restart would."""
    Cached.version += 1
    counting.forget_counts()
    outbox_health.forget_count()


@dataclass(frozen=True)
class Filling:
    """A desk that was filled once, to be copied: what came of it, its database, and its files."""

    result: Any
    database: Path
    files: dict[Path, bytes]
    made: float


class SqliteDesk(Desk):
    """Each test works in its own copy of a migrated file (in memory, the database would end with its connection)."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "template.db"
        self.copy = folder / "0.db"
        self.count = 0
        self.fillings: dict[str, Filling] = {}
        super().__init__(folder, f"sqlite:///{self.file}")

    def remember(self) -> None:
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def begin(self) -> None:
        self.count += 1
        self.copy = self.folder / f"{self.count}.db"
        shutil.copyfile(self.file, self.copy)
        self.use(f"sqlite:///{self.copy}")

    def filled(self, name: str, fill: Callable[[], T]) -> T:
        """Fill the desk of this test, or make it a copy of the one that was filled by this name some seconds ago."""
        filling = self.fillings.get(name)
        if filling is None or time.monotonic() - filling.made > FRESH:
            filling = self.fillings[name] = self.fill(name, fill)
        else:
            database.close_all()
            shutil.copyfile(filling.database, self.copy)
            for path, content in filling.files.items():
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                path.write_bytes(content)
            forget()
        # Each test has rows of its own; there is one application.
        result: T = copy.deepcopy(filling.result, {id(self._app): self._app})
        return result

    def fill(self, name: str, fill: Callable[[], Any]) -> Filling:
        """Fill the desk of this test, and keep a copy."""
        before = set(self.data_files())
        result, kept = fill(), self.folder / f"{name}.db"
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(self.copy, kept)
        files = {path: path.read_bytes() for path in self.data_files() if path not in before}
        return Filling(result, kept, files, time.monotonic())

    def data_files(self) -> list[Path]:
        """Return the files of the data folder."""
        return [path for path in self.environment.data_dir.rglob("*") if path.is_file()]

    def end(self) -> None:
        super().end()
        for file in self.folder.glob(f"{self.count}.db*"):
            file.unlink()


class PostgresDesk(Desk):
    """One database, emptied and refilled: quicker than a new copy for each test.

    One session does it every time, and the tests share a pool: a new session would read the catalogue of all tables
    first.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        self.pool = open_database(url)
        super().__init__(folder, url)
        self.session = psycopg.connect(url, autocommit=True)

    def remember(self) -> None:
        tables = [table._meta.table_name for table in TABLES]
        run = database.execute_sql
        run("DROP SCHEMA IF EXISTS first_state CASCADE; CREATE SCHEMA first_state")
        kept = [table for table in tables if run(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone()]
        for table in kept:
            run(f'CREATE TABLE first_state."{table}" AS SELECT * FROM "{table}"')
        others = [
            row[0]
            for row in run(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE %s", ("%search%",)
            )
        ]
        statements = [
            *(f'DELETE FROM "{table}"' for table in (*others, *reversed(tables))),
            *(f'INSERT INTO "{table}" SELECT * FROM first_state."{table}"' for table in kept),
            *(
                f"PERFORM setval(pg_get_serial_sequence('\"{table}\"', 'id'),"
                f' (SELECT coalesce(max(id), 0) + 1 FROM "{table}"), false)'
                for table in tables
            ),
        ]
        # A function: its session plans each of these three hundred statements once, and not before every test.
        body = ";\n".join(statements)
        run(f"CREATE FUNCTION first_state.come_back() RETURNS void LANGUAGE plpgsql AS $$BEGIN\n{body};\nEND$$")

    def opened(self, url: str) -> peewee.Database:
        return self.pool if url == self.url else super().opened(url)

    def begin(self) -> None:
        self.use(self.url)
        self.session.execute("SELECT first_state.come_back()")

    def end(self) -> None:
        """Give back the session of this thread, for the next test; end those that other threads have left open."""
        if database.obj is not self.pool:
            super().end()
        self.pool.close()
        self.pool.close_stale(age=-1)

    def close(self) -> None:
        super().close()
        self.pool.close_all()
        self.session.close()


class Desks:
    """The desks of one run, made when first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cluster: Cluster | None = None
        self.made: dict[str, Desk] = {}

    def on(self, engine: str) -> Desk:
        """Return the desk on this engine. Raises Missing when there is no PostgreSQL."""
        if engine not in self.made:
            folder = self.folder / engine
            folder.mkdir()
            self.made[engine] = SqliteDesk(folder) if engine == "sqlite" else PostgresDesk(folder, self.postgres_url())
        return self.made[engine]

    def postgres_url(self, name: str = "guichet_test") -> str:
        """Return an empty database: ``TEST_DATABASE_URL``, else one of a cluster of our own. Raises Missing."""
        given = os.environ.get("TEST_DATABASE_URL")
        if given:
            return emptied(given) if name == "guichet_test" else beside(given, name)
        if self.cluster is None:
            self.cluster = Cluster().start()
        return self.cluster.create(name)

    def close(self) -> None:
        """Close the desks and stop the cluster, if there is one."""
        for desk in self.made.values():
            desk.close()
        if self.cluster is not None:
            self.cluster.stop()


def emptied(url: str) -> str:
    """Empty the database that was lent for tests. Raises Missing when it cannot be reached."""
    lent = open_database(url)
    try:
        lent.execute_sql("DROP SCHEMA IF EXISTS first_state CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    except peewee.OperationalError as error:
        raise Missing(f"TEST_DATABASE_URL cannot be reached ({str(error).strip()})") from error
    finally:
        lent.close_all()
    return url


def beside(url: str, name: str) -> str:
    """Make one more database on the server that was lent. Raises Missing when its account may not."""
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
            connection.execute(f'CREATE DATABASE "{name}"')
    except psycopg.Error as error:
        raise Missing(f"the account of TEST_DATABASE_URL may not make databases ({str(error).strip()})") from error
    return urlsplit(url)._replace(path=f"/{name}").geturl()
