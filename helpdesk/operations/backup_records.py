"""What is remembered of the last backup, and the refusal to lay an empty desk beside the backup of a full one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from helpdesk import clock, links, settings
from helpdesk.operations import desk_identity
from helpdesk.operations.backup import BackupError, manifest_of
from helpdesk.settings import environment, run_state, secret_key
from models import Ticket

#: Where the last backup is remembered.
KEY = "last_backup"
#: A desk that makes backups at night and has none younger than this is not well.
PATIENCE = timedelta(days=2)
#: A desk with fewer tickets than this part of its last backup has lost them, or is another one.
LEAST_PART = 0.5
#: Below so many tickets, a desk may shrink.
FEW = 20


@dataclass(frozen=True)
class Record:
    """The last backup of the desk: when it was made, and how many tickets it holds."""

    made_at: datetime
    tickets: int


def tickets_in(manifest: dict[str, Any]) -> int:
    """Return how many tickets an archive holds, by its manifest."""
    return int(manifest["members"].get("tables/ticket.jsonl", {}).get("rows", 0))


def remember(manifest: dict[str, Any]) -> None:
    """Remember that this backup was made."""
    run_state.write(KEY, {"made_at": manifest["made_at"], "tickets": tickets_in(manifest)})


def last() -> Record | None:
    """Return the last backup, None when none was made."""
    stored = run_state.read(KEY)
    return Record(datetime.fromisoformat(stored["made_at"]), stored["tickets"]) if stored else None


def is_overdue() -> bool:
    """Whether the desk should have had a backup by now: it makes them at night, and is old enough."""
    if not settings.get("backup_nightly"):
        return False
    record = last()
    since = record.made_at if record is not None else _before_records()
    return since is not None and since < clock.now() - PATIENCE


def _before_records() -> datetime | None:
    """Return when the newest night of an earlier version was written, else since when the data folder has its desk."""
    folder = environment.current().data_dir
    newest = max((folder / "backups").glob("*-nightly.zip"), key=_written, default=folder / secret_key.MARK)
    return datetime.fromtimestamp(_written(newest), UTC).replace(tzinfo=None) if newest.exists() else None


def _written(path: Path) -> float:
    return path.stat().st_mtime


def refuse_lesser(path: Path) -> None:
    """Refuse to write a backup of a desk without anybody, or beside that of a larger or another one.

    A variable that was lost opens another, empty desk. Raises BackupError, which says how to go on all the same.
    """
    place, anyway = environment.current().data_dir, "If it is right, add --anyway."
    if links.setup_is_open():
        raise BackupError(f"The desk of {place} has no administrator: is this the desk you mean? {anyway}")
    for archive, manifest in _beside(path):
        _refuse_less_than(archive, manifest, place, anyway)


def _refuse_less_than(newest: Path, manifest: dict[str, Any], place: Path, anyway: str) -> None:
    if manifest.get("desk") not in (None, desk_identity.desk_id()):
        raise BackupError(f"{newest} is the backup of another desk than that of {place}. {anyway}")
    before, now = tickets_in(manifest), Ticket.select().count()
    if before >= FEW and now < before * LEAST_PART:
        raise BackupError(f"{newest} holds {before} tickets, the desk of {place} only {now}. {anyway}")


def _beside(path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the backup that would be replaced, and the youngest one in the same folder, with their manifests."""
    others = sorted((found for found in path.parent.glob("*.zip") if found != path), key=_written, reverse=True)
    for group in ([path], others):
        for archive in group:
            with suppress(BackupError):
                yield archive, manifest_of(archive)
                break
