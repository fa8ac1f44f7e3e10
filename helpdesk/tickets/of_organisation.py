"""What belonging to an organisation does to a ticket: its defaults, colleagues in copy, and who keeps it to themselves.

A colleague who reads a ticket may answer it, as somebody in copy does, and is in copy from then on.
"""

from __future__ import annotations

from typing import Any

from peewee import IntegrityError

from database import database
from helpdesk import access, clock, customer_sight
from helpdesk.access import SYSTEM, Actor, TicketGuest
from helpdesk.errors import NotAllowed
from helpdesk.events import EventKind, customer_of, record
from helpdesk.i18n import lazy
from helpdesk.locking import act
from helpdesk.organisations import responsible
from helpdesk.people import assignees
from helpdesk.settings import lookups
from helpdesk.tickets import cc
from helpdesk.tickets.derived_columns import priority_columns
from models import RESPONSIBLE, Customer, CustomerAddress, Organisation, Ticket, TicketCc


def defaults(customer: Customer) -> dict[str, Any]:
    """Return the columns that the customer’s organisation sets of a new ticket, before any filter looks at it.

    What it names and is disabled by now sets nothing.
    """
    organisation = _at_work(customer.organisation_id)
    if organisation is None:
        return {}
    priority = lookups.priority(organisation.priority_id)
    columns = priority_columns(priority) if priority is not None and priority.enabled else {}
    agent, team = lookups.agent(organisation.assignee_id), lookups.team(organisation.team_id)
    if agent is not None and agent.active and assignees.in_support(agent):
        columns["assignee"] = agent
    if team is not None and team.enabled:
        columns["team"] = team
    return columns


def _at_work(organisation_id: int | None) -> Organisation | None:
    """Return the organisation with this id, unless it is switched off or blocked."""
    row = lookups.organisation(organisation_id)
    return row if row is not None and row.enabled and row.blocked_at is None else None


# --- Colleagues in copy -------------------------------------------------------------------------------------------


def copied_colleagues(customer: Customer) -> list[Customer]:
    """Return who is put in copy of the new tickets of this customer, unless they are private."""
    if _at_work(customer.organisation_id) is None:
        return []
    return [row for row in responsible.in_copy(customer.organisation_id) if row.id != customer.id]


def put_colleagues_in_copy(ticket: Ticket) -> None:
    """Put those of the author’s organisation in copy who get each of its new tickets, as far as there is room.

    They wait like anybody in copy while the author’s address is not proven.
    """
    if ticket.is_private or ticket.is_spam:
        return
    waits = ticket.address_id is not None and not ticket.address.is_proven
    for colleague in copied_colleagues(ticket.customer):
        _write(ticket, colleague, actor=SYSTEM, added_by="agent", waits=waits)


def join(ticket: Ticket, actor: Actor) -> None:
    """Put a colleague in copy who has just answered in a ticket, as far as there is room."""
    if isinstance(actor, Customer) and access.is_in_copy(actor, ticket):
        _write(ticket, actor, actor=actor, added_by="customer", waits=False)


def _write(ticket: Ticket, colleague: Customer, *, actor: Actor, added_by: str, waits: bool) -> None:
    present = cc.in_copy(ticket)
    if len(present) >= cc.MOST or any(row.customer_id == colleague.id for row in present):
        return
    address: CustomerAddress = colleague.writing_address
    try:
        with database.atomic():
            TicketCc.create(
                ticket=ticket, address=address, added_by=added_by, waits=waits, created_at=clock.now(),
                organisation_id=ticket.organisation_id,
            )  # fmt: skip
    except IntegrityError:
        return
    record(ticket, EventKind.COPY_ADDED, actor=actor, email=address.email)


# --- Private ------------------------------------------------------------------------------------------------------


def may_be_read(customer: Customer, organisation_id: int | None) -> bool:
    """Whether anybody else reads what a customer opens, or has opened, as one of this organisation."""
    organisation = lookups.organisation(organisation_id)
    if organisation is None or not organisation.enabled:
        return False
    readers = Customer.select().where(Customer.organisation_id == organisation.id, Customer.id != customer.id)
    if organisation.everybody_sees:
        return bool(readers.exists())
    reads = (Customer.organisation_role == RESPONSIBLE) | Customer.organisation_copies
    return bool(readers.where(reads).exists())


def set_private(ticket: Ticket, is_private: bool, *, actor: Actor) -> None:
    """Keep a ticket from the colleagues of its customer, who are in copy of it no more; or let them read it again.

    Raises NotAllowed for anybody but its customer.
    """
    with act(ticket, "read", actor=actor):
        person = customer_of(actor)
        if person is None or person.id != ticket.customer_id or isinstance(actor, TicketGuest):
            raise NotAllowed(lazy("Only who opened a ticket keeps it from colleagues."))
        if ticket.is_private == is_private:
            return
        ticket.is_private = is_private
        ticket.save()
        if is_private:
            for row in TicketCc.select(TicketCc, CustomerAddress).join(CustomerAddress).where(
                TicketCc.ticket == ticket.id, TicketCc.organisation_id.is_null(False)
            ):  # fmt: skip
                cc.remove_cc(ticket, row.address, actor=actor)
        record(ticket, EventKind.MADE_PRIVATE if is_private else EventKind.NOT_PRIVATE, actor=actor)


def colleague_reads(customer: Customer, ticket: Ticket) -> bool:
    """Whether a customer reads this ticket as a colleague of its author, and not because they are in copy."""
    if customer.id == ticket.customer_id or ticket.is_private:
        return False
    organisation_id = customer_sight.organisation_read_by(customer)
    return organisation_id is not None and organisation_id == ticket.organisation_id
