"""The rows of a list: tickets as one agent reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from peewee import JOIN

from helpdesk.tickets import unread
from models import Agent, Customer, CustomerAddress, ReadMark, Tag, Ticket, TicketTag


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
    excerpt: str
    excerpt_by: int | None
    is_unread: bool
    tags: Sequence[str] = ()


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
    "excerpt": Ticket.excerpt,
    "excerpt_by": Ticket.excerpt_by,
}


def rows_of(ids: list[int], agent: Agent) -> list[Row]:
    """Return the rows with these ids as this agent reads them, in this order: two queries, whatever their number."""
    if not ids:
        return []
    names = (Customer.first_name, Customer.last_name, CustomerAddress.email)
    rows = (
        Ticket.select(*_COLUMNS.values(), unread.is_unread(), *names)
        .join(Customer)
        .switch(Ticket)
        .join(CustomerAddress, JOIN.LEFT_OUTER, on=(Ticket.address == CustomerAddress.id))
        .switch(Ticket)
        .join(ReadMark, JOIN.LEFT_OUTER, on=unread.mine(agent.id))
        .where(Ticket.id.in_(ids))
        .tuples()
    )
    tags: dict[int, list[str]] = {}
    for ticket_id, name in (
        TicketTag.select(TicketTag.ticket, Tag.name).join(Tag).where(TicketTag.ticket.in_(ids)).tuples()
    ):
        tags.setdefault(ticket_id, []).append(name)
    by_id: dict[int, Row] = {}
    for *values, is_unread, first, last, email in rows:
        fields = dict(zip(_COLUMNS, values, strict=True))
        customer = " ".join(filter(None, (first, last))) or email or ""
        key = fields["id"]
        by_id[key] = Row(**fields, customer=customer, is_unread=bool(is_unread), tags=sorted(tags.get(key, ())))
    return [by_id[key] for key in ids if key in by_id]
