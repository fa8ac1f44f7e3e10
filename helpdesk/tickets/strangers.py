"""What somebody wrote who does not belong to the ticket: kept in it for the team, until an agent says who they are.

The ticket's status, its customer and who reads it stay as they are; the stranger reads nothing and is mailed nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from peewee import IntegrityError

from database import database
from helpdesk import access, clock, customer_search, journal, notifications, search
from helpdesk.errors import InvalidInput
from helpdesk.events import EventKind, record, transaction
from helpdesk.files.attachments import attach
from helpdesk.files.file_store import StoredFile
from helpdesk.i18n import lazy
from helpdesk.lib import inputs, richtext
from helpdesk.locking import act, lock
from helpdesk.notifications import Cause
from helpdesk.people import customers
from helpdesk.tickets import excerpt
from helpdesk.tickets.cc import MOST, in_copy, too_many_text
from helpdesk.tickets.derived_columns import store, waiting_columns
from helpdesk.tickets.splitting import Part, take_off
from models import (
    CUSTOMER_MESSAGE,
    NOTE,
    PLANNED_ERASURES,
    Agent,
    Customer,
    CustomerAddress,
    Erasure,
    MailedMessage,
    Message,
    Ticket,
    TicketCc,
)

DOUBT = "stranger"
DECIDED = lazy("Somebody else has just decided about this message.")


def receive_from_stranger(
    ticket: Ticket, text: str, *, address: CustomerAddress, form_key: str, files: Sequence[StoredFile] = ()
) -> Message:
    """Keep what a stranger wrote in the ticket, for the team alone. The same `form_key` again returns the message."""
    with transaction():
        lock(ticket, actor=access.SYSTEM)
        made = Message.get_or_none(Message.form_key == form_key)
        if made is not None:
            return made
        message = Message.create(
            ticket=ticket,
            kind=NOTE,
            customer=address.customer,
            author_name=address.email,
            body=richtext.from_text(text),
            created_at=clock.now(),
            form_key=form_key,
        )
        search.index(message, ticket, ticket.customer, address.email, text)
        attach(message, files, actor=access.SYSTEM)
        _wait_in_copy(ticket, address)
        record(ticket, EventKind.STRANGER_WROTE, actor=access.SYSTEM, about=message, email=address.email)
        return message


def _wait_in_copy(ticket: Ticket, address: CustomerAddress) -> None:
    """Put a stranger in copy, waiting: an agent's word lets them in."""
    if len(in_copy(ticket)) >= MOST:
        return
    try:
        with database.atomic():
            now = clock.now()
            TicketCc.create(ticket=ticket, address=address, added_by="customer", waits=True, created_at=now)
    except IntegrityError:
        return


def _doubted(message: Message) -> MailedMessage:
    return MailedMessage.select().where(MailedMessage.message == message.id, MailedMessage.doubt == DOUBT)


def accept_as_customer(message: Message, *, actor: Agent) -> None:
    """Say that a message is the customer's own, from another address of theirs, which is then theirs.

    Raises InvalidInput when that address belongs to somebody who has tickets of their own, and NotAllowed for who does
    not see every ticket that the address will open.
    """
    ticket = message.ticket
    with act(ticket, "copy", actor=actor):
        address = _author_of(message)
        customers.require_whole_sight(ticket.customer, actor)
        other = address.customer
        if other.id != ticket.customer_id:
            _refuse_known(other)
            CustomerAddress.update(customer=ticket.customer_id, is_primary=False).where(
                CustomerAddress.id == address.id
            ).execute()
            Message.update(customer=ticket.customer_id).where(Message.customer == other.id).execute()
            TicketCc.delete().where(TicketCc.ticket == ticket.id, TicketCc.address == address.id).execute()
            customer_search.forget_customers([other.id])
            other.delete_instance()
            customer_search.index_customers([ticket.customer_id])
            journal.record(
                journal.Act.CHANGED, actor=actor, subject=str(ticket.customer), what="Customer", fields=["email"]
            )
        _believe(message, Customer.get_by_id(ticket.customer_id), wakes=True, actor=actor)


def _refuse_known(customer: Customer) -> None:
    if Erasure.select().where(Erasure.customer == customer.id, PLANNED_ERASURES).exists():
        raise InvalidInput(lazy("This person is about to be erased already."))
    if customer.addresses.count() > 1 or Ticket.select().where(Ticket.customer == customer.id).exists():
        raise InvalidInput(lazy("This address belongs to a customer with tickets of their own."))


def accept_in_copy(message: Message, *, actor: Agent) -> None:
    """Put who wrote a message in copy of the ticket: they read it and are mailed from now on."""
    ticket = message.ticket
    with act(ticket, "copy", actor=actor):
        address = _author_of(message)
        let_in = TicketCc.update(waits=False).where(TicketCc.ticket == ticket.id, TicketCc.address == address.id)
        if not let_in.execute():
            if len(in_copy(ticket)) >= MOST:
                raise InvalidInput(too_many_text())
            now = clock.now()
            TicketCc.create(ticket=ticket, address=address, added_by="agent", waits=False, created_at=now)
        record(ticket, EventKind.COPY_ADDED, actor=actor, email=address.email)
        _believe(message, address.customer, wakes=False, actor=actor)


def _believe(message: Message, author: Customer, *, wakes: bool, actor: Agent) -> None:
    """Make a doubted message one that everybody in the ticket reads."""
    name = author.full_name or message.author_name
    Message.update(kind=CUSTOMER_MESSAGE, customer=author.id, author_name=name).where(
        Message.id == message.id
    ).execute()
    MailedMessage.update(doubt="").where(MailedMessage.message == message.id).execute()
    ticket = message.ticket
    if wakes and not ticket.is_closed:
        store(ticket, **waiting_columns(ticket))
    inputs.set_attributes(ticket, excerpt.of_newest(ticket))
    ticket.save()


def split(message: Message, *, actor: Agent) -> Ticket:
    """Make a ticket of its own of a message that does not belong here, for who wrote it."""
    ticket = message.ticket
    with act(ticket, "note", actor=actor):
        address = _author_of(message)
        message.kind, message.customer = CUSTOMER_MESSAGE, address.customer
        message.author_name = address.customer.full_name or address.email
        message.save()
        MailedMessage.update(doubt="").where(MailedMessage.message == message.id).execute()
        part = Part(
            (message.id,), ticket.subject, ticket.service_id, ticket.department_id, form_key=f"split-{message.id}"
        )
        made = take_off(ticket, [message], address, part, actor=actor, is_final=True)
        TicketCc.delete().where(TicketCc.ticket == ticket.id, TicketCc.address == address.id, TicketCc.waits).execute()
        notifications.owe(Cause(EventKind.OPENED, actor, made, about=message))
    return made


def _author_of(message: Message) -> CustomerAddress:
    """Return the address a doubted message came from. Raises InvalidInput for one that is not doubted any more."""
    origin = _doubted(message).first()
    if origin is None or message.deleted_at is not None:
        raise InvalidInput(DECIDED)
    return CustomerAddress.get(CustomerAddress.email == origin.sender)
