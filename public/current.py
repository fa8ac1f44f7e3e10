"""Who acts on a public page: the signed-in customer, else the guest of one ticket, else a visitor (None)."""

from __future__ import annotations

from contextlib import suppress

from flask import session

from helpdesk import access
from helpdesk.access import TicketGuest
from helpdesk.errors import Merged, NotFound
from helpdesk.i18n import lazy
from helpdesk.visitors import guest_passes
from models import AccessLink, Customer, CustomerAddress, Ticket
from web import sessions


def signed_in() -> Customer | None:
    """Return the customer who is signed in on this browser. An agent is a visitor on public pages."""
    person = sessions.current_person()
    return person if isinstance(person, Customer) else None


def remember(ticket: Ticket, address: CustomerAddress, *, link: AccessLink | None = None, is_proven: bool) -> None:
    """Let this browser open that ticket, as long as the link that led here; a mailed link has proven the address."""
    session["guest"] = guest_passes.give(sessions.guest_token(), ticket, address, link=link, is_proven=is_proven)


def find(number: str) -> tuple[Customer | TicketGuest, Ticket]:
    """Return who acts and the ticket with this number. Raises NotFound, also for a ticket of others."""
    guest = guest_passes.guest_of(sessions.guest_token(), number)
    candidates: tuple[Customer | TicketGuest | None, ...] = (signed_in(), guest)
    for who in candidates:
        if who is not None:
            with suppress(NotFound):
                return who, followed(who, number)
    raise NotFound(lazy("There is no such ticket, or you may not see it."))


def guest_tickets() -> list[tuple[TicketGuest, Ticket]]:
    """Return the tickets that this browser opens without signing in, each with the guest who reads it."""
    guests = guest_passes.guests(sessions.guest_token())
    opened = [(guest, access.with_author(access.visible_tickets(guest)).first()) for guest in guests]
    return [(guest, ticket) for guest, ticket in opened if ticket is not None]


def followed(who: Customer | TicketGuest, number: str) -> Ticket:
    """Return the ticket with this number, or the one it was merged into."""
    try:
        return access.find_ticket(who, number)
    except Merged as led:
        return access.find_ticket(who, led.number)
