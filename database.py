"""The database of the process, the field types and the base classes that every table of `models.py` stands on.

This module imports peewee only. Times are naive UTC datetimes. Labels that an owner writes hold one text per language.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    DatabaseProxy,
    DateTimeField,
    Model,
    NodeList,
    TextField,
)

from engines import DatabaseFile

database = DatabaseProxy()


def is_sqlite() -> bool:
    """Whether the desk runs on the embedded engine."""
    return isinstance(database.obj, DatabaseFile)


class Label(dict[str, str]):
    """One text per language code, as an owner wrote it; ``str()`` returns the reader's."""

    #: Set by ``helpdesk.wiring``: (reader's language, desk's language).
    languages: ClassVar[Callable[[], tuple[str, str]]] = staticmethod(lambda: ("en", "en"))

    def text(self, *languages: str) -> str:
        """Return the text in the first of these languages that has one, else any text, else an empty string."""
        for language in languages:
            if self.get(language):
                return self[language]
        return next((text for text in self.values() if text), "")

    def __str__(self) -> str:
        return self.text(*Label.languages())

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(sorted(self.items())))


class LabelField(TextField):
    """Stores a `Label` as JSON with sorted keys, so that equal labels are equal texts."""

    def db_value(self, value: Any) -> Any:
        if value is None or isinstance(value, str):
            return value
        return json.dumps({key: text for key, text in value.items() if text}, ensure_ascii=False, sort_keys=True)

    def python_value(self, value: Any) -> Any:
        if value is None or isinstance(value, Label):
            return value
        return Label(json.loads(value)) if value.startswith("{") else Label(en=value)


class _UtcDateTimeField(DateTimeField):
    """A naive UTC time. SQLite returns it as text, which peewee would parse by trying out formats: far slower."""

    def python_value(self, value: Any) -> Any:
        return datetime.fromisoformat(value) if isinstance(value, str) else value


#: Typed as Any, as every field of peewee: a row's attribute is the time, not the field.
UtcDateTimeField: Any = _UtcDateTimeField


class LastingId(BigAutoField):
    """An id that is never reused (on PostgreSQL none is), for rows that texts, cookies and open pages name by id."""

    def ddl(self, ctx: Any) -> Any:
        column = super().ddl(ctx)
        return NodeList((column, SQL("AUTOINCREMENT"))) if is_sqlite() else column


class Base(Model):
    """A table with a 64-bit id that saves only the fields that changed."""

    id = BigAutoField()

    class Meta:
        database = database
        only_save_dirty = True
        legacy_table_names = False


class Stamp(Base):
    """One row whose value changes with every change of a cached table or setting, to outdate all caches."""

    value = BigIntegerField(default=0)

    @classmethod
    def bump(cls) -> None:
        """Outdate the caches of all processes; call it in the transaction that changes a cached table or setting."""
        Cached.version += 1
        if not cls.update(value=cls.value + 1).where(cls.id == 1).execute():
            cls.insert(id=1, value=1).on_conflict_ignore().execute()


class Cached(Base):
    """A small table that people change by hand and every page reads: it is cached until the stamp changes.

    Code that changes such a table other than through an instance must call `Stamp.bump`.
    """

    id: Any = LastingId()
    version: ClassVar[int] = 0
    #: Called with a row just before it is deleted, in the same transaction.
    before_delete: ClassVar[list[Callable[[Any], None]]] = []

    def save(self, *args: Any, **kwargs: Any) -> Any:
        result = super().save(*args, **kwargs)
        Stamp.bump()
        return result

    def delete_instance(self, *args: Any, **kwargs: Any) -> Any:
        for watcher in Cached.before_delete:
            watcher(self)
        result = super().delete_instance(*args, **kwargs)
        Stamp.bump()
        return result
