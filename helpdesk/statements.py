"""Statements of the busiest pages whose SQL is written once: building it anew takes longer than running it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any

from peewee import Context, ModelSelect, Node

from models import database, is_sqlite

#: Forms of one statement kept in the process: one for each set of rights, as a rule.
KEPT = 256


class _Name(str):
    """Stands among the values of a written statement where a slot was."""


class Slot(Node):
    """The place of a value that each run gives, as the driver takes it: an id, a text, a time."""

    def __init__(self, name: str) -> None:
        self.name = _Name(name)

    def __sql__(self, ctx: Context) -> Context:
        return ctx.value(self.name, converter=False)


class Prepared:
    """A select with slots: positional arguments give its form, named ones the values of its slots.

    ``build`` gets what gives the form, and nothing else may change what it returns. Decorate it::

        @Prepared
        def _of_ticket() -> ModelSelect:
            return Message.select().where(Message.ticket == Slot("ticket"))

        _of_ticket(ticket=ticket.id)
    """

    def __init__(self, build: Callable[..., ModelSelect]) -> None:
        @lru_cache(maxsize=KEPT)
        def write(_engine: bool, *form: Hashable) -> tuple[ModelSelect, str, list[Any]]:
            query = build(*form)
            return query, *query.sql()

        self._write = write

    def __call__(self, *form: Hashable, **values: Any) -> list[Any]:
        """Run the statement and return its rows."""
        query, text, given = self._write(is_sqlite(), *form)
        cursor = database.execute_sql(text, [values[it] if isinstance(it, _Name) else it for it in given])
        return list(query._get_cursor_wrapper(cursor))

    def first(self, *form: Hashable, **values: Any) -> Any | None:
        """Run the statement, which asks for one row at most, and return that row."""
        return next(iter(self(*form, **values)), None)
