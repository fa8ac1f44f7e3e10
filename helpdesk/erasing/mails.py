"""The mails to and from an erased person: what was sent and waits, what came in, and its bytes on disk."""

from __future__ import annotations

from typing import Any

from peewee import ModelSelect

from helpdesk.erasing.person import Person
from models import (
    CustomerAddress,
    IncomingMail,
    MailRecipient,
    Message,
    OutgoingEmail,
    Ticket,
    UnconfirmedRequest,
    Upload,
)

#: Mails of one transaction.
AT_ONCE = 200


def _tickets(person: Person) -> ModelSelect:
    return Ticket.select(Ticket.id).where(Ticket.customer == person.customer_id)


def _messages(person: Person) -> ModelSelect:
    return Message.select(Message.id).where(Message.customer == person.customer_id)


def _addresses(person: Person) -> ModelSelect:
    return CustomerAddress.select(CustomerAddress.id).where(CustomerAddress.customer == person.customer_id)


def delete_sent(person: Person, _cursor: int) -> int | None:
    """Delete the next mails to the person, about their tickets, and with a message of theirs, sent or not."""
    parts = (
        OutgoingEmail.address.in_(_addresses(person)),
        OutgoingEmail.ticket.in_(_tickets(person)),
        OutgoingEmail.message.in_(_messages(person)),
    )
    # One part after the other, each by its index.
    for condition in parts:
        ids = [key for (key,) in OutgoingEmail.select(OutgoingEmail.id).where(condition).limit(AT_ONCE).tuples()]
        if ids:
            OutgoingEmail.delete().where(OutgoingEmail.id.in_(ids)).execute()
            person.count("mails", len(ids))
            return 0
    return None


def forget_received(person: Person, _cursor: int) -> int | None:
    """Forget the next mails of the person, in their tickets, and those that name them as a recipient.

    What stays of each is its hash, so that it never comes in twice.
    """
    named = MailRecipient.select(MailRecipient.mail).where(MailRecipient.email.in_(person.emails))
    # What came since is of whoever uses the address now.
    before = IncomingMail.received_at <= person.begun_at
    parts: tuple[Any, ...] = (
        IncomingMail.from_email.in_(person.emails) & before,
        IncomingMail.ticket.in_(_tickets(person)),
        IncomingMail.message.in_(_messages(person)),
        IncomingMail.id.in_(named) & before,
    )
    for condition in parts:
        rows = list(IncomingMail.select(IncomingMail.id).where(condition).limit(AT_ONCE).tuples())
        if rows:
            forget(person, [key for (key,) in rows])
            return 0
    return None


def forget(person: Person, ids: list[int]) -> None:
    """Forget these mails, in the caller's transaction; their bytes go after it."""
    chosen = IncomingMail.id.in_(ids)
    paths = [path for (path,) in IncomingMail.select(IncomingMail.path).where(chosen).tuples() if path]
    MailRecipient.delete().where(MailRecipient.mail.in_(ids)).execute()
    IncomingMail.update(
        path=None, explanation={}, subject="", from_name="", from_email="", mail_id="", ticket=None, message=None,
        state="ignored", reason="forgotten",
    ).where(chosen).execute()  # fmt: skip
    person.paths += paths
    person.count("received", len(ids))


def delete_requests(person: Person, _cursor: int) -> int | None:
    """Delete what the person asked for and has not confirmed, with the files of their forms: all of it is young."""
    files = Upload.owner == f"customer {person.customer_id}"
    rows = UnconfirmedRequest.select(UnconfirmedRequest.id, UnconfirmedRequest.request, UnconfirmedRequest.mail)
    before = UnconfirmedRequest.created_at <= person.begun_at
    for key, request, mail in list(rows.where(before).tuples()):
        if person.scrubbed(request, names=False) != request:
            OutgoingEmail.delete().where(OutgoingEmail.id == mail).execute()
            UnconfirmedRequest.delete().where(UnconfirmedRequest.id == key).execute()
            files |= Upload.id.in_(request.get("files") or [])
    person.paths += [path for (path,) in Upload.select(Upload.path).where(files).tuples()]
    Upload.delete().where(files).execute()
    return None
