"""Addresses that take no e-mail: after two mails that came back, none is sent there until somebody says otherwise."""

from __future__ import annotations

from datetime import timedelta

from helpdesk import clock
from helpdesk.access import Actor, TicketGuest
from helpdesk.lib import delivery_status
from helpdesk.people import addresses
from models import Agent, CustomerAddress, OutgoingEmail, TicketEvent

#: So many mails of so many days must have come back for good.
BOUNCES, DAYS = 2, 7


def note_bounce(key: int) -> None:
    """Mark an address where too many mails of the last days came back for good."""
    since = clock.now() - timedelta(days=DAYS)
    bounced = OutgoingEmail.select(OutgoingEmail.bounce_reason).where(
        OutgoingEmail.address == key, OutgoingEmail.bounced_at > since
    )
    if sum(delivery_status.is_permanent(reason or "") for (reason,) in bounced.limit(100).tuples()) >= BOUNCES:
        CustomerAddress.update(undeliverable_at=clock.now()).where(
            CustomerAddress.id == key, CustomerAddress.undeliverable_at.is_null()
        ).execute()


def lift(address: CustomerAddress, *, actor: Agent) -> None:
    """Let e-mails go to an address again. Raises NotFound for one of a customer the agent does not meet."""
    addresses.require(address, actor)
    _clear(address)


def _clear(address: CustomerAddress) -> None:
    address.undeliverable_at = None
    CustomerAddress.update(undeliverable_at=None).where(CustomerAddress.id == address.id).execute()


def follow(event: TicketEvent, actor: Actor) -> None:
    """Let e-mails go again to whoever has just written: somebody reads them there."""
    if event.agent_id is not None:
        return
    address = actor.address if isinstance(actor, TicketGuest) else event.ticket.address
    if address is not None and address.undeliverable_at is not None:
        _clear(address)
        if event.ticket.address_id == address.id:
            # The mails of this very act go there, too.
            event.ticket.address.undeliverable_at = None
