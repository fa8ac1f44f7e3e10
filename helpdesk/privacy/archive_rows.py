"""The rows of a person as data: what stands in the JSON files of their archive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from peewee import JOIN, ModelSelect

from helpdesk import orders
from helpdesk.i18n import _
from helpdesk.lib import richtext
from helpdesk.people import former_customers
from helpdesk.settings import lookups
from helpdesk.single_sign_on import linking
from models import (
    CUSTOMER_MESSAGE,
    REPLY,
    RESPONSIBLE,
    Attachment,
    Customer,
    CustomerAddress,
    IncomingMail,
    Message,
    Order,
    OutgoingEmail,
    Rating,
    SignIn,
    Ticket,
    TicketCc,
)

#: Rows of one kind in the file about the person: more of them nobody reads one by one.
MOST = 10_000


def moment(at: datetime | None) -> str | None:
    """Return a moment (naive UTC) as data."""
    return f"{at.isoformat(timespec='seconds')}Z" if at is not None else None


def person(customer: Customer, own: Sequence[CustomerAddress]) -> dict[str, Any]:
    """Return who a customer is, what they ordered, and what was sent to and came from these addresses of theirs."""
    keys, emails = [row.id for row in own], [row.email for row in own]
    sent = OutgoingEmail.select().join(Ticket, JOIN.LEFT_OUTER).where(
        OutgoingEmail.address.in_(keys), OutgoingEmail.state == "sent",
        # What came of tickets of others names other people.
        OutgoingEmail.ticket.is_null() | (Ticket.customer == customer.id),
    )  # fmt: skip
    received = IncomingMail.select().where(IncomingMail.from_email.in_(emails))
    copies = TicketCc.select(Ticket.number).join(Ticket).where(TicketCc.address.in_(keys), ~TicketCc.waits)
    return {
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "former_names": _former_names(customer),
        "language": customer.locale,
        "since": moment(customer.created_at),
        "signed_in": moment(customer.signed_in_at),
        "blocked": customer.blocked_at is not None,
        "away_until": moment(customer.absent_until),
        **_organisation(customer),
        "addresses": [_address(row) for row in own],
        "in_copy_of": [number for (number,) in copies.order_by(TicketCc.id).limit(MOST).tuples()],
        "orders": _orders(customer, emails),
        "mails_sent_to_you": [
            {"at": moment(row.sent_at), "to": row.to_email, "subject": row.subject, "text": richtext.to_text(row.body)}
            for row in sent.order_by(OutgoingEmail.id).limit(MOST)
        ],
        "mails_from_you": [
            {"at": moment(row.received_at), "from": row.from_email, "subject": row.subject}
            for row in received.order_by(IncomingMail.id).limit(MOST)
        ],
        "sign_ins": [
            {"device": row.device, "since": moment(row.created_at), "last_seen": moment(row.last_seen_at)}
            for row in SignIn.select().where(SignIn.customer == customer.id).order_by(SignIn.id).limit(MOST)
        ],
        "linked_accounts": _linked_accounts(customer),
    }


def _former_names(customer: Customer) -> list[str]:
    """Return the names of who became part of them."""
    rows = former_customers.part_of(customer)
    names = (f"{row.source.get('first_name', '')} {row.source.get('last_name', '')}".strip() for row in rows)
    return list(dict.fromkeys(name for name in names if name and name != customer.full_name))


def _address(row: CustomerAddress) -> dict[str, Any]:
    since, proven = moment(row.created_at), moment(row.proven_at)
    return {"email": row.email, "main": row.is_primary, "since": since, "proven": proven}


def _organisation(customer: Customer) -> dict[str, Any]:
    return {
        "organisation": str(lookups.organisation(customer.organisation_id) or ""),
        "reads_tickets_of_organisation": customer.organisation_role == RESPONSIBLE,
        "gets_copies_of_organisation": customer.organisation_copies,
    }


def _linked_accounts(customer: Customer) -> list[dict[str, Any]]:
    """Return the accounts at providers that open theirs."""
    return [
        {
            "provider": str(row.provider), "name": row.sub, "email": row.email,
            "since": moment(row.linked_at), "last_used": moment(row.last_used_at),
        }
        for row in linking.of(customer)
    ]  # fmt: skip


def _orders(customer: Customer, emails: list[str]) -> list[dict[str, Any]]:
    theirs = Order.select().where(Order.customer == customer.id, Order.email.in_(emails))
    rows = list(theirs.order_by(Order.id).limit(MOST))
    lines = orders.lines_of([row.id for row in rows])
    return [
        {
            "shop": row.shop, "number": row.number, "email": row.email, "at": moment(row.placed_at),
            "total": row.total, "currency": row.currency, "status": row.status, "url": row.url,
            "lines": [{"name": one.name, "quantity": one.quantity, "price": one.price} for one in lines[row.id]],
        }
        for row in rows
    ]  # fmt: skip


def ticket(row: Ticket) -> dict[str, Any]:
    """Return what a ticket is, without its messages."""
    status, rating = lookups.status(row.status_id), Rating.get_or_none(Rating.ticket == row.id)
    service, department = lookups.service(row.service_id), lookups.department(row.department_id)
    return {
        "number": row.number, "subject": row.subject, "opened": moment(row.created_at), "closed": moment(row.closed_at),
        "status": str(status.label) if status is not None else "",
        "service": str(service or ""), "department": str(department.name) if department is not None else "",
        "organisation": str(lookups.organisation(row.organisation_id) or ""), "private": row.is_private,
        "opened_with": row.address.email if row.address_id is not None else "", "order_number": row.order_number,
        "rating": {"score": rating.score, "comment": rating.comment, "at": moment(rating.rated_at)} if rating else None,
    }  # fmt: skip


def message(row: Message, reader: Customer, files: Sequence[tuple[Attachment, str]]) -> dict[str, Any]:
    """Return a message with its files, each with where it lies."""
    return {
        "at": moment(row.created_at),
        "from": "team" if row.kind == REPLY else "you" if row.customer_id == reader.id else "other",
        "author": author(row, reader),
        "text": richtext.to_text(row.body),
        "signature": richtext.to_text(row.signature),
        "html": richtext.clean(row.body),
        "files": [{"name": file.name, "type": file.media_type, "size": file.size, "path": at} for file, at in files],
    }


def author(row: Message, reader: Customer) -> str:
    """Return who wrote a message: of others than the reader no e-mail address."""
    is_others = row.kind == CUSTOMER_MESSAGE and row.customer_id != reader.id
    return _("Somebody in copy") if is_others and "@" in row.author_name else str(row.author_name)


def written_elsewhere(customer: Customer) -> ModelSelect:
    """Return what a customer wrote in tickets of others: in copy, or while the ticket was still theirs."""
    theirs = Message.select().join(Ticket).where(Message.customer == customer.id, Ticket.customer != customer.id)
    return theirs.where(Message.deleted_at.is_null())
