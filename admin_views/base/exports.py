"""Rows as CSV for the reader’s spreadsheet, written while they are sent, and harmless there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response, stream_with_context

from helpdesk import i18n
from helpdesk.lib.spreadsheet_cells import neutral

#: By it, spreadsheets know that a file is UTF-8.
MARK = "\ufeff"


def csv_response(lines: Iterable[Iterable[Any]], name: str) -> Response:
    """Send lines of cells as a file of this name, one after the other."""
    headers = {"Content-Disposition": f"attachment; filename={name}.csv"}
    return Response(stream_with_context(_written(lines)), mimetype="text/csv", headers=headers)


def _written(lines: Iterable[Iterable[Any]]) -> Iterator[str]:
    # Where the comma is decimal, spreadsheets take a semicolon between cells.
    delimiter = ";" if i18n.decimal_mark() == "," else ","
    yield MARK
    for line in lines:
        yield csv_line((_with_comma(cell) if delimiter == ";" else cell for cell in line), delimiter)


def _with_comma(cell: Any) -> Any:
    return str(cell).replace(".", ",") if isinstance(cell, float) else cell


def csv_line(values: Iterable[Any], delimiter: str = ",") -> str:
    """Write a line of CSV in which no cell is a formula."""
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter).writerow(neutral(value) for value in values)
    return line.getvalue()
