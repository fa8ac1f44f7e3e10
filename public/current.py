"""Who acts on a public page: the signed-in customer, else the guest of one ticket, else a visitor (None)."""

from __future__ import annotations

from contextlib import suppress

from flask import session

from helpdesk import access
from helpdesk.access import TicketGuest
from helpdesk.errors import Merged, NotFound
from helpdesk.i18n import lazy
from models import Customer, CustomerAddress, FormerNumber, Ticket
from web import sessions

#: Tickets that one browser may keep open without signing in: the session must fit into a cookie.
KEPT_TICKETS = 20


def signed_in() -> Customer | None:
    """Return the customer who is signed in on this browser. An agent is a visitor on public pages."""
    person = sessions.current_person()
    return person if isinstance(person, Customer) else None


def remember(ticket_id: int, address_id: int, *, by_link: bool) -> None:
    """Let this browser open that ticket, for as long as its session lasts; a mailed link has proven the address."""
    others = [pair for pair in session.get("guest", {}).items() if pair[0] != str(ticket_id)]
    session["guest"] = dict([*others[1 - KEPT_TICKETS :], (str(ticket_id), address_id)])
    if by_link:
        linked = [key for key in session.get("linked", []) if key != ticket_id]
        session["linked"] = [*linked[1 - KEPT_TICKETS :], ticket_id]


def find(number: str) -> tuple[Customer | TicketGuest, Ticket]:
    """Return who acts and the ticket with this number. Raises NotFound, also for a ticket of others."""
    candidates: tuple[Customer | TicketGuest | None, ...] = (signed_in(), _guest_of(number))
    for who in candidates:
        if who is not None:
            with suppress(NotFound):
                return who, followed(who, number)
    raise NotFound(lazy("There is no such ticket."))


def guest_tickets() -> list[tuple[TicketGuest, Ticket]]:
    """Return the tickets that this browser opens without signing in, each with the guest who reads it."""
    tickets = {}
    for number in _numbers_of([int(key) for key in session.get("guest", {})]):
        guest = _guest_of(number)
        if guest is not None:
            with suppress(NotFound):
                ticket = followed(guest, number)
                tickets[ticket.id] = (guest, ticket)
    return list(tickets.values())


def _numbers_of(ids: list[int]) -> list[str]:
    """Return the numbers of these tickets, also of those that are part of another one now."""
    if not ids:
        return []
    living = Ticket.select(Ticket.number).where(Ticket.id.in_(ids)).tuples()
    former = FormerNumber.select(FormerNumber.number).where(FormerNumber.former_id.in_(ids)).tuples()
    return [number for (number,) in (*living, *former)]


def followed(who: Customer | TicketGuest, number: str) -> Ticket:
    """Return the ticket with this number, or the one it was merged into."""
    try:
        return access.find_ticket(who, number)
    except Merged as led:
        return access.find_ticket(who, led.number)


def _guest_of(number: str) -> TicketGuest | None:
    opened: dict[str, int] = session.get("guest", {})
    if not opened:
        return None
    clean = access.clean_number(number)
    row = Ticket.get_or_none(Ticket.number == clean)
    former = FormerNumber.get_or_none(FormerNumber.number == clean) if row is None else None
    id_here, ticket_id = (former.former_id, former.ticket_id) if former is not None else (row and row.id,) * 2
    address = CustomerAddress.get_or_none(CustomerAddress.id == opened.get(str(id_here), 0))
    by_link = id_here in session.get("linked", ())
    if address is None or not (by_link or access.includes_merged({int(key) for key in opened}, ticket_id)):
        return None
    if former is not None:
        remember(ticket_id, address.id, by_link=by_link)
    return TicketGuest(address.customer, ticket_id, address, is_proven=by_link)
