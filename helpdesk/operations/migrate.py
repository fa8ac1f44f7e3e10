"""Bring the database to the program's version: under a lock, after a backup, never backwards."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from peewee import Database, SqliteDatabase
from playhouse.migrate import SqliteMigrator
from playhouse.migrations import Runner

from engines import DatabaseServer
from helpdesk import clock
from helpdesk.errors import HelpdeskError
from helpdesk.operations import backup as backups
from helpdesk.operations import desk_identity
from helpdesk.settings import environment, seed
from models import Role

MIGRATIONS = environment.ROOT / "migrations"

#: Automatic backups that are kept.
KEPT_BACKUPS = 5

#: The key of the advisory lock that one migrating process holds on PostgreSQL.
LOCK_KEY = 0x6775_6963


class NewerDatabase(HelpdeskError):
    """The database was migrated by a newer program."""


def migrate(
    database: Database, *, backup: bool = True, report: Callable[[str], None] = lambda _line: None
) -> list[str]:
    """Apply what is pending and give a new desk its defaults; return the names that were applied.

    With `backup`, a desk that already has tables is copied into ``backups/`` of the data folder first. `report` is told
    in a line what is upgraded, and where the copy lies.
    Raises NewerDatabase when the database holds migrations that this program does not know, and WrongDesk when the
    database and the data folder do not belong together.
    """
    database = _concrete(database)
    desk_identity.verify()
    with _taking_its_time(database), _one_at_a_time(database):
        names = pending(database)
        if is_newer(database):
            raise NewerDatabase(
                "The database was used by a newer Guichet: upgrade the program, or restore a backup made before."
            )
        former = runner(database).applied()
        if names and former:
            report(f"Upgrading the database from {max(former)} to {names[-1]} ({len(names)} migrations).")
            if backup:
                report(f"What was before, without the attached files, is in {_back_up(before=names[0])}.")
        applied = runner(database).up()
        if names and former:
            report("The database is of this version now.")
        if applied or not Role.select().exists():
            seed.seed_defaults()
        desk_identity.settle()
        return list(applied)


@contextmanager
def _taking_its_time(database: Database) -> Iterator[None]:
    """Open the database without limits of time; a missing file is made here and nowhere else."""
    if isinstance(database, DatabaseServer):
        with database.unlimited():
            yield
        return
    database.may_create = True
    try:
        with database.connection_context():
            yield
    finally:
        database.may_create = False


def pending(database: Database) -> list[str]:
    """Return the names of the migrations that wait, in order."""
    return [step.name for step in runner(database).status() if step.applied is None]


def is_newer(database: Database) -> bool:
    """Whether the database holds a migration that this program does not have."""
    return any(step.path is None for step in runner(database).status())


def knows(name: str) -> bool:
    """Whether this program has the migration of this name."""
    return (MIGRATIONS / f"{name}.py").exists()


class _LastingIds(SqliteMigrator):
    """Migrates SQLite so that the id of a deleted row is given to no other, even where a table is made anew.

    Most changes of a column make the table anew and drop the old one, and with it the highest id it ever gave.
    """

    @contextmanager
    def migration_context(self, atomic: bool = True) -> Iterator[None]:
        with super().migration_context(atomic):
            before = self._highest_ids()
            yield
            after = self._highest_ids()
            for table, highest in before.items():
                if table not in after and self.database.table_exists(table):
                    self.database.execute_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, highest))
                elif after.get(table, highest) < highest:
                    self.database.execute_sql("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", (highest, table))

    def _highest_ids(self) -> dict[str, int]:
        if not self.database.table_exists("sqlite_sequence"):
            return {}
        return dict(self.database.execute_sql("SELECT name, seq FROM sqlite_sequence").fetchall())


def runner(database: Database) -> Runner:
    """Return what applies the migrations to a database."""
    concrete = _concrete(database)
    made = Runner(concrete, str(MIGRATIONS))
    if isinstance(concrete, SqliteDatabase):
        made.migrator = _LastingIds(concrete)
    return made


def _concrete(database: Database) -> Database:
    return getattr(database, "obj", database)


@contextmanager
def _one_at_a_time(database: Database) -> Iterator[None]:
    """Let one process migrate while others wait; a lock dies with its holder."""
    if isinstance(database, SqliteDatabase):
        with Path(f"{database.database}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    database.execute_sql("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
    try:
        yield
    finally:
        database.execute_sql("SELECT pg_advisory_unlock(%s)", (LOCK_KEY,))


def _back_up(*, before: str) -> Path:
    folder = environment.current().data_dir / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{clock.now():%Y%m%d-%H%M%S}-before-{before}.zip"
    backups.backup(path, files=backups.NOWHERE)
    # By a clock that is late, the newest would be the oldest.
    others = [other for other in sorted(folder.glob("*-before-*.zip")) if other != path]
    for old in others[: 1 - KEPT_BACKUPS]:
        old.unlink()
    return path
