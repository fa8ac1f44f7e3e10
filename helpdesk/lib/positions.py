"""Where a new row stands in an order made by hand: last."""

from __future__ import annotations

from typing import Any

from peewee import fn


def after_last(table: Any, *conditions: Any) -> int:
    """Return the position after the last of the rows that fit these conditions."""
    query = table.select(fn.MAX(table.position))
    highest = (query.where(*conditions) if conditions else query).scalar()
    return 0 if highest is None else int(highest) + 1
