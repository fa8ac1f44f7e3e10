"""The database and the data folder belong together, or the desk does not start."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from database import database
from engines import DatabaseGone, open_database
from helpdesk.operations import backup, desk_identity, migrate, restore
from helpdesk.operations.desk_identity import WrongDesk
from helpdesk.settings import environment, secret_key
from tests.support import sqlite_only
from tests.support.desks import Desks
from tests.support.fresh import fresh_database


@pytest.fixture
def fresh(engine: str, desks: Desks, tmp_path: Path) -> Any:
    """A new desk, as its first start leaves it."""
    with fresh_database(engine, desks, tmp_path / "desk") as made:
        migrate.migrate(made)
        environment.use(replace(environment.current(), was_empty=False))
        yield made


def folder() -> Path:
    return environment.current().data_dir


def refused(*words: str) -> None:
    with pytest.raises(WrongDesk) as error:
        migrate.migrate(database)
    assert all(word in str(error.value) for word in words), str(error.value)


def test_a_first_start_marks_database_and_folder(fresh: Any, engine: str) -> None:
    mark = json.loads((folder() / desk_identity.MARK).read_text())
    assert mark == {"desk": desk_identity.desk_id(), "engine": engine}
    assert (folder() / desk_identity.MARK).stat().st_mode & 0o077 == 0
    migrate.migrate(database)
    assert json.loads((folder() / desk_identity.MARK).read_text()) == mark


@sqlite_only
@pytest.mark.parametrize("how", ["moved away", "emptied"])
def test_a_lost_database_is_no_new_desk(fresh: Any, how: str) -> None:
    database.close_all()
    file = folder() / "guichet.db"
    file.unlink() if how == "moved away" else os.truncate(file, 0)
    database.initialize(open_database(f"sqlite:///{file}"))
    refused("There was a desk in", "restore a backup", "GUICHET_DATA_DIR")
    assert not file.exists() or file.stat().st_size == 0


@pytest.mark.parametrize("trace", ["helpdesk/files/ab/0123", "mail/ab/0123", "backups/20260101.zip"])
def test_what_only_a_desk_leaves_is_as_good_as_a_mark(desks: Desks, tmp_path: Path, trace: str) -> None:
    with fresh_database("sqlite", desks, tmp_path / "desk"):
        path = folder() / trace
        path.parent.mkdir(parents=True)
        path.touch()
        refused("There was a desk in")


@sqlite_only
def test_a_forgotten_database_url_is_told(fresh: Any) -> None:
    (folder() / desk_identity.MARK).write_text(json.dumps({"desk": desk_identity.desk_id(), "engine": "postgresql"}))
    refused("lives on PostgreSQL", "GUICHET_DATABASE_URL")
    database.close_all()
    (folder() / "guichet.db").unlink()
    database.initialize(open_database(f"sqlite:///{folder() / 'guichet.db'}"))
    refused("lives on PostgreSQL", "GUICHET_DATABASE_URL")


def test_the_folder_of_another_desk_is_refused(fresh: Any, engine: str) -> None:
    (folder() / desk_identity.MARK).write_text(json.dumps({"desk": "another", "engine": engine}))
    refused("two different desks")


def test_an_empty_folder_of_a_desk_that_has_one_is_refused(fresh: Any) -> None:
    (folder() / desk_identity.MARK).unlink()
    environment.use(replace(environment.current(), was_empty=True))
    refused("GUICHET_DATA_DIR", str(folder() / desk_identity.MARK))


def test_a_desk_from_before_the_mark_gets_one(fresh: Any) -> None:
    (folder() / desk_identity.MARK).unlink()
    migrate.migrate(database)
    assert (folder() / desk_identity.MARK).exists()


def test_a_mark_that_cannot_be_read_is_told(fresh: Any) -> None:
    (folder() / desk_identity.MARK).write_text("{")
    refused("cannot be read")


@sqlite_only
@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_a_database_that_is_swapped_while_running_takes_nothing_more(fresh: Any, how: str) -> None:
    file = folder() / "guichet.db"
    copy = folder() / "copy.db"
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(file, copy)
    database.close()
    file.rename(folder() / "aside.db")
    if how == "replaced":
        copy.rename(file)
    with pytest.raises(DatabaseGone), database.connection_context():
        database.execute_sql("DELETE FROM setting")
    assert file.exists() is (how == "replaced")
    (folder() / "aside.db").replace(file)
    with database.connection_context():
        assert desk_identity.desk_id()


def test_looking_makes_no_database(tmp_path: Path) -> None:
    looked = open_database(f"sqlite:///{tmp_path / 'none.db'}")
    with pytest.raises(DatabaseGone):
        looked.connect()
    assert not (tmp_path / "none.db").exists()


def test_a_killed_restore_starts_no_desk_and_is_begun_again(
    fresh: Any, engine: str, desks: Desks, tmp_path: Path
) -> None:
    archive = tmp_path / "desk.zip"
    backup.backup(archive)
    with fresh_database(engine, desks, tmp_path / "elsewhere"):
        desk_identity.begin_restore()
        environment.use(replace(environment.current(), was_empty=False))
        refused("did not finish", "restore")
        restore.restore(archive)
        assert not desk_identity.restore_is_unfinished()
        migrate.migrate(database)
        # Cut off after the database was whole, before it could be said.
        desk_identity.begin_restore()
        restore.restore(archive)
        assert desk_identity.desk_id()


def test_a_restore_that_is_cut_off_leaves_no_half_key(
    fresh: Any, engine: str, desks: Desks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, read = tmp_path / "desk.zip", zipfile.ZipFile.read
    backup.backup(archive)

    def cut_off(opened: zipfile.ZipFile, name: str) -> bytes:
        if name == secret_key.KEY_FILE:
            raise KeyboardInterrupt
        return read(opened, name)

    with fresh_database(engine, desks, tmp_path / "elsewhere"):
        monkeypatch.setattr(zipfile.ZipFile, "read", cut_off)
        with pytest.raises(KeyboardInterrupt):
            restore.restore(archive)
        monkeypatch.undo()
        assert (folder() / secret_key.KEY_FILE).stat().st_size > 40
        environment.use(replace(environment.current(), was_empty=False))
        restore.restore(archive)
        assert desk_identity.desk_id()


def test_a_desk_that_has_begun_is_no_start_that_came_to_nothing(fresh: Any) -> None:
    mark = folder() / secret_key.FIRST_START
    mark.touch()
    desk_identity.settle()
    assert not mark.exists()


def test_a_start_that_came_to_nothing_leaves_the_folder_as_good_as_empty(tmp_path: Path) -> None:
    values = {"GUICHET_DATA_DIR": str(tmp_path / "data")}
    # Killed right after, or while it wrote the key: the next one may restore here, and begins as the first did.
    first = environment.read(values)
    (tmp_path / "data" / "secret_key.1a2b").touch()
    second = environment.read(values)
    assert [(env.was_empty, env.made_key) for env in (first, second)] == [(True, True), (True, True)]
    # A key that lies there alone may be that of a desk on PostgreSQL: nothing is restored over it.
    (tmp_path / "data" / secret_key.FIRST_START).unlink()
    third = environment.read(values)
    assert (third.was_empty, third.made_key) == (True, False)
    (tmp_path / "data" / "desk.json").touch()
    assert not environment.read(values).was_empty
