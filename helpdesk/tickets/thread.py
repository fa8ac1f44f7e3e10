"""The thread of a ticket: messages and history in order of time, and what a page shows beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from peewee import JOIN, Case, ModelSelect, fn

from database import is_sqlite
from helpdesk import access, events
from helpdesk.events import SHOWN_AS_MESSAGE, EventKind
from helpdesk.i18n import ngettext
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.notifications.withholding import UNDELIVERABLE
from helpdesk.settings import lookups
from helpdesk.tickets import unread
from models import (
    NOTE,
    Agent,
    Attachment,
    CustomerAddress,
    Draft,
    FormerNumber,
    Message,
    Order,
    OutgoingEmail,
    ReadMark,
    Relation,
    ScheduledReply,
    Ticket,
    TicketCc,
    TicketEvent,
    TicketTag,
)

#: Messages on one page of a thread: the newest; a link leads to earlier ones.
MESSAGES = 100
#: History lines of one page of a thread.
EVENTS = 400
#: Changes from which on one act is one line, and how long it may take.
FOLDED, AT_ONCE = 3, timedelta(seconds=2)
#: Data that make the opening of a ticket a line of history: opened on behalf of somebody, or merged into another.
NOTABLE_OPENING = ("source", "former")
#: What a line of the history undoes: it stands alone.
UNDOABLE = (EventKind.MERGED, EventKind.MASKED, EventKind.FILE_MASKED)


@dataclass(frozen=True)
class Line:
    """A line of the history."""

    text: str
    created_at: datetime
    #: The number of the ticket that was merged into this one at that moment.
    merged: str = ""
    #: The mask (its id) of which it speaks.
    mask: int = 0
    #: The lines of one act that changed several things: `text` says who and how many.
    parts: Sequence[str] = ()


@dataclass(frozen=True)
class Block:
    """A part of a thread: one message, or the history lines between two messages."""

    message: Message | None
    lines: Sequence[Line] = ()


@dataclass(frozen=True)
class Thread:
    """One page of a thread, oldest first.

    `earlier` and `later` are the ids of the first and last message here where more follow on that side.
    """

    blocks: Sequence[Block]
    earlier: int | None = None
    later: int | None = None


def timeline(ticket: Ticket, agent: Agent, *, before: int | None = None, after: int | None = None) -> Thread:
    """Return a page of the thread for an agent: the newest, or the one before or after the message with this id."""
    messages, earlier, later = _stretch(ticket.id, before, after)
    since = messages[0].created_at if earlier is not None else datetime.min
    until = messages[-1].created_at if later is not None else datetime.max
    shown = [
        event
        for event in _events(ticket=ticket.id, since=since, until=until)
        if event.kind != EventKind.OPENED or not event.data.keys().isdisjoint(NOTABLE_OPENING)
    ]
    lines = _lines(shown, _unseen(shown, ticket, agent))
    # A message and the events it causes have nearly the same time: the message comes first.
    entries: list[tuple[datetime, int, Any]] = [(m.created_at, 0, m) for m in messages if m.deleted_at is None]
    entries += [(line.created_at, 1, line) for line in lines]
    entries.sort(key=lambda entry: entry[:2])
    return Thread(_blocks(entries), earlier, later)


def _unseen(shown: Sequence[TicketEvent], ticket: Ticket, agent: Agent) -> set[str]:
    """Return the numbers among these events that the agent may not see: of other tickets, or of none any more."""
    numbers = {number for event in shown if (number := events.other_number(event))}
    if not numbers:
        return set()
    visible = access.visible_tickets(agent)
    seen = visible.select(Ticket.number).where(Ticket.number.in_(numbers))
    # Whoever sees a ticket sees the numbers of those that are part of it.
    inside = FormerNumber.select(FormerNumber.number).where(
        FormerNumber.number.in_(numbers),
        (FormerNumber.ticket == ticket.id) | FormerNumber.ticket.in_(visible.select(Ticket.id)),
    )
    return numbers - {number for query in (seen, inside) for (number,) in query.tuples()}


def _lines(shown: Sequence[TicketEvent], unseen: Set[str]) -> list[Line]:
    """Return the lines of the history; several changes of one person in one moment are one line, which opens."""
    lines: list[Line] = []
    for act in _acts(shown):
        texts = [events.describe(event, is_nameless=events.other_number(event) in unseen) for event in act]
        if len(act) < FOLDED or not act[0].actor_name or any(event.kind in UNDOABLE for event in act):
            lines += [_line(text, event) for text, event in zip(texts, act, strict=True)]
        else:
            text = ngettext(
                "%(who)s made %(num)d change", "%(who)s made %(num)d changes", len(act), who=act[0].actor_name
            )
            lines.append(Line(text, act[0].created_at, parts=texts))
    return lines


def _line(text: str, event: TicketEvent) -> Line:
    former = event.data["former"] if event.kind == EventKind.MERGED else ""
    return Line(text, event.created_at, former, event.data.get("mask", 0))


def _acts(shown: Sequence[TicketEvent]) -> Iterator[list[TicketEvent]]:
    """Give the events that one person caused in one moment together."""
    act: list[TicketEvent] = []
    for event in shown:
        same = act and event.actor_name == act[0].actor_name and event.created_at - act[0].created_at < AT_ONCE
        if act and not same:
            yield act
            act = []
        act.append(event)
    if act:
        yield act


def _stretch(ticket: int, before: int | None, after: int | None) -> tuple[list[Message], int | None, int | None]:
    rows = _messages("after", ticket=ticket, key=after) if after is not None else []
    if rows:
        page = rows[:MESSAGES]
        return page, page[0].id if page[0].follows else None, page[-1].id if len(rows) > MESSAGES else None
    page, earlier = _page(_messages("before" if before is not None else "", ticket=ticket, key=before))
    return page, earlier, page[-1].id if page and before is not None else None


@Prepared
def _messages(way: str) -> ModelSelect:
    failed = OutgoingEmail.select(fn.COUNT(OutgoingEmail.id)).where(
        OutgoingEmail.message == Message.id,
        (OutgoingEmail.state == "failed")
        | (OutgoingEmail.address.is_null(False) & OutgoingEmail.bounced_at.is_null(False))
        | (OutgoingEmail.withheld == UNDELIVERABLE),
    )
    files = Attachment.select(Attachment.id).where(Attachment.message == Message.id)
    columns = (failed.alias("failed_mails"), fn.EXISTS(files).alias("has_files"))
    query = Message.select(Message, *columns).where(Message.ticket == Slot("ticket"))
    if way == "after":
        first = Message.alias()
        follows = first.select(first.id).where(first.ticket == Slot("ticket"), first.id <= Slot("key"))
        query = query.select_extend(fn.EXISTS(follows).alias("follows")).where(Message.id > Slot("key"))
        return query.order_by(Message.id).limit(MESSAGES + 1)
    query = query.where(Message.id < Slot("key")) if way == "before" else query
    return query.order_by(Message.id.desc()).limit(MESSAGES + 1)


@Prepared
def _events() -> ModelSelect:
    shown_as_line = TicketEvent.kind.not_in([kind.value for kind in SHOWN_AS_MESSAGE])
    query = TicketEvent.select().where(TicketEvent.ticket == Slot("ticket"), shown_as_line)
    query = query.where(TicketEvent.created_at >= Slot("since"), TicketEvent.created_at <= Slot("until"))
    return query.order_by(TicketEvent.id).limit(EVENTS)


def _blocks(entries: list[tuple[datetime, int, Any]]) -> list[Block]:
    blocks: list[Block] = []
    for is_line, group in groupby(entries, key=lambda entry: entry[1]):
        rows = [entry[2] for entry in group]
        blocks += [Block(None, rows)] if is_line else [Block(row) for row in rows]
    return blocks


def newest_id(ticket: Ticket) -> int:
    """Return the id of the newest message that is no note; 0 without one."""
    query = Message.select(fn.MAX(Message.id)).where(Message.ticket == ticket.id, Message.kind != NOTE)
    return query.scalar() or 0


def public_messages(ticket: Ticket, *, before: int | None = None) -> tuple[list[Message], int | None]:
    """Return a page of the messages a customer may read, oldest first, and the id before which earlier ones exist."""
    query = Message.select().where(Message.ticket == ticket.id, access.shown_to_customers())
    query = query.where(Message.id < before) if before is not None else query
    page, earlier = _page(list(query.order_by(Message.id.desc()).limit(MESSAGES + 1)))
    # After a merge the order of ids is no longer the order of time.
    return sorted(page, key=lambda message: message.created_at), earlier


def _page(rows: list[Message]) -> tuple[list[Message], int | None]:
    page = rows[:MESSAGES][::-1]
    return page, page[0].id if len(rows) > MESSAGES else None


class InCopy(NamedTuple):
    """An address in copy of a ticket; it `waits` while it is not mailed yet."""

    email: str
    waits: bool
    customer_id: int


@dataclass(frozen=True)
class OpenedTicket:
    """A ticket with what an agent's page shows of it: names of its tags, the agent's own draft and read mark.

    `mark` is the id of the last message read, `unread` the number of messages after it; without a mark, None and 0.
    """

    ticket: Ticket
    tags: Sequence[str]
    copies: Sequence[InCopy]
    draft: Draft | None
    mark: int | None = None
    unread: int = 0
    #: Whether replies are scheduled in it, or were; whether it is linked to others; whether its customer has orders.
    has_scheduled: bool = False
    is_linked: bool = False
    has_orders: bool = False


@Prepared
def _opened(sight: access.Sight | None) -> ModelSelect:
    join = fn.GROUP_CONCAT if is_sqlite() else fn.STRING_AGG
    tags = TicketTag.select(join(TicketTag.tag.cast("text"), ",")).where(TicketTag.ticket == Ticket.id)
    waits = Case(None, ((TicketCc.waits, " waits "),), " reads ")
    copy = TicketCc.id.cast("text").concat(waits).concat(CustomerAddress.customer.cast("text"))
    copy = copy.concat(" ").concat(CustomerAddress.email)
    copies = TicketCc.select(join(copy, "\n")).join(CustomerAddress).where(TicketCc.ticket == Ticket.id)
    scheduled = ScheduledReply.select(ScheduledReply.id).where(ScheduledReply.ticket == Ticket.id)
    linked = Relation.select(Relation.id).where((Relation.ticket == Ticket.id) | (Relation.other == Ticket.id))
    ordered = Order.select(Order.id).where(Order.customer == Ticket.customer)
    mine = (Draft.ticket == Ticket.id) & (Draft.agent == Slot("agent"))
    query = access.numbered(access.within(sight, Slot("agent")), Slot("number")).select_extend(
        Draft,
        tags.alias("tag_ids"),
        copies.alias("copied"),
        ReadMark,
        unread.later_messages().alias("unread"),
        fn.EXISTS(scheduled).alias("has_scheduled"),
        fn.EXISTS(linked).alias("is_linked"),
        fn.EXISTS(ordered).alias("has_orders"),
    )
    query = query.switch(Ticket).join(Draft, JOIN.LEFT_OUTER, on=mine, attr="draft")
    return query.switch(Ticket).join(ReadMark, JOIN.LEFT_OUTER, on=unread.mine(Slot("agent")), attr="mark")


def open_thread(agent: Agent, number: str) -> OpenedTicket:
    """Return the visible ticket with this number and what its page shows, in one query. Raises NotFound, Merged."""
    row = _opened.first(access.sight_of(agent), agent=agent.id, number=access.clean_number(number))
    ticket = access.require_ticket(row, number, agent)
    rows = [lookups.tag(int(key)) for key in (ticket.tag_ids or "").split(",") if key]
    names = sorted(str(row) for row in rows if row is not None)
    copies = sorted((line.split(" ", 3) for line in (ticket.copied or "").splitlines()), key=lambda part: int(part[0]))
    readers = [InCopy(email, word == "waits", int(customer)) for _id, word, customer, email in copies]
    mark, draft = getattr(ticket, "mark", None), getattr(ticket, "draft", None)
    exist = (ticket.has_scheduled, ticket.is_linked, ticket.has_orders)
    return OpenedTicket(ticket, names, readers, draft, mark and mark.message, ticket.unread, *map(bool, exist))
