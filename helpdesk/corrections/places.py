"""Where a passage of a ticket may stand: columns with texts that people typed, and copies that were made of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from database import Base
from helpdesk import folding
from helpdesk.corrections.masked_text import Passage, Picture
from models import (
    Attachment,
    BulkChange,
    Draft,
    FormerNumber,
    IncomingMail,
    JournalEntry,
    MailedMessage,
    Merge,
    Message,
    MessageVersion,
    OutgoingEmail,
    Rating,
    RuleMoment,
    RuleRecord,
    ScheduledReply,
    Ticket,
    TicketEvent,
    UnconfirmedRequest,
)

HTML, TEXT, JSON = "html", "text", "json"


@dataclass(frozen=True)
class Scope:
    """The ticket in which something is masked; with `message` (id) only there, and in what was made of that message."""

    ticket: Ticket
    message: int | None = None


@dataclass(frozen=True)
class Place:
    """Columns of a table, each with what it holds, and the condition of its rows in a scope."""

    table: type[Base]
    columns: dict[str, str]
    of: Callable[[Scope], Any]


@dataclass(frozen=True)
class Change:
    """A value that holds the passage, and what it is to be."""

    table: type[Base]
    key: int
    column: str
    before: Any
    after: Any


def _messages(scope: Scope) -> Any:
    if scope.message is not None:
        return Message.id == scope.message
    return Message.ticket == scope.ticket.id


def _of_messages(table: Any) -> Callable[[Scope], Any]:
    return lambda scope: table.message.in_(Message.select(Message.id).where(_messages(scope)))


def _of_ticket(table: Any) -> Callable[[Scope], Any]:
    return lambda scope: table.ticket == scope.ticket.id


def _mails(table: Any) -> Callable[[Scope], Any]:
    def of(scope: Scope) -> Any:
        return table.message == scope.message if scope.message is not None else table.ticket == scope.ticket.id

    return of


def _digests(scope: Scope) -> Any:
    """Return the condition of the mails that name several tickets, this one among them."""
    return OutgoingEmail.ticket.is_null() & OutgoingEmail.body.contains(scope.ticket.number)


#: What is made of a message alone, and what may quote it.
OF_MESSAGES = (
    Place(Message, {"body": HTML, "signature": HTML}, _messages),
    Place(Attachment, {"name": TEXT}, _of_messages(Attachment)),
    Place(MessageVersion, {"body": HTML, "files": JSON}, _of_messages(MessageVersion)),
    Place(MailedMessage, {"rest": HTML, "notes": JSON, "mail_signature": HTML}, _of_messages(MailedMessage)),
    Place(OutgoingEmail, {"subject": TEXT, "body": HTML, "bounce_reason": TEXT}, _mails(OutgoingEmail)),
    Place(IncomingMail, {"subject": TEXT, "explanation": JSON}, _mails(IncomingMail)),
    Place(Draft, {"body": HTML, "canned_name": TEXT}, _of_ticket(Draft)),
    Place(ScheduledReply, {"body": HTML, "canned_name": TEXT}, _of_ticket(ScheduledReply)),
    # What rules saw of messages.
    Place(RuleRecord, {"data": JSON}, _of_ticket(RuleRecord)),
    Place(RuleMoment, {"data": JSON}, _of_ticket(RuleMoment)),
)
#: What else a ticket holds.
OF_TICKET = (
    Place(Ticket, {"subject": TEXT, "order_number": TEXT}, lambda scope: Ticket.id == scope.ticket.id),
    Place(TicketEvent, {"data": JSON}, _of_ticket(TicketEvent)),
    Place(Rating, {"comment": TEXT}, _of_ticket(Rating)),
    Place(BulkChange, {"before": JSON, "after": JSON}, _of_ticket(BulkChange)),
    Place(UnconfirmedRequest, {"request": JSON}, _of_ticket(UnconfirmedRequest)),
    Place(OutgoingEmail, {"subject": TEXT, "body": HTML}, _digests),
    Place(
        Merge,
        {"source": JSON, "before": JSON, "after": JSON},
        lambda scope: Merge.former.in_(FormerNumber.select(FormerNumber.id).where(_of_ticket(FormerNumber)(scope))),
    ),
    Place(
        JournalEntry,
        {"data": JSON, "subject": TEXT},
        lambda scope: JournalEntry.about == folding.fold(scope.ticket.number).strip(),
    ),
)


def changes(scope: Scope, what: Passage | Picture) -> list[Change]:
    """Return every value that holds what is masked, within the scope."""
    places = OF_MESSAGES if scope.message is not None or isinstance(what, Picture) else OF_MESSAGES + OF_TICKET
    return [change for place in places for change in _changes(place, scope, what)]


def _changes(place: Place, scope: Scope, what: Passage | Picture) -> Iterator[Change]:
    table: Any = place.table
    columns = {name: kind for name, kind in place.columns.items() if isinstance(what, Passage) or kind == HTML}
    if not columns:
        return
    fields = [getattr(table, name) for name in columns]
    for key, *values in table.select(table.id, *fields).where(place.of(scope)).order_by(table.id).tuples():
        for (name, kind), before in zip(columns.items(), values, strict=True):
            after = masked(what, kind, before)
            if after != before:
                after = _fitting(getattr(table, name), after)
                yield Change(table, key, name, before, after)


def _fitting(field: Any, value: Any) -> Any:
    """Return a value as long as its column takes it: a mask may be longer than what it stands for."""
    longest = getattr(field, "max_length", None)
    return value[:longest] if longest and isinstance(value, str) else value


def masked(what: Passage | Picture, kind: str, value: Any) -> Any:
    """Return a value of this kind with the mask in the place of what is masked."""
    if not value:
        return value
    if isinstance(what, Picture):
        return what.in_html(value)
    return {HTML: what.in_html, TEXT: what.in_text, JSON: what.in_json}[kind](value)


def write(change: Change, value: Any) -> None:
    """Write a column of a row and nothing else; a ticket's last activity stays as it is."""
    table: Any = change.table
    table.update({getattr(table, change.column): value}).where(table.id == change.key).execute()


def digest(value: Any) -> str:
    """Return a hash of a value: whether it is still what it was, without holding it."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
