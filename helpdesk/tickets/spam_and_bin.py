"""Marking tickets as spam; moving them to the bin, which is purged after thirty days."""

from __future__ import annotations

from datetime import datetime, timedelta

from helpdesk import clock, journal, search
from helpdesk.access import Actor, System
from helpdesk.errors import InvalidInput
from helpdesk.events import EventKind, record, transaction
from helpdesk.files import attachments, uploads
from helpdesk.files.file_store import discard
from helpdesk.i18n import lazy
from helpdesk.locking import act, for_update
from helpdesk.tickets.derived_columns import store
from models import CustomerAddress, Message, OutgoingEmail, ScheduledReply, Ticket

#: Days a ticket stays in the bin before it is purged (RULES 16).
BIN_DAYS = 30
#: Tickets purged in one transaction.
BATCH = 200


def mark_spam(ticket: Ticket, *, actor: Actor, block_author: bool | None = None) -> None:
    """Flag the ticket as spam and block its author: later tickets of theirs are stored as spam (A17).

    `block_author` None means nobody was asked: it blocks, but raises InvalidInput where `may_be_impersonated`.
    """
    with act(ticket, "spam", actor=actor):
        if ticket.is_spam:
            return
        if block_author is None and may_be_impersonated(ticket):
            raise InvalidInput(lazy("Its author may be somebody else: open the ticket and say whether to block them."))
        store(ticket, is_spam=True)
        customer = ticket.customer
        if block_author is not False and customer.blocked_at is None:
            customer.blocked_at = clock.now()
            customer.save()
        record(ticket, EventKind.SPAM, actor=actor)


def may_be_impersonated(ticket: Ticket) -> bool:
    """Whether the ticket came from an unproven address of a member, which anybody may have typed (RULES 15)."""
    if ticket.address_id is None or ticket.address.is_proven:
        return False
    addresses = CustomerAddress.select().where(CustomerAddress.customer == ticket.customer_id)
    return any(address.is_member for address in addresses)


def not_spam(ticket: Ticket, *, actor: Actor) -> None:
    """Remove the spam flag and unblock the author; the status stays (RULES 15)."""
    with act(ticket, "spam", actor=actor):
        if not ticket.is_spam:
            return
        store(ticket, is_spam=False)
        customer = ticket.customer
        customer.blocked_at = None
        customer.save()
        record(ticket, EventKind.NOT_SPAM, actor=actor)


def delete(ticket: Ticket, *, actor: Actor) -> None:
    """Move the ticket to the bin, out of every list and count; its customer still sees it (RULES 16)."""
    with act(ticket, "delete", actor=actor):
        if ticket.in_bin:
            return
        store(ticket, in_bin=True, binned_at=clock.now(), hidden_from_customer=isinstance(actor, System))
        record(ticket, EventKind.DELETED, actor=actor)


def restore(ticket: Ticket, *, actor: Actor) -> None:
    """Take the ticket out of the bin."""
    with act(ticket, "restore", actor=actor):
        if not ticket.in_bin:
            return
        store(ticket, in_bin=False, binned_at=None, hidden_from_customer=False)
        record(ticket, EventKind.RESTORED, actor=actor)


def purge_date(ticket: Ticket) -> datetime | None:
    """Return the time (UTC) from which a ticket in the bin is purged; None for any other ticket."""
    return ticket.binned_at + timedelta(days=BIN_DAYS) if ticket.in_bin and ticket.binned_at else None


def purge_bin() -> int:
    """Delete the tickets that have been in the bin for thirty days, with their files; return how many."""
    limit = clock.now() - timedelta(days=BIN_DAYS)
    over = Ticket.select(Ticket.id).where(Ticket.in_bin, Ticket.binned_at < limit).order_by(Ticket.id).limit(BATCH)
    purged = 0
    while True:
        with transaction():
            # Locked: a message that a customer is just sending restores its ticket first, or finds none.
            ids = [key for (key,) in for_update(over).tuples()]
            paths = purge(ids)
        if not ids:
            return purged
        discard(paths)
        purged += len(ids)


def purge(ids: list[int]) -> list[str]:
    """Delete these tickets, their messages and mails, in the caller's transaction; return the paths of their files."""
    messages = [key for (key,) in Message.select(Message.id).where(Message.ticket.in_(ids)).tuples()]
    scheduled = ScheduledReply.select(ScheduledReply.id).where(ScheduledReply.ticket.in_(ids))
    paths = attachments.paths_of(messages) + uploads.drop_of_replies([key for (key,) in scheduled.tuples()])
    for message_id in messages:
        search.forget(message_id)
    OutgoingEmail.delete().where(OutgoingEmail.ticket.in_(ids)).execute()
    numbers = Ticket.select(Ticket.number).where(Ticket.id.in_(ids)).order_by(Ticket.id)
    journal.tickets_purged([number for (number,) in numbers.tuples()])
    Ticket.delete().where(Ticket.id.in_(ids)).execute()
    return paths
