"""The one query object behind every list of tickets: criteria, order, keyset page, counts.

Ids first, rows second (reference: one join of seven tables costs 16 times as much on PostgreSQL); the order is
(−weight, waiting since, id), all ascending, so that a page begins after a key and never counts what it skips.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from peewee import JOIN, SQL, Expression, ModelSelect, Tuple, fn

from helpdesk import access, catalogue, search
from models import LIVE, ORDER, Agent, Customer, CustomerAddress, Tag, Ticket, TicketTag

PAGE_SIZE = 25
#: Counts stop here and are shown as "1000+".
COUNT_LIMIT = 1_000
#: Seconds for which the menu's counts may be old.
COUNTS_SECONDS = 5

VIEWS = ("open", "mine", "unassigned", "closed", "spam", "bin", "all")


@dataclass(frozen=True)
class Row:
    """A ticket as a list shows it."""

    id: int
    number: str
    subject: str
    customer: str
    service_id: int
    department_id: int | None
    status_id: int
    priority_id: int
    assignee_id: int | None
    team_id: int | None
    awaits_reply: bool
    last_activity: datetime
    tags: Sequence[str] = ()


@dataclass(frozen=True)
class Page:
    """Some rows of a list and the keys of its neighbours."""

    rows: list[Row]
    after: str | None = None
    before: str | None = None


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
    text: str = ""
    scope: str = "everywhere"
    size: int = field(default=PAGE_SIZE)

    def conditions(self) -> list[Expression]:
        """Return the criteria beyond sight."""
        wanted: list[Expression] = [_VIEWS[self.view](self.agent)] if self.view in _VIEWS else []
        for column, value in (
            (Ticket.service, self.service_id),
            (Ticket.department, self.department_id),
            (Ticket.status, self.status_id),
            (Ticket.priority, self.priority_id),
            (Ticket.assignee, self.assignee_id),
            (Ticket.team, self.team_id),
        ):
            if value is not None:
                wanted.append(column == value)
        if self.tag_id is not None:
            wanted.append(Ticket.id.in_(TicketTag.select(TicketTag.ticket).where(TicketTag.tag == self.tag_id)))
        return wanted

    def query(self, *columns: Any) -> ModelSelect:
        """Return the matching tickets the agent may see, in no order."""
        query = access.visible_tickets(self.agent).select(*columns)
        conditions = self.conditions()
        if self.text:
            found = search.ticket_ids(self.text, self.scope)
            conditions.append(Ticket.id.in_(found) if found is not None else SQL("1 = 0"))
        return query.where(*conditions) if conditions else query

    @property
    def order(self) -> tuple[Any, ...]:
        """Return the order: what waits longest first while it is open, else the newest activity first."""
        if self.view in {"open", "mine", "unassigned"} and not self.text:
            return ORDER
        if self.view == "bin":
            return (Ticket.binned_at.desc(), Ticket.id.desc())
        return (Ticket.last_activity.desc(), Ticket.id.desc())

    def page(self, *, after: str = "", before: str = "") -> Page:
        """Return the page that begins after, or ends before, a key; the first one for a key that is not ours."""
        key, backwards = _key(after or before, len(self.order)), bool(before) and not after
        query = self.query(Ticket.id)
        order = [column.asc() if backwards else column.desc() for column in _bare(self.order)]
        if self.order is ORDER:
            order = [column.desc() if backwards else column.asc() for column in ORDER]
        if key is not None:
            query = query.where(self._beyond(key, backwards))
        ids = [row[0] for row in query.order_by(*order).limit(self.size + 1).tuples()]
        more, ids = len(ids) > self.size, ids[: self.size]
        rows = rows_of(ids[::-1] if backwards else ids)
        keys = self._keys([row.id for row in rows])
        return Page(
            rows,
            after=keys[-1] if keys and (more or backwards) else None,
            before=keys[0] if keys and key is not None and (more or not backwards) else None,
        )

    def _beyond(self, key: tuple[Any, ...], backwards: bool) -> Expression:
        columns = Tuple(*_bare(self.order))
        ascending = (self.order is ORDER) != backwards
        return columns > Tuple(*key) if ascending else columns < Tuple(*key)

    def _keys(self, ids: list[int]) -> list[str]:
        if not ids:
            return []
        ends = {ids[0], ids[-1]}
        rows = Ticket.select(Ticket.id, *_bare(self.order)).where(Ticket.id.in_(ends)).tuples()
        keys = {row[0]: _pack(row[1:]) for row in rows}
        return [keys[ids[0]], keys[ids[-1]]]

    def count(self) -> int:
        """Return the number of matching tickets, at most `COUNT_LIMIT`."""
        return int(self.query(SQL("1")).limit(COUNT_LIMIT).count())

    def neighbours(self, ticket: Ticket) -> tuple[str | None, str | None]:
        """Return the numbers of the tickets before and after this one in the list."""
        key = tuple(getattr(ticket, column.name) for column in _bare(self.order))
        ascending = self.order is ORDER
        found = []
        for backwards in (True, False):
            order = [column.asc() if ascending != backwards else column.desc() for column in _bare(self.order)]
            query = self.query(Ticket.number).where(self._beyond(key, backwards))
            found.append(query.order_by(*order).limit(1).scalar())
        return found[0], found[1]

    def narrowed(self, **changes: Any) -> TicketListing:
        """Return the same list with other criteria."""
        return replace(self, **changes)


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


def _bare(order: tuple[Any, ...]) -> list[Any]:
    return [getattr(column, "node", column) for column in order]


def _pack(key: tuple[Any, ...]) -> str:
    text = json.dumps([value.isoformat() if isinstance(value, datetime) else value for value in key])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _key(text: str, length: int) -> tuple[Any, ...] | None:
    """Read a key of ours; None for anything else."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text[:200] + "=" * (-len(text) % 4)))
        key = tuple(datetime.fromisoformat(value) if isinstance(value, str) else int(value) for value in values)
    except (ValueError, TypeError, binascii.Error, OverflowError):
        return None
    fits = len(key) == length and all(isinstance(v, datetime) or abs(v) < 2**63 for v in key)
    shaped = fits and isinstance(key[-2], datetime) and isinstance(key[-1], int)
    return key if shaped else None


def rows_of(ids: list[int]) -> list[Row]:
    """Return the rows with these ids, in this order: two queries, whatever their number."""
    if not ids:
        return []
    rows = (
        Ticket.select(
            Ticket.id,
            Ticket.number,
            Ticket.subject,
            Customer.first_name,
            Customer.last_name,
            CustomerAddress.email,
            Ticket.service,
            Ticket.department,
            Ticket.status,
            Ticket.priority,
            Ticket.assignee,
            Ticket.team,
            Ticket.awaits_reply,
            Ticket.last_activity,
        )
        .join(Customer)
        .switch(Ticket)
        .join(CustomerAddress, JOIN.LEFT_OUTER, on=(Ticket.address == CustomerAddress.id))
        .where(Ticket.id.in_(ids))
        .tuples()
    )
    tags: dict[int, list[str]] = {}
    for ticket_id, name in (
        TicketTag.select(TicketTag.ticket, Tag.name).join(Tag).where(TicketTag.ticket.in_(ids)).tuples()
    ):
        tags.setdefault(ticket_id, []).append(name)
    found: dict[int, Row] = {}
    for key, number, subject, first, last, email, *others in rows:
        customer = " ".join(filter(None, (first, last))) or email or ""
        found[key] = Row(key, number, subject, customer, *others, sorted(tags.get(key, ())))
    return [found[key] for key in ids if key in found]


_Cell = tuple[int, int | None, int | None, int | None, int]
_counts: tuple[float, list[_Cell]] = (float("-inf"), [])


def _cells() -> list[_Cell]:
    """Return the live tickets counted by place and assignee: one query serves every agent for some seconds."""
    global _counts
    if time.monotonic() - _counts[0] > COUNTS_SECONDS:
        columns = (Ticket.service, Ticket.department, Ticket.assignee, Ticket.team)
        query = Ticket.select(*columns, fn.COUNT(SQL("*"))).where(LIVE).group_by(*columns)
        _counts = (time.monotonic(), list(query.tuples()))
    return _counts[1]


def forget_counts() -> None:
    """Count again for the next reader."""
    global _counts
    _counts = (float("-inf"), [])


@dataclass
class Counts:
    """What the menu shows: open tickets within an agent's sight."""

    open: int = 0
    mine: int = 0
    unassigned: int = 0
    services: dict[int, int] = field(default_factory=dict)
    departments: dict[int, int] = field(default_factory=dict)


def counts(agent: Agent) -> Counts:
    """Count the open tickets an agent sees, by place."""
    result, everything, teams = Counts(), access.sees_all(agent), set(catalogue.team_ids_of(agent.id))
    for service, department, assignee, team, number in _cells():
        if not (everything or assignee == agent.id or team in teams or access.covers(agent, service, department)):
            continue
        result.open += number
        result.mine += number if assignee == agent.id else 0
        result.unassigned += number if assignee is None and team is None else 0
        result.services[service] = result.services.get(service, 0) + number
        if department is not None:
            result.departments[department] = result.departments.get(department, 0) + number
    return result
