"""Cells that a spreadsheet shows and never runs, and the texts that they were."""

from __future__ import annotations

import re
from typing import Any

#: What a formula begins with, for some spreadsheet.
_BEGINS = r"(?=[ \xa0]*[=+\-@＝＋－＠])"
#: Where a spreadsheet could begin a cell with a formula: also behind the separator of another country.
_FORMULA = re.compile(rf"^(?=[\t\r\n])|(?:^|(?<=[;\t\r\n])){_BEGINS}")
_NEUTRAL = re.compile(rf"^'{_BEGINS}")


def neutral(value: Any) -> Any:
    """Return a cell that a spreadsheet shows and never runs."""
    if value is None or isinstance(value, int | float):
        return value
    return _FORMULA.sub("'", str(value))


def original(cell: str) -> str:
    """Return what a cell was before `neutral` kept it from being a formula."""
    return _NEUTRAL.sub("", cell)
