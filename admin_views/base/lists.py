"""What a generated list shows: searched, filtered, ordered, and cut to what a page can hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from flask_admin.contrib.peewee.filters import FilterEqual
from peewee import ForeignKeyField, ModelSelect

from database import Base
from helpdesk import folding
from helpdesk.i18n import _

#: A list reaches this far; beyond it, one searches.
MAX_ROWS = 10_000
MAX_SEARCH, MAX_WORDS = 200, 12


class ChoiceFilter(FilterEqual):
    """A filter over a native select whose choices are read when the list is shown."""

    def __init__(self, column: Any, name: Any, choices: Callable[[], Iterable[tuple[Any, Any]]]) -> None:
        super().__init__(column, name)
        self.choices = choices

    def live(self) -> list[tuple[str, str]]:
        """Return what may be chosen now."""
        return [(str(value), str(label)) for value, label in self.choices()]

    def clean(self, value: str) -> str:
        """Return the value, or raise ValueError for one that is not offered."""
        if value not in dict(self.live()):
            raise ValueError(value)
        return value


class Lists:
    """The list side of `DeskView`; the stock one joins, counts and reads without bounds."""

    table: ClassVar[type[Base]]
    column_formatters: Any
    page_size = 25

    def complete(self, rows: list[Any]) -> None:
        """Fill in what the columns need of other tables: one query per page, not per row."""

    def prefetch(self, rows: Sequence[Any], columns: Iterable[tuple[str, Any]], formatters: Mapping[str, Any]) -> None:
        """Read the rows that foreign keys among these columns name: one query a key, not one a row.

        A column with a formatter is left out: it is written from what is in memory.
        """
        for name, _title in columns:
            key = self.table._meta.fields.get(name.partition(".")[0])
            if isinstance(key, ForeignKeyField) and name not in formatters:
                ids = {row.__data__[key.name] for row in rows} - {None}
                table = key.rel_model
                by_id = {row.id: row for row in table.select().where(table.id.in_(ids))} if ids else {}
                for row in rows:
                    if row.__data__[key.name] in by_id:
                        row.__rel__[key.name] = by_id[row.__data__[key.name]]

    def _get_list_extra_args(self) -> Any:
        args = super()._get_list_extra_args()  # type: ignore[misc]
        args.page = min(max(args.page, 0), MAX_ROWS // self.page_size)
        args.search = " ".join((args.search or "").replace("\0", "")[:MAX_SEARCH].split()[:MAX_WORDS]) or None
        # They would come back as keyword arguments of `url_for`: ?endpoint=x or ?_external=1 in every link.
        args.extra_args = {}
        return args

    def search_placeholder(self) -> str:
        """Return what stands in the empty search box."""
        return _("Search")

    def get_list(
        self, page: Any, sort_column: Any, sort_desc: Any, search: Any, filters: Any,
        execute: bool = True, page_size: int | None = None,
    ) -> tuple[int, list[Any]]:  # fmt: skip
        """Return how many rows there are (counted up to `MAX_ROWS`) and those of the page."""
        size = page_size or self.page_size
        query = self.narrowed(search, filters)
        rows = list(self.ordered(query, sort_column, sort_desc).limit(size).offset((page or 0) * size))
        self.prefetch(rows, self._list_columns, self.column_formatters)  # type: ignore[attr-defined]
        self.complete(rows)
        if search and len(rows) < size and (rows or not page):
            # Its last page says how many there are: a search that finds little is not run twice.
            return (page or 0) * size + len(rows), rows
        return query.limit(MAX_ROWS).count(), rows

    def narrowed(self, search: str | None, filters: Any) -> ModelSelect:
        """Return the rows that have every word of the search and fit every filter."""
        query = self.get_query()  # type: ignore[attr-defined]
        for word in (search or "").split() if self._search_supported else ():  # type: ignore[attr-defined]
            query = query.where(self.condition_of(word))
        for index, _name, value in filters or ():
            chosen = self._filters[index]  # type: ignore[attr-defined]
            query = chosen.apply(query, chosen.clean(value))
        return query

    def named(self, row: Any) -> str:
        """Return how a row is called: in titles, questions and messages."""
        return str(row)

    def is_action_available(self, _action: Any, _row: Any) -> bool:
        """Whether an act of a row makes sense for this one."""
        return True

    def condition_of(self, word: str) -> Any:
        """Return the condition that a row holds this word."""
        first, *others = self._search_fields  # type: ignore[attr-defined]
        condition = folding.contains(first, word)
        for field in others:
            condition |= folding.contains(field, word)
        return condition

    def ordered(self, query: ModelSelect, column: Any, descending: Any) -> ModelSelect:
        """Return the rows in the order asked for, or the screen's own; the id settles ties."""
        sortable = self._sortable_columns  # type: ignore[attr-defined]
        order = [(column, descending)] if column in sortable else self._get_default_order() or []  # type: ignore[attr-defined]
        fields = [(getattr(self.table, sortable.get(name, name)), desc) for name, desc in order]
        return query.order_by(*(field.desc() if desc else field for field, desc in fields), self.table.id)

    def _get_filter_groups(self) -> Any:
        groups = super()._get_filter_groups()  # type: ignore[misc]
        for item in (item for items in (groups or {}).values() for item in items):
            chosen = self._filter_args[item["arg"]][1]  # type: ignore[attr-defined]
            if isinstance(chosen, ChoiceFilter):
                item["options"] = chosen.live()
        return groups
