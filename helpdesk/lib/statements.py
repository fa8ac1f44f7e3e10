"""Prepared statements: the SQL of the busiest acts is built once, because building it takes longer than running it."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any

from peewee import (
    CharField,
    Context,
    Field,
    ForeignKeyField,
    IntegerField,
    JSONField,
    ModelDelete,
    ModelInsert,
    ModelSelect,
    ModelUpdate,
    Node,
    TextField,
    fn,
)
from peewee import ModelTupleCursorWrapper as TupleMaker

from database import Base, database, is_sqlite

#: Forms of one statement cached in the process: usually one for each set of rights.
CACHED = 256


class _Name(str):
    """The name of a slot, among the values of a built statement."""


class Slot(Node):
    """The place of a value that each run supplies, as the driver takes it: an id, a text, a time."""

    def __init__(self, name: str) -> None:
        self.name = _Name(name)

    def __sql__(self, ctx: Context) -> Context:
        return ctx.value(self.name, converter=False)


class Literal(Slot):
    """The place of a value that each run writes into the text of the statement: it must be safe there as it is.

    PostgreSQL plans such a statement for its values, where a parameter gets one plan for all of them after some runs.
    """

    def __sql__(self, ctx: Context) -> Context:
        return ctx.literal(f"\0{self.name}\0")


class Prepared:
    """A query with slots: positional arguments choose its form, named ones are the values of its slots.

    ``build`` gets the positional arguments, and its result may depend on nothing else. Use it as a decorator::

        @Prepared
        def _of_ticket() -> ModelSelect:
            return Message.select().where(Message.ticket == Slot("ticket"))

        _of_ticket(ticket=ticket.id)
    """

    def __init__(self, build: Callable[..., ModelSelect | ModelUpdate | ModelInsert | ModelDelete]) -> None:
        @lru_cache(maxsize=CACHED)
        def write(_engine: bool, *form: Hashable) -> _Statement:
            query = build(*form)
            return _Statement(query, *query.sql())

        self._write = write

    def __call__(self, *form: Hashable, **values: Any) -> list[Any]:
        """Run the statement and return its rows."""
        return self._write(is_sqlite(), *form).rows(values)

    def first(self, *form: Hashable, **values: Any) -> Any | None:
        """Run the statement, which asks for one row at most, and return that row."""
        return next(iter(self(*form, **values)), None)

    def run(self, *form: Hashable, **values: Any) -> int:
        """Run the statement, which changes, adds or deletes rows, and return how many."""
        return int(self._write(is_sqlite(), *form).run(values).rowcount)


class _Statement:
    """A built statement, and what makes objects of its rows, which peewee would work out anew for each run."""

    def __init__(self, query: Any, text: str, arguments: list[Any]) -> None:
        self._query, self._arguments = query, arguments
        #: Every second piece is the name of a literal.
        self._texts = text.split("\0")
        self._object_of: Callable[[Any], Any] | None = None

    def run(self, values: dict[str, Any]) -> Any:
        """Run the statement and return the driver's cursor."""
        arguments = [values[it] if isinstance(it, _Name) else it for it in self._arguments]
        pieces = [values[text] if place % 2 else text for place, text in enumerate(self._texts)]
        return database.execute_sql("".join(pieces), arguments)

    def rows(self, values: dict[str, Any]) -> list[Any]:
        """Run the statement and return its rows."""
        cursor = self.run(values)
        object_of = self._object_of
        if object_of is None:
            wrapper = self._query._get_cursor_wrapper(cursor)
            wrapper.initialize()
            # No row asks for the cursor of the first run: it need not stay.
            wrapper.cursor = None
            object_of = self._object_of = _maker_of(wrapper)
        return [object_of(row) for row in cursor.fetchall()]


def _maker_of(wrapper: Any) -> Callable[[Any], Any]:
    """Return what makes an object or a tuple of a row: peewee's own, which leaves alone what the driver gives right."""
    if type(wrapper) is not TupleMaker:
        if hasattr(wrapper, "_row_spec"):
            spec = wrapper._row_spec
            wrapper._row_spec = tuple((*rest, None if _is_as_given(it) else it) for *rest, it in spec)
        return wrapper.process_row
    converted = [(place, it) for place, it in enumerate(wrapper.converters) if it is not None and not _is_as_given(it)]

    def tuple_of(row: Any) -> tuple[Any, ...]:
        values = list(row)
        for place, value_of in converted:
            values[place] = value_of(values[place])
        return tuple(values)

    return tuple_of if converted else tuple


def _is_as_given(converter: Any) -> bool:
    """Whether both drivers give the values of this field as they are used: whole numbers and texts."""
    field = getattr(converter, "__self__", None)
    while isinstance(field, ForeignKeyField):
        field = field.rel_field
    kind: Any = type(field)
    is_plain = isinstance(field, IntegerField | CharField | TextField) and kind.python_value is Field.python_value
    return is_plain and kind.adapt in (IntegerField.adapt, CharField.adapt)


def insert(*rows: Base) -> None:
    """Insert new rows of one table that have the same fields set; a single row gets its id.

    For uncached tables only: an overridden ``save`` is not called.
    """
    model: Any = type(rows[0])
    fields, text = _insertion(is_sqlite(), model, frozenset(rows[0].__data__), len(rows))
    values = [_driver_value(field, row.__data__[field.name]) for row in rows for field in fields]
    cursor = database.execute_sql(text, values)
    if len(rows) == 1:
        rows[0]._pk = cursor.lastrowid if is_sqlite() else cursor.fetchone()[0]
    for row in rows:
        row._dirty.clear()


def update(row: Base) -> None:
    """Store what was changed of a row; nothing where nothing was.

    For uncached tables only: an overridden ``save`` is not called.
    """
    changed = frozenset(row._dirty) - {row._meta.primary_key.name}
    if changed:
        model: Any = type(row)
        fields, text = _change(is_sqlite(), model, changed)
        values = [_driver_value(field, row.__data__[field.name]) for field in fields]
        database.execute_sql(text, [*values, row._pk])
    row._dirty.clear()


@lru_cache(maxsize=CACHED)
def _change(_engine: bool, model: Any, names: frozenset[str]) -> tuple[list[Field], str]:
    fields = [field for field in model._meta.sorted_fields if field.name in names]
    query = model.update({field: _slot(field) for field in fields}).where(model._meta.primary_key == Slot("key"))
    return fields, query.sql()[0]


@lru_cache(maxsize=CACHED)
def _insertion(_engine: bool, model: Any, names: frozenset[str], count: int) -> tuple[list[Field], str]:
    fields = [field for field in model._meta.sorted_fields if field.name in names and not field.primary_key]
    query = model.insert_many([[_slot(field) for field in fields]] * count, fields=fields)
    return fields, query.sql()[0]


def _slot(field: Field) -> Node:
    slot = Slot(field.name)
    return fn.json(slot) if isinstance(field, JSONField) and is_sqlite() else slot


def _driver_value(field: Field, value: Any) -> Any:
    if value is not None and isinstance(field, JSONField) and is_sqlite():
        return json.dumps(value)
    return field.db_value(value)
