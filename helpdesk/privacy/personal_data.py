"""How much the desk keeps of a customer, in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from peewee import ModelSelect, fn

from helpdesk.folding import fold
from models import (
    PENDING_ERASURES,
    UNDECIDED,
    AccessLink,
    Attachment,
    Customer,
    CustomerAddress,
    CustomerMerge,
    Erasure,
    IncomingMail,
    JournalEntry,
    Message,
    Order,
    OutgoingEmail,
    PersonExport,
    PossibleDuplicate,
    Rating,
    SignIn,
    Ticket,
    TicketCc,
    TicketEvent,
)


@dataclass(frozen=True)
class PersonalData:
    """What is kept of a person: how many rows of each kind, how many bytes of files, and since when."""

    tickets: int
    messages: int
    files: int
    bytes: int
    copies: int
    orders: int
    mails: int
    received: int
    links: int
    sign_ins: int
    ratings: int
    #: Lines of the histories of tickets, and of the journal.
    lines: int
    #: Whether they are to be erased.
    erasures: int
    #: Who became part of them, and with whom they may be one.
    merges: int
    duplicates: int
    #: Files with all of it that wait to be written, or fetched.
    exports: int
    since: datetime


def of_customer(customer: Customer, own: Sequence[CustomerAddress]) -> PersonalData:
    """Count what is kept of a customer with these addresses, by one statement over indexes.

    Notes of the team are not theirs.
    """
    keys, emails = [row.id for row in own], [row.email for row in own]
    theirs = Message.customer == customer.id
    files = Attachment.select().join(Message).where(theirs)
    alike = (PossibleDuplicate.first == customer.id) | (PossibleDuplicate.second == customer.id)
    counted: dict[str, ModelSelect] = {
        "tickets": _count(Ticket.select().where(Ticket.customer == customer.id)),
        "messages": _count(Message.select().where(theirs)),
        "files": _count(files),
        "bytes": files.select(fn.COALESCE(fn.SUM(Attachment.size), 0)),
        "copies": _count(TicketCc.select().where(TicketCc.address.in_(keys))),
        "orders": _count(Order.select().where(Order.customer == customer.id)),
        "mails": _count(OutgoingEmail.select().where(OutgoingEmail.address.in_(keys))),
        "received": _count(IncomingMail.select().where(IncomingMail.from_email.in_(emails))),
        "links": _count(AccessLink.select().where(AccessLink.address.in_(keys))),
        "sign_ins": _count(SignIn.select().where(SignIn.customer == customer.id)),
        "ratings": _count(Rating.select().join(Ticket).where(Ticket.customer == customer.id)),
        "events": _count(TicketEvent.select().where(TicketEvent.customer == customer.id)),
        "journal": _count(JournalEntry.select().where(JournalEntry.about.in_([fold(email) for email in emails]))),
        "erasures": _count(Erasure.select().where(Erasure.customer == customer.id, PENDING_ERASURES)),
        "merges": _count(CustomerMerge.select().where(CustomerMerge.customer == customer.id)),
        "duplicates": _count(PossibleDuplicate.select().where(alike, UNDECIDED)),
        "exports": _count(PersonExport.select().where(PersonExport.customer == customer.id)),
        "first": Message.select(fn.MIN(Message.created_at)).where(theirs),
    }
    query = Customer.select(*(select.alias(name) for name, select in counted.items()))
    row = query.where(Customer.id == customer.id).dicts().get()
    lines = row.pop("events") + row.pop("journal")
    since = min(filter(None, (customer.created_at, _moment(row.pop("first")))))
    return PersonalData(lines=lines, since=since, **{name: int(value) for name, value in row.items()})


def _count(query: ModelSelect) -> ModelSelect:
    return query.select(fn.COUNT(query.model._meta.primary_key))


def _moment(value: datetime | str | None) -> datetime | None:
    """Return a moment that a nested statement gives: as a text on SQLite."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value
