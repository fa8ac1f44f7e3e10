"""The tickets that a list asks for. Lists of one shape differ in their values only, and have the same statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from peewee import CTE, SQL, Case, ModelSelect, Select, fn

from database import database, is_sqlite
from helpdesk import access, search
from helpdesk.access import Sight
from helpdesk.lib.paging import Order
from helpdesk.lib.statements import Literal, Prepared, Slot
from helpdesk.lists import period_criteria
from models import LIVE, ORDER, Ticket, TicketTag

#: The orders that are the same in each list that has them, by their names.
ORDERS = {
    "urgent": Order(ORDER),
    # What waits, the longest first, whatever its priority; then the others.
    "waiting": Order((Ticket.waiting_since, Ticket.id)),
    "waking": Order((Ticket.snoozed_until, Ticket.id)),
    "due": Order((Ticket.due_at, Ticket.id)),
}

#: The criteria that name a row, and their columns; a tag has a table of its own.
COLUMNS: dict[str, Any] = {
    "service_id": Ticket.service,
    "department_id": Ticket.department,
    "status_id": Ticket.status,
    "priority_id": Ticket.priority,
    "assignee_id": Ticket.assignee,
    "team_id": Ticket.team,
    "organisation_id": Ticket.organisation_id,
}
CRITERIA = (*COLUMNS, "tag_id")

VIEWS: dict[str, Any] = {
    "open": LIVE,
    "mine": LIVE,
    "overdue": LIVE,
    "unassigned": SQL(f"{LIVE.sql} AND assignee_id IS NULL AND team_id IS NULL"),
    "snoozed": SQL("is_snoozed"),
    "closed": SQL("NOT is_open AND NOT is_spam AND NOT in_bin"),
    "spam": SQL("is_spam AND NOT in_bin"),
    "bin": SQL("in_bin"),
    "all": SQL("NOT in_bin"),
}


class Shape(NamedTuple):
    """What a list asks for, apart from the values of its criteria."""

    sight: Sight | None
    view: str
    #: Names of `CRITERIA` and of `period_criteria.CRITERIA`.
    given: tuple[str, ...]
    waits: bool


def tickets(shape: Shape, values: Mapping[str, Any]) -> ModelSelect:
    """Return the matching tickets, in no order.

    `values` are those of the criteria, `agent` who asks and `now` the present time (or the slots of these).
    """
    query = access.within(shape.sight, values["agent"], by_place=period_criteria.moment_of(shape.given) is None)
    conditions = [VIEWS[shape.view]] if shape.view in VIEWS else []
    if shape.view == "mine":
        conditions.append(Ticket.assignee == values["agent"])
    if shape.view == "overdue":
        conditions.append(Ticket.due_at <= values["now"])
    conditions += [COLUMNS[name] == values[name] for name in shape.given if name in COLUMNS]
    for name in shape.given:
        if name in period_criteria.CRITERIA:
            conditions += period_criteria.CRITERIA[name].conditions(
                *(values[slot] for slot in period_criteria.slots_of(name))
            )
    if shape.waits:
        conditions.append(Ticket.awaits_reply)
    if "tag_id" in shape.given:
        tagged = TicketTag.select(TicketTag.ticket).where(TicketTag.tag == values["tag_id"])
        conditions.append(Ticket.id.in_(tagged))
    return query.where(*conditions) if conditions else query


def order_of(shape: Shape, sort: str) -> Order:
    """Return the order of a list; each one is that of an index."""
    if sort in ORDERS:
        return ORDERS[sort]
    moment = period_criteria.moment_of(shape.given)
    if moment is None:
        if sort == "oldest" and shape.view not in {"spam", "bin"}:
            return Order((Ticket.id,))
        moment = Ticket.binned_at if shape.view == "bin" else Ticket.last_activity
    return Order((moment, Ticket.id), descending=sort == "newest")


def slots_of(key: Sequence[Any]) -> dict[str, Any]:
    """Return the values of the slots for the key of a row."""
    return {f"key{place}": value for place, value in enumerate(key)}


def _key_slots(order: Order) -> list[Slot]:
    return [Slot(f"key{place}") for place in range(len(order.columns))]


def _slotted(shape: Shape) -> ModelSelect:
    """Return the tickets of a shape with slots for its values."""
    names = [
        slot
        for name in shape.given
        for slot in (period_criteria.slots_of(name) if name in period_criteria.CRITERIA else [name])
    ]
    return tickets(shape, {name: Slot(name) for name in (*names, "agent", "now")})


@Prepared
def page(shape: Shape, sort: str, begins: bool, backwards: bool, size: int) -> ModelSelect:
    """Return a page of a list: ids, keys, and the newest ticket of the desk (what is opened later is news)."""
    order, newest = order_of(shape, sort), Ticket.alias()
    query = _slotted(shape).select(Ticket.id, *order.columns, newest.select(fn.MAX(newest.id)))
    if begins:
        query = query.where(order.beyond(_key_slots(order), backwards=backwards))
    return query.order_by(*order.terms(backwards=backwards)).limit(size + 1).tuples()


@Prepared
def search_page(
    shape: Shape, sort: str, begins: bool, backwards: bool, size: int, most: int, form: search.Form
) -> ModelSelect:
    """Return a page of a search; it counts what is met, up to a number, and looked at: the search is run once."""
    order, (parts, lists) = order_of(shape, sort), _search_parts(form)
    matching = _met(shape, parts)
    few = matching.select(Ticket.awaits_reply).limit(most).cte("few", columns=("waits",))
    figures = [Select([few], [one]) for one in _figures(few)]
    query = matching.select(Ticket.id, *order.columns, *figures, *map(search.count_of, lists))
    if begins:
        query = query.where(order.beyond(_key_slots(order), backwards=backwards))
    return query.order_by(*order.terms(backwards=backwards)).limit(size + 1).with_cte(*parts, few).tuples()


@Prepared
def looked_at(form: search.Form) -> Select:
    """Return how many matches of each word a search looks at: with as many as its reach, older ones are left out."""
    parts, lists = _search_parts(form)
    return Select([], [search.count_of(one) for one in lists]).bind(database).with_cte(*parts).tuples()


def _search_parts(form: search.Form) -> tuple[list[CTE], list[CTE]]:
    return search.parts_of(form, Slot if is_sqlite() else Literal)


def _met(shape: Shape, parts: Sequence[CTE]) -> ModelSelect:
    """Return the tickets of a shape that a search meets; these are the parts of its statement."""
    return _slotted(shape).where(Ticket.id.in_(Select([parts[-1]], [parts[-1].c.ticket_id])))


def _figures(few: Any) -> list[Any]:
    """Return columns that count some tickets, and those of them that wait for a reply."""
    return [fn.COUNT(SQL("*")), fn.SUM(Case(None, ((few.c.waits, 1),), 0))]


@Prepared
def tally(shape: Shape, most: int) -> ModelSelect:
    """Return how many tickets match, and how many of them wait, up to a number."""
    few = _slotted(shape).select(Ticket.awaits_reply.alias("waits")).limit(most).alias("few")
    return Select([few], _figures(few)).bind(database).tuples()


@Prepared
def count(shape: Shape, most: int) -> ModelSelect:
    """Return how many tickets match, up to a number: where an index holds all that is asked, it alone is read."""
    few = _slotted(shape).select(SQL("1")).limit(most).alias("few")
    return Select([few], [fn.COUNT(SQL("*"))]).bind(database).tuples()


@Prepared
def place(shape: Shape, sort: str, most: int, is_plain: bool, form: search.Form | None = None) -> ModelSelect:
    """Return the numbers of a ticket's neighbours in a list, how many stand before it, and whether the list holds it.

    Of a list that is not plain also how many it holds. A search is run once.
    """
    order, parts = order_of(shape, sort), _search_parts(form)[0] if form is not None else []
    tickets = _met(shape, parts) if parts else _slotted(shape)
    key, sides = _key_slots(order), []
    for backwards in (True, False):
        query = tickets.select(Ticket.number).where(order.beyond(key, backwards=backwards))
        sides.append(query.order_by(*order.terms(backwards=backwards)).limit(1))
    counted = [
        tickets.select(SQL("1")).where(order.beyond(key, backwards=True)).limit(most),
        tickets.select(SQL("1")).where(Ticket.id == Slot("ticket")),
    ]
    if not is_plain:
        counted.append(tickets.select(SQL("1")).limit(most))
    figures = [Select([few], [fn.COUNT(SQL("*"))]) for few in (query.alias("few") for query in counted)]
    statement = Select([], sides + figures).bind(database).tuples()
    return statement.with_cte(*parts) if parts else statement
