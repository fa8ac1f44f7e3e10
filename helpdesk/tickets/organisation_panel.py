"""What stands beside a ticket of an organisation: who that is, what one must know, its other open tickets, its orders.

Some rows of each, within the agent's sight, and a link to all: an organisation may have thousands of people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from peewee import ModelSelect

from helpdesk import access, orders
from helpdesk.lib.statements import Prepared, Slot
from models import LIVE, ORDER, Agent, Customer, Order, Organisation, Ticket

#: Open tickets, the most urgent first, and orders beside a ticket.
SHOWN = 5


@dataclass(frozen=True)
class OrganisationPanel:
    """An organisation with its pinned information, open tickets of its people, and orders of the author's colleagues.

    `has_more` says whether there are other open tickets.
    """

    organisation: Organisation
    tickets: Sequence[Ticket]
    has_more: bool
    orders: Sequence[Order]


def of_ticket(ticket: Ticket, agent: Agent) -> OrganisationPanel | None:
    """Return what stands beside this ticket; None for one of no organisation."""
    if ticket.organisation_id is None:
        return None
    organisation: Organisation | None = Organisation.get_or_none(Organisation.id == ticket.organisation_id)
    if organisation is None:
        return None
    asked = {"agent": agent.id, "organisation": organisation.id, "ticket": ticket.id}
    tickets = _open_tickets(access.sight_of(agent), **asked)
    people = Customer.select(Customer.id).where(Customer.organisation_id == organisation.id)
    if not access.sees_all(agent):
        # Orders are those of customers whose tickets the agent sees (RULES 4).
        people = access.visible_tickets(agent).select(Ticket.customer)
        people = people.where(Ticket.organisation_id == organisation.id)
    others = orders.newest_of(people, but=ticket.customer_id, limit=SHOWN)
    return OrganisationPanel(organisation, tickets[:SHOWN], len(tickets) > SHOWN, others)


@Prepared
def _open_tickets(sight: access.Sight | None) -> ModelSelect:
    columns = (Ticket.id, Ticket.number, Ticket.subject, Ticket.status, Ticket.created_at)
    query = access.within(sight, Slot("agent")).select(*columns)
    query = query.where(Ticket.organisation_id == Slot("organisation"), Ticket.id != Slot("ticket"), LIVE)
    return query.order_by(*ORDER).limit(SHOWN + 1)
