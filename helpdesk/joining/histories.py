"""What the histories of tickets and the journal say of customers who became one, or two again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from helpdesk import journal
from helpdesk.access import System
from helpdesk.events import EventKind, record
from helpdesk.people.customers import MOST_HISTORIES
from models import Agent, Customer, CustomerAddress, Ticket


def label_of(customer: Customer) -> str:
    """Return how histories name a customer: name and main address."""
    email = str(customer.primary_address.email)
    return f"{customer.full_name} ({email})" if customer.full_name else email


def labels_of(people: Sequence[Customer]) -> dict[int, str]:
    """Return the same of many customers, by their ids, read by one statement."""
    emails: dict[int, str] = {}
    rows = CustomerAddress.select().where(CustomerAddress.customer.in_([person.id for person in people]))
    for row in rows.order_by(CustomerAddress.is_primary.desc(), CustomerAddress.id):
        emails.setdefault(row.customer_id, row.email)
    own = {row.id: emails.get(row.id, "—") for row in people}
    return {row.id: f"{row.full_name} ({own[row.id]})" if row.full_name else own[row.id] for row in people}


def newest_tickets(customer: Customer) -> list[int]:
    """Return the newest tickets (ids) of a customer: in their histories it is written what became of them."""
    query = Ticket.select(Ticket.id).where(Ticket.customer == customer.id).order_by(Ticket.id.desc())
    return [key for (key,) in query.limit(MOST_HISTORIES).tuples()]


def tell(kind: EventKind, ticket_ids: Iterable[int], labels: list[str], *, actor: Agent | System) -> None:
    """Write into the histories of these tickets what became of two customers: the former one first."""
    old, new = labels
    for ticket in Ticket.select().where(Ticket.id.in_(sorted(ticket_ids))).order_by(Ticket.id):
        record(ticket, kind, actor=actor, old=old, new=new)


def note(act: journal.Act, labels: list[str], remaining: str, *, actor: Agent | System) -> None:
    """Write a line of the journal for each of two persons, by whose address it is found."""
    for label, other in (labels, labels[::-1]):
        about = label.rpartition("(")[2].rstrip(")")
        journal.record(act, actor=actor, subject=label, about=about, to=other, name=remaining)
