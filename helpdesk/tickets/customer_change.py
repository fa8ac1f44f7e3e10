"""Changing the customer of a ticket: another person reads it from then on, and the former one no longer does.

Nothing of the former customer's is deleted: their links open nothing because sight is asked each time, and open again
where the change is undone. What they wrote goes on bearing their name.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from peewee import JOIN, ModelSelect, fn

from database import is_sqlite
from helpdesk import access, clock, customer_search, journal, notifications, suppression
from helpdesk.errors import InvalidInput
from helpdesk.events import EventKind, record
from helpdesk.i18n import lazy
from helpdesk.lib.email_syntax import normalise
from helpdesk.locking import act
from helpdesk.notifications import Cause, Occasion, copy_digest
from helpdesk.people import customers, former_customers
from helpdesk.tickets import cc, thread
from helpdesk.tickets.derived_columns import store
from models import (
    NOTE,
    AccessLink,
    Agent,
    Attachment,
    Customer,
    CustomerAddress,
    GuestPass,
    Message,
    Order,
    OutgoingEmail,
    Ticket,
    TicketCc,
)

#: Replies that are not public yet and go to the new customer, at the most; none waits longer than an hour.
MOST_REPLIES = 20
#: The states of an e-mail that may still go out.
WAITING = ("pending", "failed")


@dataclass(frozen=True)
class Preview:
    """What changing the customer would do. `address` is None where nobody has the e-mail address yet."""

    email: str
    address: CustomerAddress | None
    #: Messages and files the new customer reads; the id of the newest message.
    messages: int
    files: int
    newest: int
    #: Mailed links and browsers of the former customer that open the ticket now, and e-mails that wait for them.
    links: int
    browsers: int
    mails: int
    #: Addresses that stay in copy; whether the new customer is in copy now.
    copies: tuple[str, ...]
    was_in_copy: bool
    former_orders: int
    orders: int


def preview(ticket: Ticket, email: str, *, actor: Agent) -> Preview:
    """Return what giving the ticket to the customer with this address would do. Raises InvalidInput at ``email``."""
    access.require(actor, "change_customer", ticket)
    address = check(ticket, email)
    now, own = clock.now(), _addresses_of(ticket.customer_id)
    public = (Message.ticket == ticket.id) & (Message.kind != NOTE)
    files = Attachment.select().join(Message).where(public)
    live = (AccessLink.ticket == ticket.id) & AccessLink.address.in_(own) & (AccessLink.expires_at > now)
    passes = (GuestPass.ticket_id == ticket.id) & GuestPass.address.in_(own) & (GuestPass.expires_at > now)
    copied = cc.in_copy(ticket)
    theirs = address.customer_id if address is not None else None
    return Preview(
        email=normalise(email),
        address=address,
        messages=Message.select().where(public).count(),
        files=files.count(),
        newest=thread.newest_id(ticket),
        links=AccessLink.select().where(live).count(),
        browsers=GuestPass.select(fn.COUNT(GuestPass.token_hash.distinct())).where(passes).scalar(),
        mails=OutgoingEmail.select().where(_waiting(ticket)).count(),
        copies=tuple(row.email for row in copied if row.customer_id not in {theirs, ticket.customer_id}),
        was_in_copy=any(row.customer_id == theirs for row in copied),
        former_orders=_orders(ticket.customer_id),
        orders=_orders(theirs) if theirs is not None else 0,
    )


def check(ticket: Ticket, email: str) -> CustomerAddress | None:
    """Return the address with this text, None for one nobody has. Raises InvalidInput when it may not have the ticket.

    A ticket in the bin or under Spam is taken out first: who is blocked for it would otherwise be somebody else.
    """
    clean = normalise(email)
    if ticket.in_bin or ticket.is_spam:
        place = lazy("Ticket %(number)s is in the bin or under Spam: take it out first.", number=ticket.number)
        raise InvalidInput(place, field="email")
    if cc.is_of_desk(clean):
        raise InvalidInput(
            lazy("%(email)s is an address of this help desk, which gets every message.", email=clean), field="email"
        )
    address = customers.lookup(clean)
    if address is None:
        suppression.refuse(clean, for_team=True)
    if address is not None and address.customer_id == ticket.customer_id:
        raise InvalidInput(lazy("%(email)s is an address of the present customer.", email=clean), field="email")
    return address


def change_customer(ticket: Ticket, email: str, *, actor: Agent, seen: int, tells: bool = False) -> bool:
    """Give a ticket to the customer with this address, made when nobody has it; return whether a mail tells them.

    `seen` is the id of the newest message the actor has read: what the present customer wrote since may change their
    mind. People in copy stay; the new customer is no longer one of them. A reply that may still be taken back goes to
    the new customer. `tells`: mail them that the ticket is theirs.
    Raises InvalidInput at ``email``, NotFound or NotAllowed.
    """
    with act(ticket, "change_customer", actor=actor):
        check(ticket, email)
        if thread.newest_id(ticket) > seen:
            raise InvalidInput(lazy("A message has come in meanwhile: read it, then decide."), field="email")
        address = _hold_address(customers.find_or_make(email, locale=ticket.locale))
        former, old = ticket.customer_id, _person_of(ticket)
        replies = _replies_waiting(ticket)
        OutgoingEmail.update(state="cancelled").where(_waiting(ticket)).execute()
        _cancel_copies(replies, address)
        _drop_copies(ticket, {former, address.customer_id})
        organisation_id = address.customer.organisation_id
        if organisation_id != ticket.organisation_id:
            # Who is in copy as a colleague of the former customer is nobody's colleague here.
            TicketCc.delete().where(TicketCc.ticket == ticket.id, TicketCc.organisation_id.is_null(False)).execute()
        whose = {"customer": address.customer, "address": address, "organisation_id": organisation_id}
        # A ticket that was anonymised has a customer again.
        store(ticket, **whose, is_anonymised=False)
        customer_search.rename_author_in(ticket)
        new = _person_of(ticket)
        record(ticket, EventKind.CUSTOMER_CHANGED, actor=actor, old=old.name, new=new.name, former=former)
        _note(ticket, old, new, actor=actor)
        return _tell(ticket, replies, tells=tells, actor=actor)


def _drop_copies(ticket: Ticket, customer_ids: set[int], but: Collection[int] = ()) -> None:
    """Take the addresses of these customers out of copy, except those with these ids."""
    theirs = CustomerAddress.select().join(TicketCc).where(TicketCc.ticket == ticket.id)
    for address in theirs.where(CustomerAddress.customer.in_(customer_ids), CustomerAddress.id.not_in(list(but))):
        TicketCc.delete().where(TicketCc.ticket == ticket.id, TicketCc.address == address.id).execute()
        copy_digest.forget(ticket, address)


def _note(ticket: Ticket, old: _Person, new: _Person, *, actor: Agent) -> None:
    """Write a line of the journal for each of the two persons, by whose address it is found."""
    taken, given = journal.Act.TICKET_TAKEN_AWAY, journal.Act.TICKET_GIVEN
    number = ticket.number
    journal.record(taken, actor=actor, subject=old.name, about=old.email, number=number, to=new.name)
    journal.record(given, actor=actor, subject=new.name, about=new.email, number=number, former=old.name)


def _tell(ticket: Ticket, replies: list[Message], *, tells: bool, actor: Agent) -> bool:
    for message in replies:
        author = message.agent or actor
        notifications.owe(Cause(Occasion.REPLY_REDIRECTED, author, ticket, about=message))
    if not tells:
        return False
    mails = notifications.owe(Cause(Occasion.NEW_CUSTOMER, actor, ticket))
    return any(mail.state == "pending" for mail in mails)


def _hold_address(address: CustomerAddress) -> CustomerAddress:
    """Return an address as stored, and let it stay so in this transaction. Raises InvalidInput when it is gone."""
    row = CustomerAddress.select().where(CustomerAddress.id == address.id)
    stored: CustomerAddress | None = (row if is_sqlite() else row.for_update("FOR SHARE")).first()
    if stored is None:
        raise InvalidInput(lazy("This address has just been removed."), field="email")
    return stored


class _Person(NamedTuple):
    """A customer as histories name them, with the address, and the address alone."""

    name: str
    email: str


def _person_of(ticket: Ticket) -> _Person:
    return _person(ticket.customer, ticket.address)


def _person(customer: Customer, address: CustomerAddress | None) -> _Person:
    email = str((address or customer.primary_address).email)
    return _Person(f"{customer.full_name} ({email})" if customer.full_name else email, email)


def _addresses_of(customer_id: int) -> ModelSelect:
    return CustomerAddress.select(CustomerAddress.id).where(CustomerAddress.customer == customer_id)


def _orders(customer_id: int) -> int:
    return int(Order.select().where(Order.customer == customer_id).count())


def _waiting(ticket: Ticket) -> Any:
    """Return the condition of the e-mails about a ticket that wait for its customer."""
    mine = (OutgoingEmail.ticket == ticket.id) & OutgoingEmail.address.in_(_addresses_of(ticket.customer_id))
    # What was given up waits as well: it goes out when somebody lets all that failed be tried again.
    return mine & OutgoingEmail.state.in_(WAITING)


def _replies_waiting(ticket: Ticket) -> list[Message]:
    """Return the replies whose e-mail still waits for the customer: they may still be taken back."""
    waiting = OutgoingEmail.select(OutgoingEmail.message).where(_waiting(ticket), OutgoingEmail.kind == "notification")
    ids = [key for (key,) in waiting.tuples() if key is not None]
    query = Message.select().where(Message.id.in_(ids), Message.public_at > clock.now())
    return list(query.order_by(Message.id).limit(MOST_REPLIES)) if ids else []


def _cancel_copies(replies: list[Message], address: CustomerAddress) -> None:
    """Cancel the copies of these replies that wait for who becomes the customer: they get the replies themselves."""
    copies = OutgoingEmail.message.in_([row.id for row in replies]) & (OutgoingEmail.state == "pending")
    theirs = OutgoingEmail.address.in_(_addresses_of(address.customer_id))
    OutgoingEmail.update(state="cancelled").where(copies, theirs).execute()


# --- Undoing ------------------------------------------------------------------------------------------------------


def hangs_on(ticket_ids: list[int]) -> dict[int, dict[str, Any]]:
    """Return, ticket by ticket, what undoing a change needs beyond the columns: copies, mails that wait or failed."""
    hanging: dict[int, dict[str, Any]] = {key: {"copies": [], "mails": [], "failed": []} for key in ticket_ids}
    columns = (TicketCc.address_id, TicketCc.added_by, TicketCc.waits, TicketCc.organisation_id)
    copies = TicketCc.select(TicketCc.ticket_id, *columns)
    for ticket_id, *row in copies.where(TicketCc.ticket.in_(ticket_ids)).tuples():
        hanging[ticket_id]["copies"].append(row)
    mails = OutgoingEmail.select(OutgoingEmail.ticket_id, OutgoingEmail.id, OutgoingEmail.state).where(
        OutgoingEmail.ticket.in_(ticket_ids), OutgoingEmail.state.in_(WAITING)
    )
    for ticket_id, key, state in mails.tuples():
        hanging[ticket_id]["failed" if state == "failed" else "mails"].append(key)
    return hanging


def may_return(before: dict[str, Any]) -> bool:
    """Whether the former customer, whose part they may be now, still has the address the ticket was opened with."""
    if before["address"] is None:
        return former_customers.owner_of(before) is not None
    return bool(CustomerAddress.select().where(CustomerAddress.id == before["address"]).exists())


def give_back(ticket: Ticket, before: dict[str, Any], after: dict[str, Any], *, actor: Agent) -> None:
    """Restore what hung on the ticket of a former customer, whose columns are restored already.

    In the transaction of the undoing. E-mails that waited for them wait again.
    """
    present = {row.id for row in cc.in_copy(ticket)}
    left = [row[0] for row in after["copies"]]
    for address_id, added_by, waits, *organisation in before["copies"]:
        is_there = CustomerAddress.select().where(CustomerAddress.id == address_id).exists()
        if address_id not in (*present, *left) and is_there:
            TicketCc.create(
                ticket=ticket, address=address_id, added_by=added_by, waits=waits, created_at=clock.now(),
                organisation_id=next(iter(organisation), None),
            )  # fmt: skip
    # Who wrote as a stranger meanwhile waits to be let in; the ticket is theirs again.
    _drop_copies(ticket, {ticket.customer_id}, but={row[0] for row in before["copies"]})
    waited = [key for key in before["mails"] if key not in after["mails"]]
    rows = OutgoingEmail.select(OutgoingEmail, Message).join(Message, JOIN.LEFT_OUTER)
    rows = rows.where(OutgoingEmail.id.in_(waited), OutgoingEmail.state == "cancelled")
    for mail in rows if waited else ():
        # A reply may have been delayed meanwhile: it is not mailed before it is public.
        mail.state, mail.due_at = "pending", (mail.message and mail.message.public_at) or clock.now()
        mail.save(only=[OutgoingEmail.state, OutgoingEmail.due_at])
    failed = OutgoingEmail.id.in_([key for key in before["failed"] if key not in after["failed"]])
    OutgoingEmail.update(state="failed").where(failed, OutgoingEmail.state == "cancelled").execute()
    customer_search.rename_author_in(ticket)
    address = CustomerAddress.get_or_none(CustomerAddress.id == after["address"])
    other = Customer.get_by_id(former_customers.owner_of(after))
    _note(ticket, _person(other, address), _person_of(ticket), actor=actor)
