"""The one query object behind every list of tickets: criteria, order, keyset page, counts.

Ids first, rows second (reference: one join of seven tables costs 16 times as much on PostgreSQL). The first order is
(−weight, waiting since, id), all ascending; each order has its index, so that a page begins after a key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from peewee import SQL, ModelSelect

from helpdesk import access, clock, search
from helpdesk.due_times import rules
from helpdesk.lib.paging import Order, pack
from helpdesk.lib.statements import Prepared
from helpdesk.lists import counting, matching, period_criteria
from helpdesk.lists.matching import Shape
from helpdesk.lists.rows import Row, rows_of
from models import Agent, Ticket

PAGE_SIZE = 25
#: Rows that stand beside a ticket.
BESIDE = 50
#: Counts stop here and are shown as "1000+"; those of the lists behind a figure, which say the same number, here.
COUNT_LIMIT = 1_000
FIGURE_LIMIT = 1_000_000
#: New tickets are announced up to this number.
NEWS_LIMIT = 100

VIEWS = ("open", "mine", "unassigned", "snoozed", "overdue", "closed", "spam", "bin", "all")
#: Lists of what is open.
LIVE_VIEWS = frozenset({"open", "mine", "unassigned"})
#: The orders by time, and the orders of what is open.
BY_TIME = ("newest", "oldest")
SORTS = ("urgent", "waiting", *BY_TIME)
#: The one order of what sleeps: what wakes first.
WAKING = "waking"
#: The order of what is due first, where tickets have due times.
DUE = "due"


class Tally(NamedTuple):
    """How many tickets a list holds, how many of them wait, and whether a search left older matches out."""

    total: int
    waiting: int
    is_cut: bool = False


@dataclass(frozen=True)
class Page:
    """Some rows of a list and the keys of its neighbours."""

    rows: list[Row]
    after: str | None = None
    before: str | None = None
    #: The id of the newest ticket of the desk, where a row was met: what is opened later is news.
    newest_id: int | None = None
    #: The figures of a search, which one run finds with its rows.
    tally: Tally | None = None


class Place(NamedTuple):
    """Where a ticket stands in a list: the numbers of its neighbours, its position, and how many the list holds."""

    before: str | None
    after: str | None
    position: int
    total: int


#: What `matching.place` returns of a search for no word.
NOWHERE = (None, None, 0, 0, 0)


@dataclass(frozen=True)
class TicketListing:
    """What a list of tickets asks for."""

    agent: Agent
    view: str = "open"
    service_id: int | None = None
    department_id: int | None = None
    status_id: int | None = None
    priority_id: int | None = None
    assignee_id: int | None = None
    team_id: int | None = None
    tag_id: int | None = None
    organisation_id: int | None = None
    waits: bool = False
    #: Names of `period_criteria.CRITERIA`, each with its values.
    figures: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    text: str = ""
    scope: str = "everywhere"
    reach: int | None = None
    sort: str = ""
    size: int = field(default=PAGE_SIZE)

    @cached_property
    def shape(self) -> Shape:
        """Return what the statements of this list depend on, apart from what is searched."""
        given = [name for name in matching.CRITERIA if getattr(self, name) is not None]
        given += [name for name, _values in self.figures]
        return Shape(access.sight_of(self.agent), self.view, tuple(given), self.waits)

    @cached_property
    def values(self) -> dict[str, Any]:
        """Return who asks, and the values of the criteria."""
        values = {name: getattr(self, name) for name in self.shape.given if name in matching.CRITERIA}
        for name, given in self.figures:
            values |= dict(zip(period_criteria.slots_of(name), given, strict=True))
        return {"agent": self.agent.id} | ({"now": clock.now()} if self.view == "overdue" else {}) | values

    def query(self, *columns: Any) -> ModelSelect:
        """Return the matching tickets the agent may see, in no order."""
        query = matching.tickets(self.shape, self.values).select(*columns)
        if not self.text:
            return query
        ids = search.ticket_ids(self.text, self.scope, self.looked_at)
        return query.where(Ticket.id.in_(ids) if ids is not None else SQL("1 = 0"))

    @property
    def looked_at(self) -> int:
        """Return how many of the newest matches of each word a search looks at."""
        return self.reach or search.REACHES[0]

    @property
    def further(self) -> int | None:
        """Return how far a search may look instead; None for no further."""
        return next((reach for reach in search.REACHES if reach > self.looked_at), None)

    @property
    def sorts(self) -> tuple[str, ...]:
        """Return the orders this list is offered in, its own first: only what is open can be urgent."""
        if self.view == "snoozed":
            return (WAKING,)
        if self.view == "overdue" and not self.text:
            return (DUE,)
        if self.view not in LIVE_VIEWS or self.text:
            return BY_TIME
        return (*SORTS, DUE) if rules.exist() else SORTS

    @property
    def order(self) -> Order:
        """Return the order; each one is that of an index."""
        return matching.order_of(self.shape, self.chosen_sort)

    @property
    def chosen_sort(self) -> str:
        """Return the order as it is called: the one asked for where the list has it, else the list's own."""
        return self.sort if self.sort in self.sorts else self.sorts[0]

    def page(self, *, after: str = "", before: str = "") -> Page:
        """Return the page that begins after, or ends before, a key; the first one for a key that is not ours."""
        key, backwards = self.order.read(after or before), bool(before) and not after
        rows = self._search_page(key, backwards=backwards) if self.text else self._plain_page(key, backwards=backwards)
        more, rows = len(rows) > self.size, rows[: self.size]
        if backwards:
            rows.reverse()
        keys = [pack(row[1 : self._columns]) for row in (rows[:1] + rows[-1:])]
        further = rows[0][self._columns :] if rows else ()
        return Page(
            rows_of([row[0] for row in rows], self.agent),
            after=keys[-1] if keys and (more or backwards) else None,
            before=keys[0] if keys and key is not None and (more or not backwards) else None,
            newest_id=further[0] if further and not self.text else None,
            tally=self._tally_of(*further) if further and self.text else None,
        )

    @property
    def _columns(self) -> int:
        """How many columns of a page are the id of a row and its key; what follows is the same in each row."""
        return 1 + len(self.order.columns)

    def _plain_page(self, key: Sequence[Any] | None, *, backwards: bool) -> list[Any]:
        form = (self.shape, self.chosen_sort, key is not None, backwards, self.size)
        return matching.page(*form, **self.values, **matching.slots_of(key or ()))

    def _search_page(self, key: Sequence[Any] | None, *, backwards: bool) -> list[Any]:
        form = (self.shape, self.chosen_sort, key is not None, backwards, self.size, COUNT_LIMIT)
        return self._search(matching.search_page, *form, **matching.slots_of(key or ()))

    def _search(self, statement: Prepared, *form: Any, **values: Any) -> list[Any]:
        """Run a statement whose form ends with that of the search; return no row where the text holds no word."""
        searched = search.form_of(self.text, self.scope, self.looked_at)
        if searched is None:
            return []
        return statement(*form, searched[0], **self.values, **searched[1], **values)

    def _tally_of(self, total: int, waiting: int | None, *looked_at: int) -> Tally:
        return Tally(min(int(total), COUNT_LIMIT), min(int(waiting or 0), COUNT_LIMIT), self.looked_at in looked_at)

    @property
    def counts_all(self) -> bool:
        """Whether this is the list behind a figure, which says the same number: a period bounds what is counted."""
        return not self.text and any(name in period_criteria.OF_PERIODS for name, _values in self.figures)

    @property
    def most(self) -> int:
        """Return where the count of this list stops."""
        return FIGURE_LIMIT if self.counts_all else COUNT_LIMIT

    @property
    def is_plain(self) -> bool:
        """Whether this is a list of the menu, whose figures are known."""
        criteria = [getattr(self, name) for name in matching.CRITERIA if name not in {"service_id", "department_id"}]
        placed = self.service_id is not None or self.department_id is not None
        both = self.service_id is not None and self.department_id is not None
        simple = not any(value is not None for value in criteria) and not (self.waits or self.figures or self.text)
        return simple and self.view in LIVE_VIEWS and not both and (self.view == "open" or not placed)

    def tally(self, page: Page | None = None) -> Tally:
        """Return how many tickets match and how many of them wait for a reply, at most `most`.

        A `page` that holds them all is counted itself. Of many behind a figure nobody counts those that wait.
        """
        if page is not None and page.tally is not None:
            return page.tally
        if page is not None and page.after is None and page.before is None:
            # A search that met nothing may have left older matches out.
            [looked_at] = (self.text and self._search(matching.looked_at)) or [()]
            return self._tally_of(len(page.rows), sum(row.awaits_reply for row in page.rows), *looked_at)
        if self.is_plain:
            place = (self.view, self.service_id, self.department_id)
            return Tally(counting.counts(self.agent).of(*place), counting.waiting(self.agent).of(*place))
        if self.text:
            return self.tally(self.page())
        if self.counts_all:
            return Tally(int(matching.count(self.shape, FIGURE_LIMIT, **self.values)[0][0]), 0)
        return self._tally_of(*matching.tally(self.shape, COUNT_LIMIT, **self.values)[0])

    def newer(self, than: int) -> int:
        """Return how many matching tickets were opened after the one with this id, at most `NEWS_LIMIT`."""
        return int(self.query(SQL("1")).where(Ticket.id > than).limit(NEWS_LIMIT).count())

    def place_of(self, ticket: Ticket) -> Place:
        """Return the tickets before and after this one in the list, and its position: one statement.

        Beyond `COUNT_LIMIT`, and where the list does not hold the ticket, the position is 0.
        """
        key = tuple(getattr(ticket, column.name) for column in self.order.columns)
        form = (self.shape, self.chosen_sort, COUNT_LIMIT, self.is_plain)
        values = {**matching.slots_of(key), "ticket": ticket.id}
        if self.text:
            found = self._search(matching.place, *form, **values) or [NOWHERE]
        else:
            found = matching.place(*form, **self.values, **values)
        [(before, after, passed, held, *total)] = found
        figure = total[0] if total else self.tally().total
        position = passed + 1 if held and passed < COUNT_LIMIT else 0
        # The figures of the menu may be some seconds old.
        return Place(before, after, position, max(figure, position))

    def holds(self, ticket: Ticket) -> bool:
        """Whether this ticket is in the list."""
        return bool(self.query(Ticket.id).where(Ticket.id == ticket.id).exists())

    def around(self, ticket: Ticket) -> list[Row]:
        """Return the first rows of the list; those around this ticket where it stands further down."""
        page = self.narrowed(size=BESIDE).page()
        if any(row.id == ticket.id for row in page.rows) or not self.holds(ticket):
            return page.rows
        key, half = pack([getattr(ticket, column.name) for column in self.order.columns]), BESIDE // 2
        before = self.narrowed(size=half).page(before=key).rows
        return [*before, *rows_of([ticket.id], self.agent), *self.narrowed(size=half).page(after=key).rows]

    def narrowed(self, **changes: Any) -> TicketListing:
        """Return the same list with other criteria."""
        return replace(self, **changes)
