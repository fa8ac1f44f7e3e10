"""Importing orders and customers from CSV files: read tolerantly, previewed, stored once even when sent again.
It may import people and what stands before them.
No screen: the preview is `admin_views/base/importing.py`.
"""

from __future__ import annotations

import csv
import io
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from helpdesk import access, folding, journal
from helpdesk.errors import HelpdeskError, InvalidInput, NotFound
from helpdesk.i18n import lazy
from helpdesk.orders import Stored
from helpdesk.settings import environment
from models import Agent

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 50_000
#: Rows that a preview shows.
PREVIEW = 20
#: How long a file waits for its confirmation.
LIFETIME = timedelta(hours=1)
KEY = re.compile(r"[A-Za-z0-9_-]{43}")
#: Wrong lines that a preview lists; it counts the others.
MAX_BAD = 1_000
#: Unknown columns that a preview names.
MAX_IGNORED = 20
DELIMITERS = ",;\t"
_SEPARATOR = re.compile(r"\s*sep=.?\s*", re.IGNORECASE)
_QUOTED = re.compile(r"^'(?=[ \xa0]*[=+\-@＝＋－＠])")


@dataclass(frozen=True)
class Column:
    """A column of the file: its name, its label, and the headers under which it is recognised (in any case)."""

    name: str
    label: Any
    headers: tuple[str, ...]
    needed: bool = False


@dataclass(frozen=True)
class Kind:
    """A kind of import: `read` checks a row, `store` stores the results of `read`, `cells` shows one in the preview."""

    key: str
    title: Any
    heading: Any
    columns: tuple[Column, ...]
    read: Callable[[Mapping[str, str]], Any]
    store: Callable[..., Stored]
    cells: Callable[[Any], Sequence[str]]


@dataclass(frozen=True)
class WrongLine:
    """A line that cannot be imported: its number, the reason, and the label of the column."""

    line: int
    reason: Any
    column: Any = ""


@dataclass
class Plan:
    """The content of a file: the rows to store, the wrong lines, and the names of ignored columns."""

    rows: list[Any] = field(default_factory=list)
    bad: list[WrongLine] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Header:
    delimiter: str
    width: int
    places: dict[int, Column]
    ignored: list[str]


# --- Reading ------------------------------------------------------------------------------------------------------


def parse(kind: Kind, data: bytes) -> Plan:
    """Read a file into a plan, in which wrong lines are listed. Raises InvalidInput at ``file`` for a wrong file."""
    if len(data) > MAX_BYTES:
        raise _refusal(lazy("The file is larger than 5 MB. Split it."))
    lines = list(io.StringIO(_text(data), newline=""))
    # Some spreadsheets say on a line of its own what stands between the cells.
    skipped = 1 if _SEPARATOR.fullmatch(lines[0]) and len(lines) > 1 else 0
    lines = lines[skipped:]
    header = _header(kind, lines)
    plan, seen = Plan(ignored=header.ignored), dict[Any, int]()
    for count, (line, cells) in enumerate(_rows(lines, header.delimiter, before=skipped)):
        if count > MAX_ROWS:
            raise _refusal(lazy("The file has more than 50,000 lines. Split it."))
        if count and any(cells if isinstance(cells, list) else ["-"]):
            _read_row(kind, plan, seen, line, cells, header)
    if not plan.rows and not plan.bad:
        raise _refusal(lazy("The file has no line below its first one."))
    return plan


def _refusal(message: Any) -> InvalidInput:
    return InvalidInput(message, field="file")


def _text(data: bytes) -> str:
    if not data.strip():
        raise _refusal(lazy("The file is empty."))
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _refusal(lazy("This is not a text file. Save the sheet as CSV, in UTF-8."))


def _rows(lines: list[str], delimiter: str, before: int = 0) -> Iterator[tuple[int, list[str] | None]]:
    """Yield the number of each row's first line with its cells; None instead of cells for a row that is no CSV.

    `before` is how many lines stand above these. A cell that an export kept from being a formula is read as it was.
    """
    reader, line = csv.reader(iter(lines), delimiter=delimiter), before + 1
    while True:
        try:
            cells: list[str] | None = [_QUOTED.sub("", cell.strip()) for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error:
            cells = None
        yield line, cells
        line = before + reader.line_num + 1


def _header(kind: Kind, lines: list[str]) -> _Header:
    """Return the first line, read with the delimiter that yields most known columns. Raises InvalidInput."""
    header = max((_header_with(kind, lines, delimiter) for delimiter in DELIMITERS), key=lambda one: len(one.places))
    columns = list(header.places.values())
    missing = [column for column in kind.columns if column.needed and column not in columns]
    if missing:
        raise _refusal(lazy("The first line names no column “%(name)s”.", name=missing[0].label))
    twice = [column for column in columns if columns.count(column) > 1]
    if twice:
        raise _refusal(lazy("The first line names the column “%(name)s” twice.", name=twice[0].label))
    return header


def _header_with(kind: Kind, lines: list[str], delimiter: str) -> _Header:
    cells = next(_rows(lines, delimiter))[1] or []
    columns = {_folded(name): column for column in kind.columns for name in column.headers}
    places = {place: columns[_folded(cell)] for place, cell in enumerate(cells) if _folded(cell) in columns}
    ignored = [cell[:60] for place, cell in enumerate(cells) if place not in places and cell]
    return _Header(delimiter, len(cells), places, ignored[:MAX_IGNORED])


def _folded(header: str) -> str:
    return re.sub(r"[^a-z0-9]", "", folding.fold(header))


def _read_row(
    kind: Kind, plan: Plan, seen: dict[Any, int], line: int, cells: list[str] | None, header: _Header
) -> None:
    """Read one row into the plan."""
    try:
        row = kind.read(_values(cells, header))
        if row.key in seen:
            raise InvalidInput(lazy("The same stands on line %(line)d already.", line=seen[row.key]))
    except HelpdeskError as error:
        plan.bad.append(WrongLine(line, error.message, _label(kind, error.field or "")))
        return
    seen[row.key] = line
    plan.rows.append(row)


def _values(cells: list[str] | None, header: _Header) -> dict[str, str]:
    if cells is None:
        raise InvalidInput(lazy("This line cannot be read: too long, or a quotation mark is not closed."))
    if any(cells[header.width :]):
        raise InvalidInput(lazy("More cells than the first line has: a cell that holds a comma needs quotation marks."))
    return {column.name: cells[place] for place, column in header.places.items() if place < len(cells)}


def _label(kind: Kind, field: str) -> Any:
    return next((column.label for column in kind.columns if field and field.startswith(column.name)), "")


# --- Keeping the file between preview and confirmation ------------------------------------------------------------


def keep(kind: Kind, data: bytes, *, actor: Agent) -> str:
    """Keep a file for an hour, for the agent who uploaded it; return its key. Raises NotAllowed."""
    access.require(actor, "configure")
    purge()
    key = secrets.token_urlsafe(32)
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _path(kind, key, actor)
    path.touch(mode=0o600)
    path.write_bytes(data)
    return key


def run(kind: Kind, key: str, *, actor: Agent) -> tuple[Stored, int]:
    """Store the right rows of a kept file; return their counts and the number of wrong lines.

    Raises NotFound when the file is no longer kept.
    """
    access.require(actor, "configure")
    purge()
    path = _path(kind, key, actor) if KEY.fullmatch(key) else None
    if path is None or not path.is_file():
        raise NotFound(lazy("This file is not kept any more: it was imported, or it waited for an hour."))
    plan = parse(kind, path.read_bytes())
    result = kind.store(plan.rows)
    journal.record(journal.Act.IMPORTED, actor=actor, subject=kind.title, count=len(plan.rows))
    path.unlink(missing_ok=True)
    return result, len(plan.bad)


def purge() -> None:
    """Delete the files that were not confirmed in time."""
    oldest = time.time() - LIFETIME.total_seconds()
    for path in _folder().glob("*.csv"):
        # Another process may be deleting the same one.
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                path.unlink()


def _folder() -> Path:
    return environment.current().data_dir / "imports"


def _path(kind: Kind, key: str, actor: Agent) -> Path:
    return _folder() / f"{kind.key}-{actor.id}-{key}.csv"
