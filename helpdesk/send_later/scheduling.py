"""A reply is scheduled, taken back into the composer, cancelled or discarded."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from peewee import ModelSelect

from helpdesk import access, clock
from helpdesk.access import Actor
from helpdesk.errors import FormSent, InvalidInput, NotAllowed, NotFound
from helpdesk.events import EventKind, record, transaction
from helpdesk.files import file_store, uploads
from helpdesk.files.file_store import StoredFile
from helpdesk.i18n import lazy
from helpdesk.lib import inputs, richtext
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.locking import act
from helpdesk.macros import using
from helpdesk.settings import lookups
from helpdesk.tickets import canned_responses, drafts, messages, outdated_reply, reach
from helpdesk.tickets.drafts import Writing
from helpdesk.tickets.opening import FORM_SENT
from helpdesk.tickets.outdated_reply import Seen
from models import Agent, ScheduledReply, Ticket, Upload

#: Scheduled replies and drafts of one ticket that its page shows; so many may wait at once.
MOST = 20


@dataclass(frozen=True)
class NewReply:
    """A reply (HTML) as its composer sends it; `canned_name` None saves no canned response."""

    body: str
    close: bool = False
    canned_name: str | None = None
    files: Sequence[StoredFile] = ()
    form_key: str | None = None
    #: The canned response whose acts go with it, as a form holds it (`using.key_of`), and those inserted in it (ids).
    macro: str = ""
    used: Sequence[int] = ()


def schedule(
    ticket: Ticket,
    reply: NewReply,
    due_at: datetime,
    *,
    actor: Agent,
    unless_answered: bool = True,
    seen: Seen | None = None,
) -> ScheduledReply:
    """Let a reply leave at a moment (naive UTC) to come; the ticket stays as it is until then.

    `unless_answered`: a message of the customer stops it. Sending the same text of one form again changes nothing.
    Raises InvalidInput as the reply would, and where too many wait; FormSent where the form has scheduled another text;
    ReplyOutdated when messages came in since `seen`.
    """
    body = messages.require_text(reply.body, reply.files)
    with act(ticket, "reply", actor=actor):
        if (made := find_by_form_key(reply.form_key, ticket, body)) is not None:
            return made
        if seen is not None:
            outdated_reply.refuse(ticket, seen)
        if reply.close:
            access.require(actor, "close", ticket)
        reach.require_mailed(ticket)
        if ScheduledReply.select().where(ScheduledReply.ticket == ticket.id).count() >= MOST:
            text = lazy("At most %(limit)s replies wait in a ticket: discard one first.", limit=MOST)
            raise InvalidInput(text, field="body")
        if reply.canned_name is not None:
            _check_name(ticket, reply.canned_name, reply.body, actor)
        using.find_unchanged(reply.macro, canned_responses.offered_in(ticket, actor))
        row = ScheduledReply.create(
            ticket=ticket,
            agent=actor,
            author_name=actor.name,
            body=body,
            close=reply.close,
            save_as=reply.canned_name is not None,
            canned_name=(reply.canned_name or "")[: drafts.MAX_NAME],
            macro=reply.macro[:40],
            used=drafts.ids_text(reply.used),
            unless_answered=unless_answered,
            due_at=due_at,
            created_at=clock.now(),
            form_key=reply.form_key,
        )
        _keep_files(row, reply.files)
        record(ticket, EventKind.REPLY_SCHEDULED, actor=actor, until=due_at.isoformat())
    return row


class _NotYet(Exception):
    """What is tried now is done when the reply leaves."""


def _check_name(ticket: Ticket, name: str, body: str, actor: Agent) -> None:
    """Raise InvalidInput where the canned response could not be saved; it is, when the reply leaves."""
    with suppress(_NotYet), transaction():
        canned_responses.save_from_reply(ticket, name, body, actor=actor)
        raise _NotYet


def find_by_form_key(form_key: str | None, ticket: Ticket, body: str) -> ScheduledReply | None:
    """Return the reply of these words that the form of this key scheduled in this ticket before, or None.

    Raises FormSent where it was another one, or leaves no more: what was typed since must not get lost.
    """
    row: ScheduledReply | None = ScheduledReply.get_or_none(ScheduledReply.form_key == form_key) if form_key else None
    if row is None:
        return None
    is_same = richtext.to_text(row.body).split() == richtext.to_text(body).split()
    if row.ticket_id != ticket.id or not row.waits or not is_same:
        raise FormSent(FORM_SENT)
    return row


def refuse_sent(form_key: str | None) -> None:
    """Raise FormSent where the form of this key has scheduled a reply: sent at once, it would go out twice."""
    if form_key and _of_form(key=form_key):
        raise FormSent(FORM_SENT)


@Prepared
def _of_form() -> ModelSelect:
    return ScheduledReply.select(ScheduledReply.id).where(ScheduledReply.form_key == Slot("key")).tuples()


def _keep_files(row: ScheduledReply, files: Sequence[StoredFile]) -> None:
    if not files:
        return
    file_store.check_together(files, name=files[-1].name)
    ids = uploads.keep_until(files, until=uploads.NEVER)
    Upload.update(scheduled_reply=row.id, owner=f"reply {row.id}").where(Upload.id.in_(ids)).execute()


def of_ticket(ticket: Ticket) -> list[ScheduledReply]:
    """Return what is scheduled in a ticket and what was stopped, the next to leave first."""
    rows = ScheduledReply.select().where(ScheduledReply.ticket == ticket.id)
    return list(rows.order_by(ScheduledReply.due_at, ScheduledReply.id).limit(MOST))


def find(ticket: Ticket, key: int) -> ScheduledReply:
    """Return a scheduled reply of this ticket, whose row is read again. Raises NotFound once it has left or is gone."""
    mine = (ScheduledReply.id == key) & (ScheduledReply.ticket == ticket.id)
    row: ScheduledReply | None = ScheduledReply.get_or_none(mine) if inputs.fits(key) else None
    if row is None:
        raise NotFound(lazy("This reply is not scheduled any more: it has left, or somebody took it back."))
    row.ticket = ticket
    return row


def may_edit(row: ScheduledReply, actor: Actor) -> bool:
    """Whether the actor may take its text into the composer: the author; a draft of the ticket, who answers there."""
    if not isinstance(actor, Agent) or not access.can(actor, "reply", row.ticket):
        return False
    return not row.waits or row.agent_id == actor.id


def may_cancel(row: ScheduledReply, actor: Actor) -> bool:
    """Whether the actor may stop or discard it: its author, a manager, an administrator; one without author, anybody.

    Without an author it is also where the author may no longer answer.
    """
    if not isinstance(actor, Agent) or not access.can(actor, "reply", row.ticket):
        return False
    author = lookups.agent(row.agent_id)
    is_left = author is None or not access.can(author, "reply", row.ticket)
    return is_left or row.agent_id == actor.id or actor.is_admin or lookups.is_manager(actor.id)


def edit(row: ScheduledReply, *, actor: Agent, files_key: str, owner: str) -> None:
    """Take its text and files into the actor's composer, as a draft: it leaves no more.

    Raises NotFound once it has left, NotAllowed unless `may_edit`.
    """
    ticket = row.ticket
    with act(ticket, "reply", actor=actor):
        row = find(ticket, row.id)
        if not may_edit(row, actor):
            raise NotAllowed(lazy("Only its author takes a reply back."))
        uploads.give_to_form(row.id, form_key=files_key, owner=owner)
        writing = Writing(
            row.body,
            close=row.close,
            save_as=row.save_as,
            canned_name=row.canned_name,
            macro=inputs.row_key(row.macro.partition("-")[0]),
            used=used_in(row),
        )
        drafts.put_above(ticket, writing, actor=actor)
        row.delete_instance()
        if row.waits:
            record(ticket, EventKind.REPLY_UNSCHEDULED, actor=actor, until=row.due_at.isoformat())


def cancel(row: ScheduledReply, *, actor: Agent) -> None:
    """Let it leave no more: it is a draft of the ticket. Twice changes nothing.

    Raises NotFound once it has left, NotAllowed unless `may_cancel`.
    """
    ticket = row.ticket
    with act(ticket, "reply", actor=actor):
        row = find(ticket, row.id)
        _require_cancel(row, actor)
        if row.waits:
            row.stopped_at, row.stopped_why = clock.now(), "cancelled"
            row.save()
            data = {"until": row.due_at.isoformat(), "name": row.author_name, "author": row.agent_id}
            record(ticket, EventKind.REPLY_UNSCHEDULED, actor=actor, **data)


def discard(row: ScheduledReply, *, actor: Agent) -> None:
    """Delete a draft that was a scheduled reply, with its files.

    Raises NotFound once it is gone, NotAllowed unless `may_cancel`, InvalidInput for one that still waits.
    """
    ticket = row.ticket
    with act(ticket, "reply", actor=actor):
        row = find(ticket, row.id)
        _require_cancel(row, actor)
        if row.waits:
            raise InvalidInput(lazy("Cancel this reply first: it is still to leave."))
        paths = uploads.drop_of_replies([row.id])
        row.delete_instance()
    file_store.discard(paths)


def _require_cancel(row: ScheduledReply, actor: Agent) -> None:
    if not may_cancel(row, actor):
        raise NotAllowed(lazy("Only its author, a manager or an administrator does this."))


def used_in(row: ScheduledReply) -> tuple[int, ...]:
    """Return the canned responses (ids) that were inserted in its text."""
    return tuple(int(key) for key in row.used.split(",") if key)


def acts_of(row: ScheduledReply) -> str:
    """Return what else its canned response does when it leaves, in words; empty where that is nothing by now."""
    author = lookups.agent(row.agent_id)
    if not row.macro or author is None:
        return ""
    try:
        macro = using.find_unchanged(row.macro, canned_responses.offered_in(row.ticket, author))
    except InvalidInput:
        return ""
    return using.sentence(macro, actor=author) if macro is not None else ""


def find_file(upload_id: int, *, actor: Agent) -> Upload:
    """Return a file of a reply that is scheduled in a ticket of the actor's sight. Raises NotFound."""
    file = Upload.get_or_none(Upload.id == upload_id) if inputs.fits(upload_id) else None
    row = ScheduledReply.get_or_none(ScheduledReply.id == file.scheduled_reply) if file is not None else None
    if file is None or row is None or not access.sees(actor, row.ticket):
        raise NotFound(lazy("There is no such file."))
    return file
