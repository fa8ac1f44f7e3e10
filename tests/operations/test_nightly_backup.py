"""The backup of each night: kept for some nights, restored with its files, swept when it broke off."""

from __future__ import annotations

import os
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from database import database
from helpdesk import settings
from helpdesk.files import file_store
from helpdesk.operations import backup, migrate, nightly_backup, restore
from models import Attachment, Ticket
from tests.support import attached
from tests.support.desks import Desks
from tests.support.fresh import fresh_database

pytestmark = pytest.mark.usefixtures("request_context", "no_files")
NOON = datetime(2026, 3, 1, 12)


@pytest.fixture(autouse=True)
def folder(data_dir: Path) -> Any:
    """The folder of backups, empty before and after."""
    yield data_dir / nightly_backup.FOLDER
    for path in sorted((data_dir / nightly_backup.FOLDER).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def nights(count: int, first: int = 0) -> None:
    for day in range(first, first + count):
        with time_machine.travel(NOON + timedelta(days=day), tick=False):
            nightly_backup.run()


def test_seven_nights_are_kept(ticket: Ticket, folder: Path) -> None:
    nights(9)
    names = [path.name for path in nightly_backup.nights()]
    assert names == [f"202603{day:02}-nightly.zip" for day in range(3, 10)]
    assert all(path.stat().st_mode & 0o077 == 0 for path in nightly_backup.nights())


@pytest.mark.parametrize("days", [-400, 400])
def test_a_clock_that_was_wrong_costs_no_night(ticket: Ticket, folder: Path, days: int) -> None:
    nights(7)
    right = nightly_backup.nights()
    nights(1, first=days)
    assert set(right) < set(nightly_backup.nights())
    # However long it was wrong: by the right one, seven nights are kept of its own.
    for path in right:
        path.with_name(path.name.replace("2026", "2027")).touch()
    nights(2, first=7)
    kept = [path for path in nightly_backup.nights() if path.name < "2027" and path.name >= "2026"]
    assert [path.name for path in kept][-2:] == ["20260308-nightly.zip", "20260309-nightly.zip"]
    assert len(kept) == 7


def test_a_night_that_cannot_be_read_stops_no_other_and_costs_no_file(ticket: Ticket, folder: Path) -> None:
    nights(1)
    (nightly_backup.nights()[0]).write_bytes(b"cut off")
    kept = folder / backup.LINKED / "ab" / "mine"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.touch()
    nights(1, first=2)
    assert len(nightly_backup.nights()) == 2
    assert kept.exists()


def test_a_name_that_is_no_day_is_no_night_since_one(ticket: Ticket, folder: Path) -> None:
    nights(2)
    (folder / "20261399-nightly.zip").write_bytes(b"by hand")
    assert nightly_backup.made_since(date(2026, 3, 2)) == [date(2026, 3, 2)]


def test_as_many_as_the_owner_wants_or_none(ticket: Ticket, folder: Path) -> None:
    settings.save({"backup_kept": 2})
    nights(3)
    assert len(nightly_backup.nights()) == 2
    settings.save({"backup_nightly": False})
    nights(1, first=5)
    assert len(nightly_backup.nights()) == 2


def test_a_night_comes_back_with_its_files(
    ticket: Ticket, folder: Path, engine: str, desks: Desks, tmp_path: Path
) -> None:
    row = attached.file(ticket)
    content = file_store.location(row.path).read_bytes()
    nights(1)
    linked = folder / backup.LINKED / row.path
    assert linked.stat().st_ino == file_store.location(row.path).stat().st_ino
    # Deleted from the desk, it is still in the backup.
    file_store.location(row.path).unlink()
    (archive,) = nightly_backup.nights()
    with fresh_database(engine, desks, tmp_path / "elsewhere"):
        manifest = restore.restore(archive)
        migrate.migrate(database)
        assert restore.missing_files(manifest) == 0
        assert file_store.location(Attachment.get().path).read_bytes() == content


def test_links_go_with_the_last_night_that_names_them(ticket: Ticket, folder: Path) -> None:
    settings.save({"backup_kept": 2})
    row = attached.file(ticket)
    nights(1)
    file_store.location(row.path).unlink()
    Attachment.delete().execute()
    nights(1, first=1)
    assert (folder / backup.LINKED / row.path).exists()
    nights(1, first=2)
    assert not (folder / backup.LINKED / row.path).exists()


def test_a_backup_without_files_says_so(
    ticket: Ticket, folder: Path, engine: str, desks: Desks, tmp_path: Path
) -> None:
    attached.file(ticket)
    settings.save({"backup_files": False})
    nights(1)
    (archive,) = nightly_backup.nights()
    (tmp_path / "away").mkdir()
    carried = Path(shutil.copy(archive, tmp_path / "away"))
    with fresh_database(engine, desks, tmp_path / "elsewhere"):
        manifest = restore.restore(carried)
        assert (manifest["files"], restore.missing_files(manifest)) == ("nowhere", 1)


def test_the_way_back_takes_the_files_of_the_folder_that_the_copy_lies_in(
    ticket: Ticket, folder: Path, engine: str, desks: Desks, tmp_path: Path
) -> None:
    settings.save({"attachment_folder": "elsewhere/kept"})
    row = attached.file(ticket)
    content = file_store.location(row.path).read_bytes()
    copy = migrate._back_up(before="0070_next")
    with fresh_database(engine, desks, tmp_path / "elsewhere"):
        manifest = restore.restore(copy)
        assert (manifest["files"], restore.missing_files(manifest)) == ("nowhere", 0)
        assert file_store.location(row.path).read_bytes() == content


def test_a_half_archive_is_swept(ticket: Ticket, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, age in (("old.zip.part", 2), ("young.zip.part", 0)):
        (folder / name).touch()
        os.utime(folder / name, (os.stat(folder).st_mtime - age * 86_400,) * 2)
    nightly_backup.run()
    assert [path.name for path in folder.glob("*.part")] == ["young.zip.part"]
