"""Two tickets of one customer that look alike: proposed to be merged, unless somebody said that they are not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from peewee import ModelSelect

from helpdesk import folding
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.tickets.customer_tickets import CustomerTicket
from models import KeptApart, Ticket

#: How far apart two tickets of one subject may have been opened.
NEAR = timedelta(days=7)


def find(ticket: Ticket, others: Iterable[CustomerTicket]) -> CustomerTicket | None:
    """Return the newest of the customer's `others` of the same subject and week, unless the two are kept apart.

    They are those that the page of the ticket shows anyway: nothing is read where none is alike.
    """
    if ticket.is_spam or ticket.in_bin:
        return None
    subject = _words(ticket)
    for row in others:
        is_near = abs(row.created_at - ticket.created_at) <= NEAR
        if is_near and not row.is_spam and _words(row) == subject:
            return None if are_kept_apart(ticket, row) else row
    return None


def _words(ticket: Ticket | CustomerTicket) -> list[str]:
    return folding.fold(ticket.subject).split()


def keep_apart(ticket: Ticket, other: Ticket) -> None:
    """Remember that these two are not to be merged, in the caller's transaction."""
    first, second = sorted((ticket.id, other.id))
    KeptApart.insert(ticket=first, other=second).on_conflict_ignore().execute()


def are_kept_apart(ticket: Ticket, other: Ticket | CustomerTicket) -> bool:
    """Whether somebody said that these two are not to be merged."""
    first, second = sorted((ticket.id, other.id))
    return bool(_kept_apart(first=first, second=second))


@Prepared
def _kept_apart() -> ModelSelect:
    query = KeptApart.select(KeptApart.ticket)
    return query.where(KeptApart.ticket == Slot("first"), KeptApart.other == Slot("second")).tuples()
