"""Keyset pages of a list: a page begins after the key of a row, so that skipped rows are never counted."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import DateTimeField, Expression, Tuple

Key = tuple[datetime | int, ...]

#: The longest key that is read, in characters.
LONGEST = 200


@dataclass(frozen=True)
class Order:
    """An order of rows: columns that one index has in this order; the last one is unique."""

    columns: tuple[Any, ...]
    descending: bool = False

    def terms(self, *, backwards: bool = False) -> list[Any]:
        """Return the terms of ORDER BY."""
        down = self.descending != backwards
        return [column.desc() if down else column.asc() for column in self.columns]

    def beyond(self, key: Sequence[Any], *, backwards: bool = False) -> Expression:
        """Return the condition of the rows after this key (before it, when `backwards`)."""
        columns, values = Tuple(*self.columns), Tuple(*key)
        return columns < values if self.descending != backwards else columns > values

    def read(self, text: str) -> Key | None:
        """Return the key that `pack` wrote as this text; None for any other text."""
        try:
            values = json.loads(base64.urlsafe_b64decode(text[:LONGEST] + "=" * (-len(text) % 4)))
            pairs = zip(self.columns, values, strict=True)
            return tuple(_value(column, value) for column, value in pairs)
        except (ValueError, TypeError, binascii.Error, OverflowError):
            return None


def pack(key: Sequence[Any]) -> str:
    """Return the key of a row as a text for addresses."""
    text = json.dumps([value.isoformat() if isinstance(value, datetime) else value for value in key])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _value(column: Any, value: Any) -> datetime | int:
    if isinstance(column, DateTimeField):
        return datetime.fromisoformat(value)
    number = int(value)
    if abs(number) >= 2**63:
        raise ValueError(value)
    return number
