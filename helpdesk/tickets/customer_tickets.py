"""The tickets of a customer, as they stand beside another one and on the customer's page: rows, nothing to act on."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from peewee import ModelSelect

from helpdesk import access
from helpdesk.lib.statements import Prepared, Slot
from models import Agent, Customer, Ticket

#: Tickets of a customer that a page shows at most.
MOST = 20


class CustomerTicket(NamedTuple):
    """What a line of a ticket says."""

    id: int
    number: str
    subject: str
    status_id: int
    created_at: datetime
    is_spam: bool


def earlier(ticket: Ticket, agent: Agent) -> list[CustomerTicket]:
    """Return the customer's other tickets within the agent's sight, newest first (B20)."""
    return _rows(agent, ticket.customer_id, but=ticket.id)


def of_customer(customer: Customer, agent: Agent) -> list[CustomerTicket]:
    """Return the customer's tickets within the agent's sight that are not in the bin, newest first."""
    return _rows(agent, customer.id, but=0)


def _rows(agent: Agent, customer: int, *, but: int) -> list[CustomerTicket]:
    rows = _newest(access.sight_of(agent), agent=agent.id, customer=customer, but=but)
    return [CustomerTicket._make(row) for row in rows]


@Prepared
def _newest(sight: access.Sight | None) -> ModelSelect:
    columns = (Ticket.id, Ticket.number, Ticket.subject, Ticket.status, Ticket.created_at, Ticket.is_spam)
    theirs = (Ticket.customer == Slot("customer")) & (Ticket.id != Slot("but")) & ~Ticket.in_bin
    query = access.within(sight, Slot("agent")).select(*columns).where(theirs)
    return query.order_by(Ticket.id.desc()).limit(MOST).tuples()
