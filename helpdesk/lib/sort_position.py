"""The position of a row in an order made by hand: a new row is put last."""

from __future__ import annotations

from typing import Any

from peewee import fn


def after_last(table: Any, *conditions: Any) -> int:
    """Return the position after the last row that matches these conditions (0 for the first row)."""
    query = table.select(fn.MAX(table.position))
    highest = (query.where(*conditions) if conditions else query).scalar()
    return 0 if highest is None else int(highest) + 1
