"""The backup of each night: the database in an archive, the files of tickets as links beside it, some nights kept."""

from __future__ import annotations

import logging
import re
import time
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

from helpdesk import clock, settings
from helpdesk.erasing import erasure_log
from helpdesk.operations import backup, backup_records, clock_guard
from helpdesk.settings import environment

logger = logging.getLogger(__name__)

FOLDER = "backups"
#: How an archive of a night is called.
NAME = re.compile(r"\d{8}-nightly\.zip")
#: A half archive older than this was left by a crash.
LEFT_BEHIND = timedelta(days=1)


def run() -> Path | None:
    """Write this night's backup and delete the oldest; return where it lies, None where the owner wants none."""
    folder = environment.current().data_dir / FOLDER
    if not settings.get("backup_nightly"):
        return None
    folder.mkdir(mode=0o700, exist_ok=True)
    _sweep_halves(folder)
    path = folder / f"{clock.now():%Y%m%d}-nightly.zip"
    manifest = backup.backup(path, files=backup.BESIDE if settings.get("backup_files") else backup.NOWHERE)
    backup_records.remember(manifest)
    erasure_log.copy_beside(folder)
    for old in _spent(path):
        old.unlink()
    _drop_links(folder)
    return path


def nights(folder: Path | None = None) -> list[Path]:
    """Return the archives of the nights, the oldest first."""
    folder = folder or environment.current().data_dir / FOLDER
    return sorted(path for path in folder.glob("*.zip") if NAME.fullmatch(path.name))


def _spent(newest: Path) -> list[Path]:
    """Return the nights that go: the oldest beyond those that are kept, none while the clock may be wrong (RULES 42).

    What a clock that was ahead has dated later than the newest one does not count, or it would take its place.
    """
    if not clock_guard.may_delete():
        return []
    until_now = [path for path in nights(newest.parent) if path.name <= newest.name]
    return until_now[: -settings.get("backup_kept")]


def made_since(day: date) -> list[date]:
    """Return the nights since this day whose archives are here, the oldest first."""
    made = []
    for path in nights():
        # A name that somebody gave may be no day.
        with suppress(ValueError):
            made.append(date.fromisoformat(path.name[:8]))
    return [night for night in made if night >= day]


def _sweep_halves(folder: Path) -> None:
    limit = time.time() - LEFT_BEHIND.total_seconds()
    for half in folder.glob("*.part"):
        with suppress(FileNotFoundError):
            if half.stat().st_mtime < limit:
                half.unlink()


def _drop_links(folder: Path) -> None:
    """Delete the linked files that no archive names any more."""
    needed: set[str] = set()
    for path in nights(folder):
        try:
            needed.update(backup.manifest_of(path).get("linked_files", []))
        except backup.BackupError as error:
            # What it needs is not known: nothing goes until it can be read, or is old enough to go.
            logger.warning("%s Its files stay.", error)
            return
    beside = folder / backup.LINKED
    for link in beside.rglob("*"):
        if link.is_file() and link.relative_to(beside).as_posix() not in needed:
            link.unlink(missing_ok=True)
