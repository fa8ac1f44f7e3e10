"""Splitting a ticket: some of its messages become a ticket of their own, with their files and e-mails.

How it is undone is `split_undo`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peewee import chunked

from database import database
from helpdesk import clock, notifications, search
from helpdesk.errors import InvalidInput
from helpdesk.events import SHOWN_AS_MESSAGE, EventKind, record
from helpdesk.i18n import lazy
from helpdesk.lib import inputs
from helpdesk.locking import act
from helpdesk.notifications import Cause, Occasion
from helpdesk.relations import relating
from helpdesk.settings import lookups
from helpdesk.tickets.assignment import assign
from helpdesk.tickets.derived_columns import answered_columns, status_columns
from helpdesk.tickets.merging import category_of, derive
from helpdesk.tickets.on_behalf import may_open_in
from helpdesk.tickets.opening import NewTicket, clean_subject, place, store_row
from models import (
    CUSTOMER_MESSAGE,
    FOLLOWS,
    NOTE,
    REPLY,
    Agent,
    CustomerAddress,
    IncomingMail,
    MailId,
    Message,
    OutgoingEmail,
    ReadMark,
    Team,
    Ticket,
    TicketCc,
    TicketEvent,
)

#: Messages that one split takes at most: those of a page of the thread.
MOST = 100
AT_ONCE = 500


@dataclass(frozen=True)
class Part:
    """What of a ticket becomes one of its own: the ids of its messages, and what the new ticket is."""

    messages: tuple[int, ...]
    subject: str
    service_id: int
    department_id: int | None = None
    to: Agent | Team | None = None
    #: Whether the author of its first message, who is in copy, becomes its customer.
    is_authors: bool = False
    #: Whether its customer is mailed the link to it.
    tells: bool = False
    form_key: str | None = None


def split(ticket: Ticket, part: Part, *, actor: Agent) -> Ticket:
    """Make a ticket of some messages of this one, and return it. Sending the same form again returns the same ticket.

    The ticket's status stays as it is. Raises InvalidInput at the field of `Part` that is wrong, NotFound, NotAllowed.
    """
    with act(ticket, "split", actor=actor, to=part.to):
        made = Ticket.get_or_none(Ticket.form_key == part.form_key) if part.form_key else None
        if made is not None:
            return made
        rows = check(ticket, part, actor=actor)
        author = other_author(ticket, rows)
        address = author if part.is_authors and author is not None else ticket.address
        made = take_off(ticket, rows, address, part, actor=actor)
        if part.to is not None:
            assign(made, part.to, actor=actor)
        first = next((row for row in rows if row.kind != NOTE), None)
        if part.tells and first is not None:
            notifications.owe(Cause(Occasion.NEW_CUSTOMER, actor, made, about=first))
    return made


def check(ticket: Ticket, part: Part, *, actor: Agent) -> list[Message]:
    """Return the messages of a part, in order of time. Raises InvalidInput when it cannot become a ticket."""
    if ticket.in_bin or ticket.is_spam:
        text = lazy("Ticket %(number)s is in the bin or under Spam: take it out first.", number=ticket.number)
        raise InvalidInput(text, field="messages")
    if not part.messages:
        raise InvalidInput(lazy("Tick at least one message."), field="messages")
    if len(part.messages) > MOST:
        raise InvalidInput(lazy("At most %(limit)s messages at once.", limit=MOST), field="messages")
    mine = Message.select().where(Message.ticket == ticket.id, Message.deleted_at.is_null())
    rows = list(mine.where(Message.id.in_(part.messages)).order_by(Message.created_at, Message.id))
    if len(rows) < len(set(part.messages)):
        raise InvalidInput(lazy("A message has just been deleted, or is in another ticket now."), field="messages")
    if not mine.where(Message.id.not_in(part.messages)).exists():
        raise InvalidInput(lazy("One message stays in the ticket at least: untick one."), field="messages")
    if any(row.public_at is not None and row.public_at > clock.now() for row in rows):
        raise InvalidInput(lazy("A reply is still on its way: wait until it is sent."), field="messages")
    clean_subject(part.subject)
    place(part.service_id, part.department_id)
    is_here = (part.service_id, part.department_id) == (ticket.service_id, ticket.department_id)
    if not (is_here or may_open_in(actor, part.service_id, part.department_id)):
        raise InvalidInput(lazy("Choose a service."), field="service")
    return rows


def other_author(ticket: Ticket, rows: Sequence[Message]) -> CustomerAddress | None:
    """Return the address of who wrote the first of these messages, when it is somebody in copy of the ticket."""
    first = next((row for row in rows if row.kind == CUSTOMER_MESSAGE), None)
    if first is None or first.customer_id in {None, ticket.customer_id}:
        return None
    copied = CustomerAddress.select().join(TicketCc).where(TicketCc.ticket == ticket.id, ~TicketCc.waits)
    address: CustomerAddress | None = copied.where(CustomerAddress.customer == first.customer_id).first()
    return address


def take_off(
    ticket: Ticket,
    rows: Sequence[Message],
    address: CustomerAddress | None,
    part: Part,
    *,
    actor: Agent,
    is_final: bool = False,
) -> Ticket:
    """Move these messages of a locked ticket into a new one of this address, and return it. Mails nobody.

    What `is_final` is not to be undone.
    """
    service, department = place(part.service_id, part.department_id)
    new = NewTicket(
        email="", subject=part.subject, body="", service_id=service.id, locale=ticket.locale, form_key=part.form_key
    )
    # That of the ticket it comes from: another one of the same customer may be somebody else’s (`helpdesk.joining`).
    address = address or ticket.address or ticket.customer.primary_address
    made = store_row(new, clean_subject(part.subject), service, department, address)
    ids = [row.id for row in rows]
    events = _events_of(ticket, ids)
    move_messages(ids, [key for keys in events.values() for key in keys], made)
    _copy_marks(ticket, made)
    _copy_readers(ticket, made, rows)
    inputs.set_attributes(made, {"created_at": rows[0].created_at, "is_private": ticket.is_private, **_standing(rows)})
    if made.customer_id == ticket.customer_id:
        made.organisation_id = ticket.organisation_id
    derive(made)
    derive(ticket)
    relating.try_store(made, ticket, FOLLOWS, actor=actor)
    record(ticket, EventKind.SPLIT, actor=actor, number=made.number)
    origin = {} if is_final else {"made": made.id, "home": ticket.id, "messages": events, "homes": {}}
    category = category_of(made)
    record(made, EventKind.SPLIT_OFF, actor=actor, number=ticket.number, category=category, **origin)
    return made


def _standing(rows: Sequence[Message]) -> dict[str, Any]:
    """Return the columns of a ticket with these messages: a customer waits since the oldest one nobody has answered."""
    since = None
    for row in rows:
        if row.kind == CUSTOMER_MESSAGE:
            since = since or row.created_at
        elif row.kind == REPLY:
            since = None
    if since is not None:
        return {"awaits_reply": True, "waiting_since": since}
    is_answered = any(row.kind == REPLY for row in rows)
    return answered_columns() | (status_columns(lookups.pending_status()) if is_answered else {})


def _events_of(ticket: Ticket, ids: Sequence[int]) -> dict[int, list[int]]:
    """Return the lines of the history that these messages caused, by message."""
    kinds = [kind.value for kind in SHOWN_AS_MESSAGE]
    events: dict[int, list[int]] = {key: [] for key in ids}
    for event in TicketEvent.select().where(TicketEvent.ticket == ticket.id, TicketEvent.kind.in_(kinds)):
        if event.data.get("message") in events:
            events[event.data["message"]].append(event.id)
    return events


def move_messages(ids: Sequence[int], events: Sequence[int], to: Ticket) -> None:
    """Move messages with their lines of the history and their e-mails into a ticket."""
    sent = OutgoingEmail.select(OutgoingEmail.mail_id).where(OutgoingEmail.message.in_(ids))
    MailId.update(ticket=to.id).where(MailId.mail_id.in_(sent)).execute()
    for table in (OutgoingEmail, IncomingMail):
        table.update(ticket=to.id).where(table.message.in_(ids)).execute()
    Message.update(ticket=to.id).where(Message.id.in_(ids)).execute()
    for some in chunked(events, AT_ONCE):
        TicketEvent.update(ticket=to.id).where(TicketEvent.id.in_(some)).execute()
    now = search.subject_text(to.number, to.subject, to.order_number)
    query = search.message_search.update({search.message_search.subject: now})
    query.where(search.message_search.rowid.in_(list(ids))).execute(database)


def _copy_marks(ticket: Ticket, made: Ticket) -> None:
    """Let what was read stay read."""
    for mark in ReadMark.select().where(ReadMark.ticket == ticket.id):
        ReadMark.create(ticket=made, agent=mark.agent_id, message=mark.message)


def _copy_readers(ticket: Ticket, made: Ticket, rows: Sequence[Message]) -> None:
    """Put those in copy who wrote one of these messages: they go on reading it."""
    authors = {row.customer_id for row in rows if row.kind == CUSTOMER_MESSAGE} - {None, made.customer_id}
    copied = TicketCc.select().join(CustomerAddress).where(TicketCc.ticket == ticket.id)
    for copy in copied.where(CustomerAddress.customer.in_(authors)):
        TicketCc.create(
            ticket=made, address=copy.address_id, added_by=copy.added_by, waits=copy.waits, created_at=clock.now(),
            # Who is in copy as a colleague is so here, too: until they leave.
            organisation_id=copy.organisation_id,
        )  # fmt: skip
