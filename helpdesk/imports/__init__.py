"""Importing lists (orders, customers, agents): read tolerantly, previewed, stored once even when sent again.
It may import people and what stands before them.
No screen: the preview is `admin_views/base/importing.py`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from helpdesk import folding
from helpdesk.errors import HelpdeskError, InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import spreadsheet_cells
from helpdesk.orders import Stored
from models import Agent

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 50_000
#: Rows that a preview shows.
PREVIEW = 20
#: Wrong lines that a preview lists; it counts the others.
MAX_BAD = 1_000
#: Unknown columns that a preview names.
MAX_IGNORED = 20
DELIMITERS = ",;\t"
#: Columns that a first line must name to be one that names the columns, where lines may begin at once.
LEAST = 2
_SEPARATOR = re.compile(r"\s*sep=.?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """A column of the file: its name, its label, and the headers under which it is recognised (in any case)."""

    name: str
    label: Any
    headers: tuple[str, ...]
    needed: bool = False


@dataclass(frozen=True)
class Kind:
    """A kind of import: `read` checks a row, `store` stores the results of `read`, `cells` shows one in the preview.

    ``store(rows, actor, write)`` counts only, without `write`.
    """

    key: str
    title: Any
    heading: Any
    columns: tuple[Column, ...]
    read: Callable[[Mapping[str, str]], Any]
    store: Callable[[Sequence[Any], Agent, bool], Stored]
    cells: Callable[[Any], Sequence[str]]
    #: What one must be allowed to do.
    verb: str = "configure"
    max_rows: int = MAX_ROWS
    shown: int = PREVIEW
    #: What parts the cells of lines that are pasted without a first one which names the columns; empty: none are taken.
    pasted: str = ""
    #: Deletes the new rows of an import again, as far as nothing relies on them by now, and returns how many.
    take_back: Callable[[Mapping[int, str], Agent], int] | None = None


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
    #: Lines above the first row.
    lines: int = 1


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
        if count >= kind.max_rows + header.lines:
            raise _refusal(_too_many(kind.max_rows))
        if count >= header.lines and any(cells if isinstance(cells, list) else ["-"]):
            _read_row(kind, plan, seen, line, cells, header)
    if not plan.rows and not plan.bad:
        raise _refusal(lazy("The file has no line below its first one."))
    return plan


def _too_many(limit: int) -> Any:
    if limit == MAX_ROWS:
        return lazy("The file has more than 50,000 lines. Split it.")
    return lazy("At most %(limit)d lines at a time: split the list.", limit=limit)


def _refusal(message: Any) -> InvalidInput:
    return InvalidInput(message, field="file")


def _text(data: bytes) -> str:
    if not data.strip():
        raise _refusal(lazy("The file is empty."))
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not text.strip():
            raise _refusal(lazy("The file is empty."))
        return text
    raise _refusal(lazy("This is not a text file. Save the sheet as CSV, in UTF-8."))


def _rows(lines: list[str], delimiter: str, before: int = 0) -> Iterator[tuple[int, list[str] | None]]:
    """Yield the number of each row's first line with its cells; None instead of cells for a row that is no CSV.

    `before` is how many lines stand above these. A cell that an export kept from being a formula is read as it was.
    """
    reader, line = csv.reader(iter(lines), delimiter=delimiter), before + 1
    while True:
        try:
            cells: list[str] | None = [spreadsheet_cells.original(cell.strip()) for cell in next(reader)]
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
    if missing and kind.pasted and len(columns) < LEAST:
        return _without_header(kind, lines)
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


def _without_header(kind: Kind, lines: list[str]) -> _Header:
    """Return the columns in their own order, for lines that begin at once."""
    first = [line for line in lines if line.strip()][:1]
    counts = {delimiter: len(next(_rows(first, delimiter), (0, None))[1] or []) for delimiter in kind.pasted}
    delimiter = max(counts, key=lambda one: counts[one])
    return _Header(delimiter, len(kind.columns), dict(enumerate(kind.columns)), [], lines=0)


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
    if any(cells[header.width :]) and not header.lines:
        raise InvalidInput(lazy("More cells than there are columns: a cell that holds a comma needs quotation marks."))
    if any(cells[header.width :]):
        raise InvalidInput(lazy("More cells than the first line has: a cell that holds a comma needs quotation marks."))
    return {column.name: cells[place] for place, column in header.places.items() if place < len(cells)}


def _label(kind: Kind, field: str) -> Any:
    return next((column.label for column in kind.columns if field and field.startswith(column.name)), "")
