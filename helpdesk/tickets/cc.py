"""People in copy (CC) of a ticket: each reads and answers through a link of their own, never a note (RULES 21)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from peewee import IntegrityError, ModelSelect

from database import database
from helpdesk import clock, links, notifications, suppression
from helpdesk.access import SYSTEM, Actor, System, TicketGuest
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.events import EventKind, customer_of, record, transaction
from helpdesk.i18n import lazy
from helpdesk.lib import control_characters
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.locking import act
from helpdesk.notifications import Cause, Occasion, copy_digest, recipients, rendering
from helpdesk.people import customers
from helpdesk.settings import lookups
from models import (
    AccessLink,
    Agent,
    Customer,
    CustomerAddress,
    FormerNumber,
    OutgoingEmail,
    Ticket,
    TicketCc,
    TicketEvent,
)

#: People in copy of one ticket.
MOST = 10
#: Different addresses that one customer may put in copy within a day, so that nobody uses the desk as a mail relay.
PER_DAY = 20
#: Events of a day that are counted for it.
ACTS = 1000
#: Characters of a field of addresses.
MAX_TEXT = 3000
#: Characters of an address that a message repeats.
MAX_ADDRESS = 254


def split(text: str) -> list[str]:
    """Return the addresses in a text, separated by commas, semicolons, blanks or line ends; not checked yet.

    Of ``Bob Martin <bob@example.org>``, as mail programs copy it, only the address is kept.
    """
    bare = re.sub(r"[^,;<>]*<([^<>]*)>", r" \1 ", text.replace("\0", "")[:MAX_TEXT])
    return [part for part in re.split(r"[,;\s]+", bare) if part]


def in_copy(ticket: Ticket) -> list[CustomerAddress]:
    """Return the addresses in copy of a ticket, oldest first; their attribute `waits` says: not mailed yet."""
    return _in_copy(ticket=ticket.id)


@Prepared
def _in_copy() -> ModelSelect:
    query = CustomerAddress.select(CustomerAddress, TicketCc.waits).join(TicketCc)
    return query.where(TicketCc.ticket == Slot("ticket")).order_by(TicketCc.id).limit(MOST).objects()


def add_cc(ticket: Ticket, emails: Iterable[str], *, actor: Actor) -> None:
    """Put these addresses in copy of a ticket, in addition to those already there; they get its next messages.

    Raises InvalidInput at ``copies`` naming the address that is refused, NotAllowed or NotFound.
    """
    with act(ticket, "copy", actor=actor):
        clean = check(emails, own=addresses_known_to(actor) or own_addresses(ticket.customer))
        write_cc(ticket, clean, actor=actor)


def write_cc(ticket: Ticket, emails: Iterable[str], *, actor: Actor, unsure: bool = False) -> None:
    """Put these addresses in copy, without checking the actor's rights: the caller did. Raises InvalidInput.

    `unsure`: a visitor typed the author's address, which may be somebody else's, so the people in copy wait.
    """
    clean = check(emails, own={ticket.address.email} if ticket.address_id is not None else set())
    if not clean:
        return
    if isinstance(actor, Agent | System):
        # The team vouches for people that a visitor named: they get the next messages, as the screen says.
        named = CustomerAddress.select(CustomerAddress.id).where(CustomerAddress.email.in_(clean))
        TicketCc.update(waits=False).where(TicketCc.ticket == ticket.id, TicketCc.address.in_(named)).execute()
    present = {address.email for address in in_copy(ticket)}
    # Another address of the author is left out silently: an error would tell a visitor whose it is.
    former = set() if isinstance(actor, Agent | System) else left(ticket)
    new = [email for email in clean if email not in present | former | own_addresses(ticket.customer)]
    if len(present) + len(new) > MOST:
        raise InvalidInput(too_many_text(), field="copies")
    suppression.refuse_copies(new, for_team=isinstance(actor, Agent))
    _refuse_many(customer_of(actor), new)
    for email in new:
        _write(ticket, customers.find_or_make(email), actor, unsure=unsure)


def addresses_known_to(actor: Actor) -> set[str]:
    """Return the customer's addresses that this actor may know: an unproven guest knows only the one they typed."""
    if isinstance(actor, TicketGuest) and not actor.is_proven:
        return {actor.address.email}
    customer = customer_of(actor)
    return own_addresses(customer) if customer is not None else set()


def own_addresses(customer: Customer) -> set[str]:
    """Return all addresses of a customer."""
    return {row.email for row in CustomerAddress.select().where(CustomerAddress.customer == customer.id)}


def check(emails: Iterable[str], *, own: set[str]) -> list[str]:
    """Return each address once, normalised.

    `own` are the addresses of the ticket's author. Raises InvalidInput at ``copies`` for a wrong address, one of
    `own` or of the desk, or too many.
    """
    clean: dict[str, None] = {}
    for text in emails:
        try:
            email = customers.normalise(text)
        except InvalidInput as error:
            message = lazy("“%(email)s” is not an e-mail address.", email=text[:80])
            raise InvalidInput(message, field="copies") from error
        if email in own:
            message = lazy("%(email)s needs no copy: it is the address of who opened the ticket.", email=email)
            raise InvalidInput(message, field="copies")
        if is_of_desk(email):
            raise InvalidInput(
                lazy("%(email)s is an address of this help desk, which gets every message.", email=email),
                field="copies",
            )
        clean[email] = None
    if len(clean) > MOST:
        raise InvalidInput(too_many_text(), field="copies")
    return list(clean)


def too_many_text() -> Any:
    """Return the message (lazily translated) that says how many people may be in copy."""
    return lazy("At most %(limit)s people can be in copy of a ticket.", limit=MOST)


def desk_addresses() -> set[str]:
    """Return the addresses of the desk itself, case-folded: its senders, teams and mailboxes."""
    senders = [lookups.email_text(kind) for kind in notifications.KINDS]
    emails = [rendering.default_sender(), *(text.sender_email for text in senders if text is not None)]
    emails += [team.email for team in lookups.teams(enabled_only=False)]
    emails += [email for row in lookups.mailboxes() for email in lookups.mailbox_addresses(row)]
    return {email.casefold() for email in emails if email}


def is_of_desk(email: str) -> bool:
    """Whether what is sent to this address comes to the desk itself, also with something behind a plus (RFC 5233)."""
    local, _at, domain = email.casefold().rpartition("@")
    return not {email.casefold(), f"{local.partition('+')[0]}@{domain}"}.isdisjoint(desk_addresses())


def _refuse_many(customer: Customer | None, new: list[str]) -> None:
    if customer is None:
        return
    since = clock.now() - timedelta(days=1)
    acts = (
        TicketEvent.select(TicketEvent.data)
        .where(TicketEvent.customer == customer.id, TicketEvent.created_at > since)
        .where(TicketEvent.kind == EventKind.COPY_ADDED.value)
        .limit(ACTS)
    )
    if len({act.data["email"] for act in acts} | set(new)) > PER_DAY:
        message = lazy("You can put at most %(limit)s people in copy within a day. Try again tomorrow.", limit=PER_DAY)
        raise InvalidInput(message, field="copies")


def _write(ticket: Ticket, address: CustomerAddress, actor: Actor, *, unsure: bool) -> None:
    of_desk = isinstance(actor, Agent | System)
    try:
        with database.atomic():
            TicketCc.create(
                ticket=ticket,
                address=address,
                added_by="agent" if of_desk else "customer",
                # Until the author's address is proven, nobody is mailed because a stranger named them.
                waits=not of_desk and ticket.address_id is not None and (unsure or not ticket.address.is_proven),
                created_at=clock.now(),
            )
    except IntegrityError:
        return
    record(ticket, EventKind.COPY_ADDED, actor=actor, email=address.email)


def remove_cc(ticket: Ticket, address: CustomerAddress, *, actor: Actor) -> None:
    """Remove an address from copy: its links are deleted and its unsent mails cancelled.

    Raises NotFound when it is not in copy.
    """
    with act(ticket, "copy", actor=actor):
        if not _forget(ticket, address):
            raise NotFound(lazy("This address is not in copy."))
        record(ticket, EventKind.COPY_DROPPED, actor=actor, email=address.email)


def drop(ticket: Ticket, text: str, *, actor: Actor) -> str:
    """Remove from copy the address that a form names, unless it has left already; return it for a message."""
    with act(ticket, "copy", actor=actor):
        address = customers.lookup(text)
        if address is not None and _row_of(ticket.id, address.id) is not None:
            remove_cc(ticket, address, actor=actor)
    return control_characters.one_line(text)[:MAX_ADDRESS]


def copied_ticket(ticket_id: int, address_id: int) -> Ticket | None:
    """Return the ticket of this id, or the one it is part of now, if this address is in copy of it."""
    row = _row_of(ticket_id, address_id)
    return row.ticket if row is not None else None


def _row_of(ticket_id: int, address_id: int) -> TicketCc | None:
    merged = FormerNumber.select(FormerNumber.ticket).where(FormerNumber.former_id == ticket_id)
    place = (TicketCc.ticket == ticket_id) | TicketCc.ticket.in_(merged)
    row: TicketCc | None = TicketCc.select().where(TicketCc.address == address_id, place).first()
    return row


def leave(ticket_id: int, address_id: int) -> None:
    """Take an address out of copy because its holder says so; done already, it does nothing.

    Nobody but the team puts it in copy of this ticket again. Mails of a ticket that was merged since lead there, too.
    """
    row = _row_of(ticket_id, address_id)
    if row is None:
        return
    with transaction():
        if _forget(row.ticket, row.address):
            record(row.ticket, EventKind.COPY_LEFT, actor=SYSTEM, email=row.address.email)


def leave_token(ticket: Ticket, actor: Actor) -> str | None:
    """Return the token by which this customer leaves a ticket they are in copy of, None for anybody else."""
    customer = customer_of(actor)
    if customer is None or customer.id == ticket.customer_id:
        return None
    row = next((row for row in in_copy(ticket) if row.customer_id == customer.id), None)
    return links.leave_token(ticket.id, row.id) if row is not None else None


def _forget(ticket: Ticket, address: CustomerAddress) -> bool:
    """Delete what leads this address to the ticket, and say whether it was in copy."""
    gone = TicketCc.delete().where(TicketCc.ticket == ticket.id, TicketCc.address == address.id).execute()
    AccessLink.delete().where(AccessLink.ticket == ticket.id, AccessLink.address == address.id).execute()
    OutgoingEmail.update(state="cancelled").where(
        OutgoingEmail.ticket == ticket.id, OutgoingEmail.address == address.id, OutgoingEmail.state == "pending"
    ).execute()
    copy_digest.forget(ticket, address)
    return bool(gone)


def left(ticket: Ticket) -> set[str]:
    """Return the addresses whose holders have left this ticket."""
    events = TicketEvent.select(TicketEvent.data).where(
        TicketEvent.ticket == ticket.id, TicketEvent.kind == EventKind.COPY_LEFT.value
    )
    return {event.data["email"] for event in events.limit(ACTS)}


def release(address: CustomerAddress, ticket: Ticket | None = None) -> None:
    """Mail the people that waited in copy of this author's ticket, or of all their tickets, and let them wait no more.

    Call it in a transaction, once the holder of the address has signed in or used a link to the ticket.
    """
    waiting = (
        TicketCc.select(TicketCc, Ticket, CustomerAddress)
        .join(Ticket)
        .switch(TicketCc)
        .join(CustomerAddress)
        .where(TicketCc.waits, Ticket.customer == address.customer_id, Ticket.address == address.id)
        .order_by(TicketCc.id)
    )
    if ticket is not None:
        waiting = waiting.where(Ticket.id == ticket.id)
    for row in waiting:
        mine = TicketCc.update(waits=False).where(TicketCc.id == row.id, TicketCc.waits)
        if mine.execute():
            people = (recipients.in_copy(row.ticket, row.address),)
            notifications.owe(Cause(Occasion.COPY_RELEASED, ticket=row.ticket, people=people))
