"""Addresses that take no e-mail: after two mails that came back, none is sent there until somebody says otherwise."""

from __future__ import annotations

from datetime import timedelta

from helpdesk import clock
from helpdesk.access import Actor, TicketGuest
from helpdesk.lib import delivery_status
from helpdesk.notifications import withholding
from helpdesk.people import addresses
from models import Agent, Customer, CustomerAddress, OutgoingEmail, Ticket, TicketEvent

#: So many mails of so many days must have come back for good.
BOUNCES, DAYS = 2, 7


def note_bounce(key: int) -> None:
    """Mark an address where too many mails of the last days came back for good, and withhold what waits for it."""
    since = clock.now() - timedelta(days=DAYS)
    bounced = OutgoingEmail.select(OutgoingEmail.bounce_reason).where(
        OutgoingEmail.address == key, OutgoingEmail.bounced_at > since
    )
    if sum(delivery_status.is_permanent(reason or "") for (reason,) in bounced.limit(100).tuples()) >= BOUNCES:
        now = clock.now()
        mark = CustomerAddress.update(undeliverable_at=now).where(
            CustomerAddress.id == key,
            # A mark that has run out is made anew.
            CustomerAddress.undeliverable_at.is_null()
            | (CustomerAddress.undeliverable_at <= now - withholding.UNDELIVERABLE_FOR),
        )
        if mark.execute():
            withholding.withhold_waiting(key)


def lift(address: CustomerAddress, *, actor: Agent) -> None:
    """Let e-mails go to an address again. Raises NotFound for one of a customer the agent does not meet."""
    addresses.require(address, actor)
    note_reader(address)


def note_reader(address: CustomerAddress) -> None:
    """Let e-mails go again to an address whose holder has shown up."""
    if address.undeliverable_at is not None:
        address.undeliverable_at = None
        CustomerAddress.update(undeliverable_at=None).where(CustomerAddress.id == address.id).execute()


def follow(event: TicketEvent, actor: Actor) -> None:
    """Let e-mails go again to whoever has just written, came by a mailed link or is signed in.

    Anybody may type an address into a form, or send a mail under it.
    """
    address = _address_of(actor, event.ticket)
    if address is not None:
        note_reader(address)
        if event.ticket.address_id == address.id:
            # The mails of this very act go there, too.
            event.ticket.address.undeliverable_at = None


def _address_of(actor: Actor, ticket: Ticket) -> CustomerAddress | None:
    """Return the address whose holder an actor is, as far as that is certain."""
    if isinstance(actor, TicketGuest):
        return actor.address if actor.is_proven else None
    # Who is signed in and in copy says nothing of the author's address.
    is_own = isinstance(actor, Customer) and ticket.address_id is not None and ticket.address.customer_id == actor.id
    return ticket.address if is_own and ticket.address.is_proven else None
