"""Rows as CSV, written while they are sent, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any


def csv_line(values: Iterable[Any]) -> str:
    """Write a line of CSV in which no cell is a formula."""
    line = io.StringIO()
    csv.writer(line).writerow(neutral(value) for value in values)
    return line.getvalue()


def neutral(value: Any) -> Any:
    """Return a cell that a spreadsheet shows and never runs."""
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text
