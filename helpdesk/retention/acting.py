"""What the periods do to a ticket: its customer is taken out of it, it is deleted, or its files are.

Each runs in its caller's transaction on tickets that are locked, writes the log that a restore obeys, and returns the
paths of the files that go after the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from peewee import IntegrityError

from database import database
from helpdesk import clock, erased_marks, search
from helpdesk.access import SYSTEM
from helpdesk.erased_marks import of_person
from helpdesk.erasing import erasure_log, mails, own_tickets
from helpdesk.erasing.erasure_log import TicketsEntry
from helpdesk.erasing.person import Person, emails_of, names_of, placeholder, searched_emails
from helpdesk.events import EventKind, record
from helpdesk.files import attachments
from helpdesk.lib import richtext
from helpdesk.retention import last_heard
from helpdesk.retention.periods import ANONYMISE, DELETE, FILES, SPAM
from helpdesk.settings.desk import desk_id
from helpdesk.tickets import spam_and_bin
from models import (
    AccessLink,
    Attachment,
    Customer,
    CustomerAddress,
    Erasure,
    GuestPass,
    IncomingMail,
    Message,
    OutgoingEmail,
    Ticket,
    TicketEvent,
)

#: The number of an erasure that no person has: of the customer who stands for all of those taken out by age.
NOBODY = 0


def act_on(act: str, tickets: Sequence[Ticket], *, blanks_replies: bool) -> list[str]:
    """Do this to tickets that the running transaction has locked; return the paths of files that go."""
    if not tickets:
        return []
    if act in (ANONYMISE, DELETE):
        last_heard.note(tickets)
    paths = _ACTS[act](tickets, blanks_replies)
    # After what may fail: a restore does again what this names.
    _note(act, tickets, blanks_replies=blanks_replies)
    return paths


def _note(act: str, tickets: Sequence[Ticket], *, blanks_replies: bool) -> None:
    """Write the log before the transaction ends: whoever restores a backup must not bring it back."""
    keys = tuple((ticket.id, ticket.created_at.isoformat()) for ticket in tickets)
    erasure_log.store([TicketsEntry(desk_id(), clock.now().isoformat(), act, blanks_replies, keys)])


# --- Anonymising --------------------------------------------------------------------------------------------------


def stand_in() -> Customer:
    """Return the customer whose tickets are those that were anonymised by their age; make them at first."""
    email = placeholder(NOBODY)
    address = CustomerAddress.get_or_none(CustomerAddress.email == email)
    if address is None:
        try:
            with database.atomic():
                address = _make_stand_in(email)
        except IntegrityError:
            address = CustomerAddress.get(CustomerAddress.email == email)
    customer: Customer = address.customer
    return customer


def _make_stand_in(email: str) -> CustomerAddress:
    now = clock.now()
    customer = Customer.create(last_name=of_person(NOBODY), created_at=now, erased_at=now)
    return CustomerAddress.create(customer=customer, email=email, is_primary=True, created_at=now)


def _anonymise(tickets: Sequence[Ticket], blanks_replies: bool) -> list[str]:
    instead, paths = stand_in(), list[str]()
    address = instead.primary_address
    for ticket in tickets:
        person = _person_of(ticket, address.id, blanks_replies=blanks_replies)
        _forget_mails(person, ticket)
        _close_doors(ticket)
        theirs = (Message.ticket == ticket.id) & (Message.customer == person.customer_id)
        own_tickets.blank(person, list(Message.select().where(theirs)))
        Message.update(customer=instead).where(theirs).execute()
        Ticket.update(customer=instead).where(Ticket.id == ticket.id).execute()
        ticket.customer = instead
        own_tickets.blank_ticket(person, ticket)
        acts = (TicketEvent.ticket == ticket.id) & (TicketEvent.customer == person.customer_id)
        TicketEvent.update(customer=instead).where(acts).execute()
        record(ticket, EventKind.ANONYMISED, actor=SYSTEM)
        paths += person.paths
    return paths


def _person_of(ticket: Ticket, address_id: int, *, blanks_replies: bool) -> Person:
    """Return the customer of a ticket as erasing needs them; no erasure of theirs is stored."""
    customer = ticket.customer
    erasure = Erasure(
        id=NOBODY, customer=customer.id, blanks_replies=blanks_replies, begun_at=clock.now(), counts={}, person={}
    )
    return Person(
        erasure=erasure,
        emails=tuple(searched_emails(emails_of(customer))),
        names=tuple(names_of(customer)),
        label=of_person(NOBODY),
        text=erased_marks.TEXT,
        address_id=address_id,
    )


def _forget_mails(person: Person, ticket: Ticket) -> None:
    """Delete what was mailed about a ticket, and forget what came in for it."""
    inside = Message.select(Message.id).where(Message.ticket == ticket.id)
    for part in (OutgoingEmail.ticket == ticket.id, OutgoingEmail.message.in_(inside)):
        OutgoingEmail.delete().where(part).execute()
    for condition in (IncomingMail.ticket == ticket.id, IncomingMail.message.in_(inside)):
        if ids := [key for (key,) in IncomingMail.select(IncomingMail.id).where(condition).tuples()]:
            mails.forget(person, ids)


def _close_doors(ticket: Ticket) -> None:
    """Let no mailed link of the customer open the ticket any more; those of people in copy do."""
    own = CustomerAddress.select(CustomerAddress.id).where(CustomerAddress.customer == ticket.customer_id)
    AccessLink.delete().where(AccessLink.ticket == ticket.id, AccessLink.address.in_(own)).execute()
    GuestPass.delete().where(GuestPass.ticket_id == ticket.id, GuestPass.address.in_(own)).execute()


# --- Deleting -----------------------------------------------------------------------------------------------------


def _delete(tickets: Sequence[Ticket], _blanks_replies: bool) -> list[str]:
    paths: list[str] = []
    for ticket in tickets:
        person = _person_of(ticket, 0, blanks_replies=True)
        _forget_mails(person, ticket)
        own_tickets.blank_journal(person, ticket)
        paths += person.paths
    ids = [ticket.id for ticket in tickets]
    GuestPass.delete().where(GuestPass.ticket_id.in_(ids)).execute()
    return paths + spam_and_bin.purge(ids)


# --- Files --------------------------------------------------------------------------------------------------------


def _delete_files(tickets: Sequence[Ticket], _blanks_replies: bool) -> list[str]:
    """Delete the files of tickets, and the originals of e-mails that brought them; what was written stays."""
    paths: list[str] = []
    for ticket in tickets:
        rows = list(Message.select().where(Message.ticket == ticket.id).order_by(Message.id))
        ids = [row.id for row in rows]
        with_files = set(attachments.of_messages(rows))
        gone = attachments.paths_of(ids)
        paths += gone
        Attachment.delete().where(Attachment.message.in_(ids)).execute()
        mailed = IncomingMail.path.is_null(False) & ((IncomingMail.ticket == ticket.id) | IncomingMail.message.in_(ids))
        paths += [path for (path,) in IncomingMail.select(IncomingMail.path).where(mailed).tuples()]
        IncomingMail.update(path=None).where(mailed).execute()
        author = f"{ticket.customer.full_name} {ticket.address.email if ticket.address_id is not None else ''}"
        for row in rows:
            if row.id in with_files and row.deleted_at is None:
                search.index_again(row.id, ticket, author, richtext.to_text(row.body))
        record(ticket, EventKind.FILES_DELETED, actor=SYSTEM, name=str(len(gone)))
    return paths


_ACTS: dict[str, Callable[[Sequence[Ticket], bool], list[str]]] = {
    ANONYMISE: _anonymise, DELETE: _delete, SPAM: _delete, FILES: _delete_files,
}  # fmt: skip
