"""A reply written before unseen messages arrived is refused, and comes back with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from peewee import ModelSelect

from helpdesk.errors import ReplyOutdated
from helpdesk.events import EventKind
from helpdesk.i18n import ngettext
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.tickets.thread import MESSAGES
from models import NOTE, Message, Ticket, TicketEvent


@dataclass(frozen=True)
class Seen:
    """What a writer has read: messages up to this id, on a page made at this time (naive UTC; None: not told)."""

    message: int
    page: datetime | None = None


def refuse(ticket: Ticket, seen: Seen) -> None:
    """Raise ReplyOutdated when messages came in since what the writer has seen."""
    newer = arrived_since(ticket, seen)
    if newer:
        raise ReplyOutdated(newer_text(len(newer)), messages=newer)


def arrived_since(ticket: Ticket, seen: Seen) -> list[Message]:
    """Return the public messages newer than what was seen, oldest first, at most `MESSAGES`.

    Includes the last message of each ticket merged into this one since the page was made.
    """
    events = _merged(ticket=ticket.id, page=seen.page) if seen.page else []
    merged = [event.data["newest"] for event in events if event.data.get("newest")]
    if not merged:
        return _newer(ticket=ticket.id, seen=seen.message)
    query = _public(ticket.id).where((Message.id > seen.message) | Message.id.in_(merged))
    return list(query.order_by(Message.id).limit(MESSAGES))


@Prepared
def _newer() -> ModelSelect:
    return _public(Slot("ticket")).where(Message.id > Slot("seen")).order_by(Message.id).limit(MESSAGES)


def _public(ticket: int | Slot) -> ModelSelect:
    return Message.select().where(Message.ticket == ticket, Message.kind != NOTE)


def newer_text(number: int) -> str:
    """Return how many messages came in that a writer has not seen, in words."""
    return ngettext("%(num)d new message — read, then send", "%(num)d new messages — read, then send", number)


@Prepared
def _merged() -> ModelSelect:
    since = TicketEvent.created_at >= Slot("page")
    return TicketEvent.select().where(
        TicketEvent.ticket == Slot("ticket"), TicketEvent.kind == EventKind.MERGED.value, since
    )
