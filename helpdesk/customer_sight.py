"""Which tickets a customer reads: their own, those they are in copy of, and those of their organisation.

`helpdesk.access` asks it for all others. Only a proven address opens anything.
"""

from __future__ import annotations

from peewee import Expression, ModelSelect

from helpdesk.settings import lookups
from models import RESPONSIBLE, Customer, CustomerAddress, Ticket, TicketCc


def not_hidden() -> Expression:
    """Return the condition of the tickets that no filter and no spam rule hides from customers."""
    return ~Ticket.hidden_from_customer


def own(customer: Customer) -> Expression:
    """Return the condition of what the proven addresses of a customer opened or are in copy of."""
    proven = CustomerAddress.select(CustomerAddress.id).where(
        CustomerAddress.customer == customer.id, CustomerAddress.proven_at.is_null(False)
    )
    return Ticket.id.in_(_opened_by(customer, proven) | in_copy(proven))


def readable(customer: Customer) -> Expression:
    """Return the condition of all that a customer reads."""
    organisation_id = organisation_read_by(customer)
    return own(customer) if organisation_id is None else own(customer) | of_organisation(organisation_id)


def of_organisation(organisation_id: int) -> Expression:
    """Return the condition of the tickets of an organisation that colleagues may read."""
    return (Ticket.organisation_id == organisation_id) & ~Ticket.is_private & ~Ticket.is_spam


def with_colleagues(customer: Customer, theirs: Expression) -> Expression:
    """Return this condition of a customer’s tickets, and what their organisation opens to a proven address of theirs.

    It is nothing to look for where there is none: a condition that is never true would keep SQLite from the indexes.
    """
    organisation = lookups.organisation(customer.organisation_id)
    if organisation is None or not (organisation.everybody_sees or customer.organisation_role == RESPONSIBLE):
        return theirs
    return theirs | of_organisation(organisation.id)


def organisation_read_by(customer: Customer) -> int | None:
    """Return the id of the organisation whose tickets a customer reads; None for nobody's but their own.

    It is asked of what is stored now: whoever has just left, or has no proven address there any more, reads nothing.
    """
    if not lookups.organisations():
        return None
    columns = (Customer.organisation_id, Customer.organisation_by_hand, Customer.organisation_role)
    row = Customer.select(*columns).where(Customer.id == customer.id).first()
    organisation = lookups.organisation(row.organisation_id) if row is not None else None
    if organisation is None or not organisation.enabled:
        return None
    if not organisation.everybody_sees and row.organisation_role != RESPONSIBLE:
        return None
    proven = CustomerAddress.select(CustomerAddress.email).where(
        CustomerAddress.customer == customer.id, CustomerAddress.proven_at.is_null(False)
    )
    emails = [email for (email,) in proven.tuples()]
    belongs = row.organisation_by_hand or any(lookups.organisation_id_of(email) == organisation.id for email in emails)
    return int(organisation.id) if emails and belongs else None


def _opened_by(customer: Customer, addresses: ModelSelect) -> ModelSelect:
    opened = Ticket.alias()
    return opened.select(opened.id).where(opened.customer == customer.id, opened.address.in_(addresses))


def in_copy(addresses: ModelSelect | list[int]) -> ModelSelect:
    """Return the ids of the tickets these addresses are in copy of; nobody in copy reads spam."""
    copied = Ticket.alias()
    query = TicketCc.select(TicketCc.ticket).join(copied, on=(TicketCc.ticket == copied.id))
    return query.where(TicketCc.address.in_(addresses), ~TicketCc.waits, ~copied.is_spam)
