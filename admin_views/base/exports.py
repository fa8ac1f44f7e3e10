"""Rows as CSV, written while they are sent, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

#: Where a spreadsheet could begin a cell with a formula: also behind the separator of another country.
_FORMULA = re.compile(r"^(?=[\t\r\n])|(?:^|(?<=[;\t\r\n]))(?=[ \xa0]*[=+\-@＝＋－＠])")


def csv_line(values: Iterable[Any]) -> str:
    """Write a line of CSV in which no cell is a formula."""
    line = io.StringIO()
    csv.writer(line).writerow(neutral(value) for value in values)
    return line.getvalue()


def neutral(value: Any) -> Any:
    """Return a cell that a spreadsheet shows and never runs."""
    if value is None or isinstance(value, int | float):
        return value
    return _FORMULA.sub("'", str(value))
