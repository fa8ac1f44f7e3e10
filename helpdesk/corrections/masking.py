"""Masking a passage of a ticket: what nobody should read any more is gone from every place at once.

What stood there rests encrypted for an hour (`unmasking`); the mail as it came is deleted, for its bytes hold it, too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpdesk import clock
from helpdesk.corrections import aside, places
from helpdesk.corrections.masked_text import Passage
from helpdesk.corrections.places import Change, Scope
from helpdesk.erasing import vacuuming
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.events import EventKind, record
from helpdesk.files import file_store
from helpdesk.i18n import lazy
from helpdesk.incoming.parsed_mail import Parser
from helpdesk.locking import act
from helpdesk.settings import encryption
from helpdesk.tickets import excerpt, reindexing
from models import (
    Agent,
    Attachment,
    Draft,
    IncomingMail,
    Mask,
    Message,
    OutgoingEmail,
    ScheduledReply,
    Ticket,
)

#: States of e-mails that have not gone out yet.
WAITING = ("pending", "failed", "cancelled")
#: The state of a mail that says what did not arrive.
REPORT = "bounce"
NOT_THERE = lazy("This passage does not stand in the message. Copy it from there, or write it as it stands.")


@dataclass(frozen=True)
class Preview:
    """What masking a passage would change, in numbers; `others` are further messages that hold it, newest first."""

    others: Sequence[Message]
    #: Whether the message itself holds it.
    is_here: bool
    #: Whether the subject of the ticket holds it.
    in_subject: bool
    drafts: int
    waiting_mails: int
    sent_mails: int
    raw_mails: int


def preview(message: Message, passage: Passage) -> Preview:
    """Return what masking this passage everywhere in the message's ticket would change."""
    found = places.changes(Scope(message.ticket), passage)
    ids = {change.key for change in found if change.table is Message}
    others = Message.select().where(Message.id.in_(ids - {message.id}), Message.deleted_at.is_null())
    mails = {change.key for change in found if change.table is OutgoingEmail}
    waiting = OutgoingEmail.select().where(OutgoingEmail.id.in_(mails), OutgoingEmail.state.in_(WAITING)).count()
    return Preview(
        others=list(others.order_by(Message.id.desc()).limit(100)),
        is_here=message.id in ids,
        in_subject=any(change.table is Ticket for change in found),
        drafts=sum(change.table in (Draft, ScheduledReply) for change in found),
        waiting_mails=waiting,
        sent_mails=len(mails) - waiting,
        raw_mails=len(raw_mails(Scope(message.ticket), passage, found)),
    )


def mask(message: Message, passage: Passage, *, everywhere: bool, actor: Agent) -> Mask:
    """Mask a passage of a message, in its ticket `everywhere` or in this message and what was made of it.

    Raises NotAllowed, NotFound when the message is gone, InvalidInput at ``passage`` when it does not hold it.
    """
    ticket = message.ticket
    scope = Scope(ticket, None if everywhere else message.id)
    # Reading mails takes a process and its time: before the ticket is locked.
    raw = raw_mails(scope, passage, places.changes(scope, passage))
    with act(ticket, "mask", actor=actor):
        require_message(message)
        found = places.changes(scope, passage)
        if not any(change.table is Message and change.key == message.id for change in found):
            raise InvalidInput(NOT_THERE, field="passage")
        row = carry_out(message, found, raw, kind="passage", actor=actor)
    delete_files(row)
    return row


def require_message(message: Message) -> None:
    """Raise NotFound when the message is gone, or in another ticket since its page was made."""
    here = (Message.id == message.id) & (Message.ticket == message.ticket_id) & Message.deleted_at.is_null()
    if not Message.select().where(here).exists():
        raise NotFound(lazy("There is no such message."))


def raw_mails(scope: Scope, what: Passage, found: Sequence[Change]) -> list[IncomingMail]:
    """Return the mails of a scope whose bytes hold the passage, as far as they can be read; else they count, too."""
    mails = IncomingMail.select().where(IncomingMail.path.is_null(False), _of(scope)).order_by(IncomingMail.id)
    changed = touched(found)
    rows = list(mails)
    # What became of it holds the passage, or did before somebody masked it; a report returns what we wrote.
    sure = [row for row in rows if row.message_id in changed or row.state == REPORT]
    with Parser() as parser:
        return sure + [row for row in rows if row not in sure and _holds(parser, row, what)]


def _of(scope: Scope) -> Any:
    if scope.message is not None:
        report = (IncomingMail.ticket == scope.ticket.id) & (IncomingMail.state == REPORT)
        return (IncomingMail.message == scope.message) | report
    return IncomingMail.ticket == scope.ticket.id


def _holds(parser: Parser, mail: IncomingMail, what: Passage) -> bool:
    place = file_store.location(mail.path)
    if not place.is_file():
        return False
    content = parser.read(place)
    if content is None:
        return True
    texts = (content.subject, content.text, content.own, content.rest, content.signature)
    return any(what.in_text(text) != text for text in texts) or what.in_html(content.page) != content.page


def carry_out(
    message: Message,
    found: Sequence[Change],
    raw: Sequence[IncomingMail],
    *,
    kind: str,
    actor: Agent,
    files: Sequence[dict[str, Any]] = (),
) -> Mask:
    """Write what is masked and how it is undone, in the caller's transaction; `files` are attachments that changed.

    Call `delete_files` afterwards.
    """
    ticket, was = message.ticket, message.ticket.subject
    for change in found:
        places.write(change, change.after)
    mails = []
    for mail in raw:
        mails.append({"id": mail.id, "path": mail.path, "aside": aside.put(mail.path)})
        IncomingMail.update(path=None, masked_at=clock.now()).where(IncomingMail.id == mail.id).execute()
    original = {"values": [_value(change) for change in found], "mails": mails, "files": list(files)}
    row: Mask = Mask.create(
        ticket=ticket,
        kind=kind,
        agent=actor,
        actor_name=actor.name,
        places=len(found) + len(mails) + len(files),
        original=encryption.encrypt(json.dumps(original)),
        paths=[one["path"] for one in (*mails, *files)],
        masked_at=clock.now(),
    )
    refresh(ticket, was, touched(found) | {message.id, *(file["message"] for file in files)})
    event = EventKind.MASKED if kind == "passage" else EventKind.FILE_MASKED
    record(ticket, event, actor=actor, mask=row.id, name=message.author_name)
    vacuuming.owe()
    return row


def touched(found: Sequence[Change]) -> set[int]:
    """Return the messages (ids) of which the text changes, or the name of a file: they are found by both."""
    files = Attachment.select(Attachment.message).where(
        Attachment.id.in_([change.key for change in found if change.table is Attachment])
    )
    return {change.key for change in found if change.table is Message} | {key for (key,) in files.tuples()}


def _value(change: Change) -> dict[str, Any]:
    return {
        "table": change.table.__name__,
        "id": change.key,
        "column": change.column,
        "before": change.before,
        "after": places.digest(change.after),
    }


def refresh(ticket: Ticket, former_subject: str, message_ids: set[int]) -> None:
    """Bring what follows from these messages and the subject in line: index, first words of lists."""
    ticket.subject, ticket.order_number = (
        Ticket.select(Ticket.subject, Ticket.order_number).where(Ticket.id == ticket.id).tuples().get()
    )
    rows = Message.select().where(Message.ticket == ticket.id, Message.deleted_at.is_null())
    if ticket.subject != former_subject:
        # Every row of the ticket is indexed under its subject.
        reindexing.index_again(ticket, list(rows))
    else:
        reindexing.index_again(ticket, list(rows.where(Message.id.in_(message_ids))))
    Ticket.update(excerpt.of_newest(ticket)).where(Ticket.id == ticket.id).execute()
    # A split, or the undoing of a merge, has moved some of them since.
    moved = Message.select(Message, Ticket).join(Ticket).where(Message.id.in_(message_ids), Message.ticket != ticket.id)
    for row in moved.where(Message.deleted_at.is_null()).order_by(Message.ticket, Message.id):
        reindexing.index_again(row.ticket, [row])
        Ticket.update(excerpt.of_newest(row.ticket)).where(Ticket.id == row.ticket_id).execute()


def delete_files(row: Mask) -> None:
    """Delete the files that were masked, then their names; what a crash leaves is deleted by the timetable."""
    if row.paths:
        file_store.discard(row.paths)
        Mask.update(paths=[]).where(Mask.id == row.id).execute()
