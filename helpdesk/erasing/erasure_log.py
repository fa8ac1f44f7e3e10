"""The log of erasures beside the database: by it a restored backup forgets again who was erased since it was made.

A file of the data folder with a line for each erasure, for tickets that went by their age, and for addresses that are
no longer kept, and a copy of it in the folder of backups, so that it travels with them. It names nobody: hashes with
the id of the desk as their salt. A hash cannot be read back, but whoever has the log and an address can tell whether
it was erased: it is as private as the desk.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from helpdesk import clock
from helpdesk.people import former_customers
from helpdesk.settings import environment
from helpdesk.settings.desk import desk_id
from helpdesk.suppression import hash_of
from models import Customer, CustomerMerge, Erasure

T = TypeVar("T")

NAME = "erasures.log"
#: The folder of the nightly backups.
BACKUPS = "backups"


@dataclass(frozen=True)
class Entry:
    """An erasure that began at `at` (naive UTC, ISO), of somebody known by these hashes."""

    desk: str
    number: int
    at: str
    kind: str
    blanks_replies: bool
    actor_name: str
    by_customer: bool
    people: tuple[str, ...]

    @property
    def begun_at(self) -> datetime:
        """When it began."""
        return datetime.fromisoformat(self.at)


@dataclass(frozen=True)
class TicketsEntry:
    """What the periods did to tickets at `at`: each by its id and by when it was opened, which name nobody."""

    desk: str
    at: str
    act: str
    blanks_replies: bool
    tickets: tuple[tuple[int, str], ...]


def row_text(customer: Customer) -> str:
    """Return what tells a row from any other of this desk and its copies."""
    return f"{customer.id} {customer.created_at.isoformat()}"


def former_text(merge: CustomerMerge) -> str:
    """Return the same of a row that became part of another one."""
    return f"{merge.former_id} {merge.terms['created_at']}"


@dataclass(frozen=True)
class SuppressionEntry:
    """An address, by its hash, that was put among those no longer kept at `at`, or was taken off that list again."""

    desk: str
    at: str
    digest: str
    is_suppressed: bool
    suppressed_by: str
    by_erasure: bool

    @property
    def begun_at(self) -> datetime:
        """When it was put there, or taken off."""
        return datetime.fromisoformat(self.at)


def append(erasure: Erasure, customer: Customer, emails: Iterable[str]) -> None:
    """Write the line of an erasure that begins, on disk for good; a line written twice says the same."""
    desk = desk_id()
    rows = (row_text(customer), *(former_text(row) for row in former_customers.part_of(customer)))
    people = tuple(hash_of(text, desk) for text in (*rows, *emails))
    entry = Entry(
        desk, erasure.id, clock.now().isoformat(), erasure.kind, erasure.blanks_replies, erasure.actor_name,
        erasure.by_customer, people,
    )  # fmt: skip
    store([entry])


def store(entries: Iterable[Entry | TicketsEntry | SuppressionEntry]) -> None:
    """Append these lines to the log of this data folder, and to its copy beside the backups."""
    text = "".join(f"{json.dumps(asdict(entry))}\n" for entry in entries)
    folder = environment.current().data_dir
    _append(folder / NAME, text)
    if (folder / BACKUPS).is_dir():
        _append(folder / BACKUPS / NAME, text)


def copy_beside(folder: Path) -> None:
    """Copy the log whole into the folder of the backups."""
    with suppress(FileNotFoundError):
        _write_whole(folder / NAME, (environment.current().data_dir / NAME).read_bytes())


def _write_whole(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    part.replace(path)


def _append(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read(*paths: Path) -> list[Entry]:
    """Return the erasures that these logs name, each once, the oldest first; a line that was cut off counts as none."""
    found = {(entry.desk, entry.number): entry for entry in _lines(paths, _parse)}
    return sorted(found.values(), key=lambda entry: (entry.at, entry.number))


def read_tickets(*paths: Path) -> list[TicketsEntry]:
    """Return what these logs say of tickets, each line once, the oldest first."""
    found = dict.fromkeys(_lines(paths, _parse_tickets))
    return sorted(found, key=lambda entry: entry.at)


def read_suppressions(*paths: Path) -> list[SuppressionEntry]:
    """Return what these logs say last of each address that was put on the list or taken off it."""
    found = sorted(_lines(paths, _parse_suppression), key=lambda entry: entry.at)
    return list({(entry.desk, entry.digest): entry for entry in found}.values())


def _lines(paths: Iterable[Path], parse: Callable[[str], T]) -> Iterator[T]:
    for path in paths:
        with suppress(OSError):
            for line in path.read_text("utf-8", errors="replace").splitlines():
                # Any file may be called so, in a folder that is not ours.
                with suppress(ValueError, TypeError, LookupError, AttributeError):
                    yield parse(line)


def _parse_tickets(line: str) -> TicketsEntry:
    values = json.loads(line)
    tickets = tuple((int(key), str(opened)) for key, opened in values["tickets"])
    entry = TicketsEntry(**{**values, "tickets": tickets})
    datetime.fromisoformat(entry.at)
    return entry


def _parse_suppression(line: str) -> SuppressionEntry:
    entry = SuppressionEntry(**json.loads(line))
    datetime.fromisoformat(entry.at)
    return entry


def _parse(line: str) -> Entry:
    values = json.loads(line)
    entry = Entry(**{**values, "number": int(values["number"]), "people": tuple(values["people"])})
    datetime.fromisoformat(entry.at)
    return entry


def beside(archive: Path) -> list[Path]:
    """Return where the log may lie that a restore of this archive obeys: beside it, above it, in this data folder."""
    folder = archive.absolute().parent
    return [folder.parent / NAME, folder / NAME, environment.current().data_dir / NAME]
