"""The two engines as the desk uses them: a file that nobody can swap unseen, a server that nobody waits for for ever.

This module imports peewee only.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar
from urllib.parse import urlsplit

import peewee
from peewee import Database, OperationalError
from playhouse.pool import MaxConnectionsExceeded, PooledPostgresqlDatabase, PooledSqliteDatabase

#: Seconds after which a statement that PostgreSQL neither answers nor ends is given up on our side.
DEADLINE = 45
#: Seconds for which nobody tries again after a connection that could not be had.
REFUSING = 2
#: Notice a dead line within half a minute: the system's own patience is two hours.
KEEPALIVES = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
#: What PostgreSQL ends by itself: a lock waited for, a statement, a transaction in which nothing happens.
LIMITS = "SET lock_timeout = '10s'; SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s'"
#: An index is followed row by row, where PostgreSQL would read a whole table for fear of a disk that turns.
PLANNER = "SET random_page_cost = 1.1"
NO_LIMITS = "SET lock_timeout = 0; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0"

#: PostgreSQL's codes of a deadlock, a transaction that cannot be ordered, and a row that is gone (foreign key).
COLLISIONS = frozenset({"40P01", "40001", "23503"})

#: Pragmas of the embedded engine: an answered request survives a power cut (DESIGN §4).
SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",
    "foreign_keys": 1,
    # For each connection, of which there may be dozens; the pages of the file are in the system's memory anyway.
    "cache_size": -16_000,
    "mmap_size": 268_435_456,
    "temp_store": "memory",
}


class DatabaseGone(OperationalError):
    """The file of the database is missing, empty, or another than the one this process began with."""


class Savepoint(peewee._savepoint):
    """A savepoint under the one name of all: a random name makes it a statement that is prepared for nobody else.

    Of several under one name the innermost is meant, so one that is rolled back ends, too.
    """

    def __init__(self, db: Database) -> None:
        super().__init__(db, sid="part")

    def rollback(self, begin: bool = True) -> None:
        """Undo what was done since, and end; or begin another."""
        super().rollback(begin=False)
        self.db.execute_sql(f"RELEASE SAVEPOINT {self.quoted_sid};")
        if begin:
            self._begin()


class WithSavepoints:
    """A database whose nested transactions are these."""

    def savepoint(self: Any) -> Savepoint:
        """Return a savepoint inside the running transaction."""
        return Savepoint(self)


class DatabaseFile(WithSavepoints, PooledSqliteDatabase):
    """The embedded engine: one file, never made by looking at it, and refused when another takes its place.

    A connection goes on writing to a file that was deleted or replaced, and all of it would be lost at the next start.
    """

    #: Whether a missing file may be made: only while a new desk is.
    may_create = False
    #: What statements may call by name, each with so many arguments.
    functions: ClassVar[dict[str, tuple[Callable[..., Any], int]]] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._identity: tuple[int, int] | None = None
        self._spoiled: set[int] = set()

    def connect(self, reuse_if_open: bool = False) -> bool:
        """Open a connection for this thread. Raises DatabaseGone."""
        if self.is_closed():
            # Not in `_connect`: there, peewee would make an OperationalError without our words of it.
            self._refuse_another_file()
        return bool(super().connect(reuse_if_open))

    def expect_another_file(self) -> None:
        """Take the next file at this path for the desk's: a restore has just put it there."""
        self.close_all()
        self._identity = None

    def _connect(self) -> Any:
        connection = super()._connect()
        if self._identity is None:
            state = os.stat(self.database)
            self._identity = (state.st_dev, state.st_ino)
        return connection

    def _add_conn_hooks(self, conn: Any) -> None:
        # For a new connection only, not for each taken from the pool: a function that is added makes SQLite prepare
        # every statement of the connection anew, which takes longer than most of them run.
        super()._add_conn_hooks(conn)
        for name, (function, count) in self.functions.items():
            conn.create_function(name, count, function, deterministic=True)

    def _refuse_another_file(self) -> None:
        try:
            state = os.stat(self.database)
        except FileNotFoundError:
            if self.may_create and self._identity is None:
                return
            raise DatabaseGone(f"the file {self.database} is missing") from None
        except OSError as error:
            raise OperationalError(f"the file {self.database} cannot be reached: {error.strerror}") from error
        if self._identity is not None and self._identity != (state.st_dev, state.st_ino):
            raise DatabaseGone(f"the file {self.database} was replaced while the desk was running: start it again")
        if state.st_size == 0 and not self.may_create:
            raise DatabaseGone(f"the file {self.database} is empty")

    def begin(self, lock_type: str | None = None) -> None:
        """Begin a transaction; a connection opened while the file was read-only is not used again."""
        try:
            super().begin(lock_type)
        except OperationalError as error:
            if "readonly" in str(error):
                self._spoil()
            raise

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """Run a statement."""
        try:
            return super().execute_sql(sql, params)
        except OperationalError as error:
            if "readonly" in str(error):
                self._spoil()
            raise

    def _spoil(self) -> None:
        self.close_idle()
        self._spoiled.add(self.conn_key(self._state.conn))

    def _can_reuse(self, conn: Any) -> bool:
        if self.conn_key(conn) in self._spoiled:
            self._spoiled.discard(self.conn_key(conn))
            return False
        return bool(super()._can_reuse(conn))


class DatabaseServer(WithSavepoints, PooledPostgresqlDatabase):
    """PostgreSQL, left in time when it neither answers nor refuses.

    The server ends what takes too long (`LIMITS`); where it cannot even do that (frozen, or behind a network that
    swallows everything), the connection is closed on our side after `DEADLINE` seconds.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._running: dict[int, tuple[float, Any]] = {}
        self._watch: threading.Thread | None = None
        self._refusing_until = 0.0
        self._unlimited = threading.local()

    def _connect(self) -> Any:
        # Who waits for a lock of the pool must not each wait for a server that has just not answered.
        if time.monotonic() < self._refusing_until:
            raise OperationalError("the server did not answer a moment ago")
        try:
            connection = super()._connect()
        except Exception as error:
            if not isinstance(error, MaxConnectionsExceeded):
                self._refusing_until = time.monotonic() + REFUSING
                self.close_idle()
            raise
        return connection

    def _is_closed(self, conn: Any) -> bool:
        """Whether the server has hung up, as the line tells.

        The pool would ask the server, with everybody waiting behind its lock, and without an end where nobody answers.
        """
        if conn.closed:
            return True
        line = select.poll()
        line.register(conn.fileno(), select.POLLIN)
        if line.poll(0):
            conn.close()
        return bool(conn.closed)

    def _initialize_connection(self, conn: Any) -> None:
        with self._in_time(conn):
            super()._initialize_connection(conn)
            conn.execute(PLANNER if getattr(self._unlimited, "on", False) else f"{PLANNER}; {LIMITS}")

    @contextmanager
    def unlimited(self) -> Iterator[None]:
        """Let this thread take its time: for migrations and backups."""
        with self.connection_context():
            self._unlimited.on = True
            self.execute_sql(NO_LIMITS)
            try:
                yield
            finally:
                self._unlimited.on = False
                if not self.is_closed() and not self.in_transaction():
                    self.execute_sql(LIMITS)

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """Run a statement, for `DEADLINE` seconds at most."""
        with self._in_time():
            return super().execute_sql(sql, params)

    def begin(self, isolation_level: Any = None) -> None:
        """Begin a transaction."""
        with self._in_time():
            super().begin(isolation_level)

    def commit(self) -> None:
        """Commit a transaction."""
        with self._in_time():
            super().commit()

    @contextmanager
    def _in_time(self, connection: Any = None) -> Iterator[None]:
        if getattr(self._unlimited, "on", False):
            yield
            return
        if self._watch is None or not self._watch.is_alive():
            self._watch = threading.Thread(target=self._close_late, name="deadline", daemon=True)
            self._watch.start()
        thread = threading.get_ident()
        self._running[thread] = (time.monotonic(), connection or self.connection())
        try:
            yield
        finally:
            self._running.pop(thread, None)

    def _close_late(self) -> None:
        while True:
            time.sleep(1)
            late = time.monotonic() - DEADLINE
            for thread, (begun, connection) in list(self._running.items()):
                if begun < late and self._running.pop(thread, None) is not None:
                    self.close_idle()
                    with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as line:
                        line.shutdown(socket.SHUT_RDWR)


def is_collision(error: BaseException | None) -> bool:
    """Whether this failed because of what another did at the same moment: trying once more may succeed.

    Two waited for each other, and the server ended one of them; or a row that this refers to has just been deleted.
    """
    while error is not None:
        if getattr(error, "sqlstate", None) in COLLISIONS or "FOREIGN KEY constraint failed" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def open_database(url: str) -> Database:
    """Make the pooled database of a ``sqlite:///path`` or ``postgresql://…`` URL. Opens no connection.

    Raises ValueError for any other scheme.
    """
    pool = {"max_connections": 40, "stale_timeout": 300, "timeout": 10}
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        path = url.removeprefix("sqlite:///")
        # Deferred transactions that read before they write fail with "database is locked": IMMEDIATE never does.
        # The pool hands a connection from thread to thread, to one at a time: SQLite need not bind it to the first.
        return DatabaseFile(path, pragmas=SQLITE_PRAGMAS, lock_type="IMMEDIATE", check_same_thread=False, **pool)
    if scheme in {"postgresql", "postgres"}:
        return DatabaseServer(url, prefer_psycopg3=True, **KEEPALIVES, **pool)
    raise ValueError(scheme)
