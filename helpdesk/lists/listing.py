"""The one query object behind every list of tickets: criteria, order, keyset page, counts.

Ids first, rows second (reference: one join of seven tables costs 16 times as much on PostgreSQL). The first order is
(−weight, waiting since, id), all ascending; each order has its index, so that a page begins after a key.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from peewee import SQL, Case, Expression, ModelSelect, Select, fn

from database import database
from helpdesk import access, search
from helpdesk.lib.paging import Order, pack
from helpdesk.lists import counting
from helpdesk.lists.rows import Row, rows_of
from models import LIVE, ORDER, Agent, Ticket, TicketTag

PAGE_SIZE = 25
#: Rows that stand beside a ticket.
BESIDE = 50
#: Counts stop here and are shown as "1000+".
COUNT_LIMIT = 1_000
#: New tickets are announced up to this number.
NEWS_LIMIT = 100

VIEWS = ("open", "mine", "unassigned", "closed", "spam", "bin", "all")
#: Lists of what is open.
LIVE_VIEWS = frozenset({"open", "mine", "unassigned"})
SORTS = ("urgent", "newest", "oldest")
URGENT = Order(ORDER)


@dataclass(frozen=True)
class Page:
    """Some rows of a list and the keys of its neighbours."""

    rows: list[Row]
    after: str | None = None
    before: str | None = None


class Tally(NamedTuple):
    """How many tickets a list holds, how many of them wait, and whether a search left older matches out."""

    total: int
    waiting: int
    is_cut: bool = False


class Place(NamedTuple):
    """Where a ticket stands in a list: the numbers of its neighbours, its position, and how many the list holds."""

    before: str | None
    after: str | None
    position: int
    total: int


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
    waits: bool = False
    text: str = ""
    scope: str = "everywhere"
    reach: int | None = None
    sort: str = ""
    size: int = field(default=PAGE_SIZE)

    def conditions(self) -> list[Expression]:
        """Return the criteria beyond sight."""
        conditions: list[Expression] = [_VIEWS[self.view](self.agent)] if self.view in _VIEWS else []
        for column, value in (
            (Ticket.service, self.service_id),
            (Ticket.department, self.department_id),
            (Ticket.status, self.status_id),
            (Ticket.priority, self.priority_id),
            (Ticket.assignee, self.assignee_id),
            (Ticket.team, self.team_id),
        ):
            if value is not None:
                conditions.append(column == value)
        if self.waits:
            conditions.append(Ticket.awaits_reply)
        if self.tag_id is not None:
            conditions.append(Ticket.id.in_(TicketTag.select(TicketTag.ticket).where(TicketTag.tag == self.tag_id)))
        return conditions

    def query(self, *columns: Any) -> ModelSelect:
        """Return the matching tickets the agent may see, in no order."""
        query = access.visible_tickets(self.agent).select(*columns)
        conditions = self.conditions()
        if self.text:
            ids = search.ticket_ids(self.text, self.scope, self.looked_at)
            conditions.append(Ticket.id.in_(ids) if ids is not None else SQL("1 = 0"))
        return query.where(*conditions) if conditions else query

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
        return SORTS if self.view in LIVE_VIEWS and not self.text else SORTS[1:]

    @property
    def order(self) -> Order:
        """Return the order; each one is that of an index."""
        chosen = self.sort if self.sort in self.sorts else self.sorts[0]
        if chosen == "urgent":
            return URGENT
        if chosen == "oldest" and self.view not in {"spam", "bin"}:
            return Order((Ticket.id,))
        moment = Ticket.binned_at if self.view == "bin" else Ticket.last_activity
        return Order((moment, Ticket.id), descending=chosen == "newest")

    def page(self, *, after: str = "", before: str = "") -> Page:
        """Return the page that begins after, or ends before, a key; the first one for a key that is not ours."""
        key, backwards = self.order.read(after or before), bool(before) and not after
        query = self.query(Ticket.id, *self.order.columns)
        if key is not None:
            query = query.where(self.order.beyond(key, backwards=backwards))
        query = query.order_by(*self.order.terms(backwards=backwards)).limit(self.size + 1)
        rows = list(query.tuples())
        more, rows = len(rows) > self.size, rows[: self.size]
        if backwards:
            rows.reverse()
        keys = [pack(row[1:]) for row in (rows[:1] + rows[-1:])]
        return Page(
            rows_of([row[0] for row in rows], self.agent),
            after=keys[-1] if keys and (more or backwards) else None,
            before=keys[0] if keys and key is not None and (more or not backwards) else None,
        )

    @property
    def is_plain(self) -> bool:
        """Whether this is a list of the menu, whose figures are known."""
        criteria = (self.status_id, self.priority_id, self.assignee_id, self.team_id, self.tag_id)
        placed = self.service_id is not None or self.department_id is not None
        both = self.service_id is not None and self.department_id is not None
        simple = not any(value is not None for value in criteria) and not self.waits and not self.text
        return simple and self.view in LIVE_VIEWS and not both and (self.view == "open" or not placed)

    def tally(self, page: Page | None = None) -> Tally:
        """Return how many tickets match and how many of them wait for a reply, at most `COUNT_LIMIT`.

        A `page` that holds them all is counted itself.
        """
        matches = search.matches(self.text, self.scope, self.looked_at) if self.text else []
        if page is not None and page.after is None and page.before is None:
            [looked_at] = Select([], matches).bind(database).tuples() if matches else [()]
            return Tally(len(page.rows), sum(row.awaits_reply for row in page.rows), self.looked_at in looked_at)
        if self.is_plain:
            place = (self.view, self.service_id, self.department_id)
            return Tally(counting.counts(self.agent).of(*place), counting.waiting(self.agent).of(*place))
        few = self.query(Ticket.awaits_reply.alias("waits")).limit(COUNT_LIMIT).alias("few")
        counted = Select([few], [fn.COUNT(SQL("*")), fn.SUM(Case(None, ((few.c.waits, 1),), 0)), *matches])
        total, waiting, *looked_at = counted.tuples().execute(database)[0]
        return Tally(int(total), int(waiting or 0), self.looked_at in looked_at)

    def newer(self, than: int) -> int:
        """Return how many matching tickets were opened after the one with this id, at most `NEWS_LIMIT`."""
        return int(self.query(SQL("1")).where(Ticket.id > than).limit(NEWS_LIMIT).count())

    def place_of(self, ticket: Ticket) -> Place:
        """Return the tickets before and after this one in the list, and its position: one statement.

        Beyond `COUNT_LIMIT`, and where the list does not hold the ticket, the position is 0.
        """
        key = tuple(getattr(ticket, column.name) for column in self.order.columns)
        sides = []
        for backwards in (True, False):
            query = self.query(Ticket.number).where(self.order.beyond(key, backwards=backwards))
            sides.append(query.order_by(*self.order.terms(backwards=backwards)).limit(1))
        ahead = self.query(SQL("1")).where(self.order.beyond(key, backwards=True)).limit(COUNT_LIMIT)
        counted = [ahead, self.query(SQL("1")).where(Ticket.id == ticket.id)]
        if not self.is_plain:
            counted.append(self.query(SQL("1")).limit(COUNT_LIMIT))
        counts = [Select([few], [fn.COUNT(SQL("*"))]) for few in (query.alias("few") for query in counted)]
        [(before, after, passed, held, *total)] = Select([], sides + counts).bind(database).tuples()
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


def newest_id() -> int:
    """Return the id of the newest ticket of the desk: what is opened later is news."""
    return int(Ticket.select(fn.MAX(Ticket.id)).scalar() or 0)


_VIEWS: dict[str, Any] = {
    "open": lambda agent: LIVE,
    "mine": lambda agent: LIVE & (Ticket.assignee == agent.id),
    "unassigned": lambda agent: SQL(
        "is_open AND NOT is_spam AND NOT in_bin AND assignee_id IS NULL AND team_id IS NULL"
    ),
    "closed": lambda agent: SQL("NOT is_open AND NOT is_spam AND NOT in_bin"),
    "spam": lambda agent: SQL("is_spam AND NOT in_bin"),
    "bin": lambda agent: SQL("in_bin"),
    "all": lambda agent: SQL("NOT in_bin"),
}
