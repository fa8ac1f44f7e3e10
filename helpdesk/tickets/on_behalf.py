"""Opening a ticket on a customer's behalf: for somebody who phoned, came in, or wrote to an agent."""

from __future__ import annotations

from helpdesk import access, suppression
from helpdesk.errors import InvalidInput
from helpdesk.event_texts import OPENED_FOR
from helpdesk.i18n import lazy
from helpdesk.lib import email_syntax
from helpdesk.people import customers
from helpdesk.tickets.opening import NewTicket, open_ticket
from models import Agent, Ticket


def open_for_caller(new: NewTicket, *, actor: Agent) -> Ticket:
    """Open a ticket for the customer with the address `new.email`, in a place that the agent sees.

    `new.source` says how the customer reached the agent. Raises InvalidInput naming the field that is wrong, also for
    a new customer without a name.
    """
    if new.source not in OPENED_FOR:
        raise InvalidInput(lazy("Choose one from the list."), field="source")
    if not may_open_in(actor, new.service_id, new.department_id):
        raise InvalidInput(lazy("Choose a service."), field="service")
    suppression.refuse(email_syntax.normalise(new.email), for_team=True)
    if not (new.first_name.strip() or new.last_name.strip() or customers.is_known(new.email)):
        raise InvalidInput(lazy("Nobody with this address is known yet: write a name."), field="last_name")
    return open_ticket(new, actor=actor)


def may_open_in(agent: Agent, service_id: int, department_id: int | None) -> bool:
    """Whether the agent would see a ticket of this service and department."""
    return access.sees_all(agent) or access.covers(agent, service_id, department_id)
