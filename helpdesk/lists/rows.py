"""The rows of a list of tickets: what one line shows, read by one statement for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from peewee import JOIN, ModelSelect, fn

from database import is_sqlite
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.settings import lookups
from helpdesk.tickets import unread
from models import NO_DUE_TIME, Agent, Customer, CustomerAddress, ReadMark, Ticket, TicketTag

#: The ids of one statement are a multiple of this: a few statements, written once, serve every list.
STEP = 25


class Row(NamedTuple):
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
    waiting_since: datetime
    last_activity: datetime
    due_at: datetime
    excerpt: str
    excerpt_by: int | None
    is_snoozed: bool
    snoozed_until: datetime | None
    organisation_id: int | None
    is_unread: bool
    tags: tuple[str, ...] = ()

    @property
    def is_due(self) -> bool:
        """Whether something is due in the ticket at some time."""
        return self.due_at != NO_DUE_TIME


#: What a row takes from its ticket as it is: the field of `Row`, and its column.
_COLUMNS: dict[str, Any] = {
    "id": Ticket.id,
    "number": Ticket.number,
    "subject": Ticket.subject,
    "service_id": Ticket.service,
    "department_id": Ticket.department,
    "status_id": Ticket.status,
    "priority_id": Ticket.priority,
    "assignee_id": Ticket.assignee,
    "team_id": Ticket.team,
    "awaits_reply": Ticket.awaits_reply,
    "waiting_since": Ticket.waiting_since,
    "last_activity": Ticket.last_activity,
    "due_at": Ticket.due_at,
    "excerpt": Ticket.excerpt,
    "excerpt_by": Ticket.excerpt_by,
    "is_snoozed": Ticket.is_snoozed,
    "snoozed_until": Ticket.snoozed_until,
    "organisation_id": Ticket.organisation_id,
}


def rows_of(ids: list[int], agent: Agent) -> list[Row]:
    """Return the rows with these ids as this agent reads them, in this order: one statement, whatever their number."""
    if not ids:
        return []
    asked = ids + ids[:1] * (-len(ids) % STEP)
    by_id: dict[int, Row] = {}
    named = lookups.tag_names()
    for *values, is_unread, tag_ids, first, last, email in _rows(
        len(asked), agent=agent.id, **{f"id{place}": key for place, key in enumerate(asked)}
    ):
        customer = f"{first} {last}" if first and last else first or last or email or ""
        names = _names(tag_ids, named) if tag_ids else ()
        by_id[values[0]] = Row._make((*values[:3], customer, *values[3:], bool(is_unread), names))
    return [by_id[key] for key in ids if key in by_id]


@Prepared
def _rows(count: int) -> ModelSelect:
    join = fn.GROUP_CONCAT if is_sqlite() else fn.STRING_AGG
    tags = TicketTag.select(join(TicketTag.tag.cast("text"), ",")).where(TicketTag.ticket == Ticket.id)
    names = (Customer.first_name, Customer.last_name, CustomerAddress.email)
    return (
        Ticket.select(*_COLUMNS.values(), unread.is_unread(), tags.alias("tag_ids"), *names)
        .join(Customer)
        .switch(Ticket)
        .join(CustomerAddress, JOIN.LEFT_OUTER, on=(Ticket.address == CustomerAddress.id))
        .switch(Ticket)
        .join(ReadMark, JOIN.LEFT_OUTER, on=unread.mine(Slot("agent")))
        .where(Ticket.id.in_([Slot(f"id{place}") for place in range(count)]))
        .tuples()
    )


def _names(tag_ids: str, named: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(sorted(named[key] for key in map(int, tag_ids.split(",")) if key in named))


def newest_id() -> int:
    """Return the id of the newest ticket of the desk: what is opened later is news."""
    return int(Ticket.select(fn.MAX(Ticket.id)).scalar() or 0)
