"""The tickets that a browser opens without signing in: rows, so that signing out or the end of the link ends them."""

from __future__ import annotations

import secrets
from datetime import timedelta

from peewee import ModelInsert, ModelSelect

from database import database
from helpdesk import access, clock, links
from helpdesk.access import TicketGuest
from helpdesk.lib.statements import Prepared, Slot
from models import AccessLink, Customer, CustomerAddress, FormerNumber, GuestPass, Ticket

#: Tickets that one browser may open so.
MOST = 20
#: How long a browser opens a ticket to which no link brought it.
LIFETIME = timedelta(days=30)


def give(
    token: str, ticket: Ticket, address: CustomerAddress, *, link: AccessLink | None = None, is_proven: bool = False
) -> str:
    """Let the browser with this token open that ticket, and return its token: a new one if it has none.

    A pass lasts as long as the `link` that brought it, else `LIFETIME`.
    """
    is_new = not token
    token = token or secrets.token_urlsafe(32)
    name = links.hash_token(token)
    expires = link.expires_at if link is not None else clock.now() + LIFETIME
    with database.atomic():
        if not is_new:
            _make_room(name, ticket)
        values = {"link": link.id if link is not None else None, "is_proven": is_proven, "expires": expires}
        _store.run(token=name, ticket=ticket.id, address=address.id, **values)
    return token


def _make_room(name: str, ticket: Ticket) -> None:
    """Delete an earlier pass to this ticket, which becomes the newest one, and the oldest of too many."""
    others = [(row.id, row.ticket_id) for row in _newest_first(token=name)]
    kept = [key for key, ticket_id in others if ticket_id != ticket.id][: MOST - 1]
    gone = [key for key, _ticket_id in others if key not in kept]
    if gone:
        GuestPass.delete().where(GuestPass.id.in_(gone)).execute()


@Prepared
def _newest_first() -> ModelSelect:
    rows = GuestPass.select(GuestPass.id, GuestPass.ticket_id).where(GuestPass.token_hash == Slot("token"))
    return rows.order_by(GuestPass.id.desc()).limit(2 * MOST)


@Prepared
def _store() -> ModelInsert:
    row = GuestPass.insert(
        token_hash=Slot("token"),
        ticket_id=Slot("ticket"),
        address=Slot("address"),
        link=Slot("link"),
        is_proven=Slot("is_proven"),
        expires_at=Slot("expires"),
    )
    # The browser may open the same link twice at the same moment.
    values = [GuestPass.address, GuestPass.link, GuestPass.is_proven, GuestPass.expires_at]
    return row.on_conflict(conflict_target=[GuestPass.token_hash, GuestPass.ticket_id], preserve=values)


def guest_of(token: str, number: str) -> TicketGuest | None:
    """Return as whom the browser with this token reads the ticket with this number, also one that was merged."""
    passes = _passes(token)
    clean = access.clean_number(number)
    ticket_id = passes and (
        Ticket.select(Ticket.id).where(Ticket.number == clean).scalar()
        or FormerNumber.select(FormerNumber.ticket).where(FormerNumber.number == clean).scalar()
    )
    return next(iter(_guests(passes, {ticket_id})), None) if ticket_id else None


def guests(token: str) -> list[TicketGuest]:
    """Return as whom this browser reads each ticket that it opens, or the one it is part of now."""
    passes = _passes(token)
    if not passes:
        return []
    merged = FormerNumber.select(FormerNumber.ticket).where(FormerNumber.former_id.in_(list(passes))).tuples()
    return _guests(passes, {*passes, *(key for (key,) in merged)})


def _guests(passes: dict[int, GuestPass], ticket_ids: set[int]) -> list[TicketGuest]:
    """Return who reads these tickets: who has a pass to one of its parts by a mailed link, or to all of them.

    Who only typed an address reads what they wrote themself, and all of it: the address may be somebody else's.
    """
    parts = {key: [key] for key in ticket_ids}
    former = FormerNumber.select(FormerNumber.ticket, FormerNumber.former_id)
    for ticket_id, former_id in former.where(FormerNumber.ticket.in_(list(ticket_ids))).tuples():
        parts[ticket_id].append(former_id)
    readers = []
    for ticket_id, keys in parts.items():
        mine = [passes[key] for key in keys if key in passes]
        row = next((one for one in mine if one.is_proven), mine[0] if len(mine) == len(keys) else None)
        if row is not None:
            readers.append(TicketGuest(row.address.customer, ticket_id, row.address, is_proven=row.is_proven))
    return readers


def _passes(token: str) -> dict[int, GuestPass]:
    """Return the passes of a browser that have not ended, by the id of their ticket."""
    rows = _of_token(token=links.hash_token(token), now=clock.now()) if token else ()
    return {row.ticket_id: row for row in rows}


@Prepared
def _of_token() -> ModelSelect:
    query = GuestPass.select(GuestPass, CustomerAddress, Customer).join(CustomerAddress).join(Customer)
    return query.where(GuestPass.token_hash == Slot("token"), GuestPass.expires_at > Slot("now")).order_by(GuestPass.id)


def end(token: str) -> None:
    """End all passes of a browser, also where its cookie was copied to."""
    if token:
        GuestPass.delete().where(GuestPass.token_hash == links.hash_token(token)).execute()


def purge() -> int:
    """Delete the passes that have expired; return how many."""
    return int(GuestPass.delete().where(GuestPass.expires_at < clock.now()).execute())
