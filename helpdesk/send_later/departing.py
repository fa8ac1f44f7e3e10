"""Scheduled replies leave when their moment has come, or when their author sends them before."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from functools import partial

from peewee import DatabaseError, DataError, IntegrityError, ModelSelect

from helpdesk import access, clock
from helpdesk.errors import HelpdeskError, InvalidInput, NotAllowed, NotFound
from helpdesk.events import EventKind, record, transaction, twice_at_most
from helpdesk.files import uploads
from helpdesk.i18n import _, lazy
from helpdesk.locking import act
from helpdesk.macros import using
from helpdesk.macros.using import Effect
from helpdesk.relations import blocking
from helpdesk.send_later import scheduling, stopping
from helpdesk.settings import lookups, run_state
from helpdesk.tickets import canned_responses
from helpdesk.tickets.outdated_reply import Seen
from models import Agent, CannedResponse, Message, ScheduledReply, Ticket, Upload

logger = logging.getLogger(__name__)

#: Replies that leave in one turn of the loop: what is left leaves in the next, which follows at once.
AT_ONCE = 50


def next_due() -> datetime | None:
    """Return when the next reply leaves; None without one, and on a restored copy that rests."""
    first: datetime | None = _waiting().select(ScheduledReply.due_at).order_by(ScheduledReply.due_at).limit(1).scalar()
    return None if first is None or run_state.is_resting_copy() else first


def run(stopping_loop: threading.Event | None = None) -> bool:
    """Send what is due, the longest due first, at most `AT_ONCE`; return whether anything left or was stopped.

    What cannot be sent becomes a draft, so that it holds nothing else up.
    """
    due = _waiting().select(ScheduledReply.id).where(ScheduledReply.due_at <= clock.now())
    ids = [key for (key,) in due.order_by(ScheduledReply.due_at, ScheduledReply.id).limit(AT_ONCE).tuples()]
    done = False
    for key in ids:
        if stopping_loop is not None and stopping_loop.is_set():
            break
        done |= _depart(key)
    return done


def _waiting() -> ModelSelect:
    return ScheduledReply.select().where(ScheduledReply.stopped_at.is_null())


def _depart(key: int) -> bool:
    try:
        return twice_at_most(partial(_send_due, key))
    except HelpdeskError as error:
        why = "may-not-answer" if isinstance(error, NotAllowed | NotFound) else "refused"
    except Exception as error:
        if isinstance(error, DatabaseError | OSError) and not isinstance(error, IntegrityError | DataError):
            # The database is away, or acts collide: the loop tries again.
            raise
        logger.exception("A scheduled reply could not be sent, and is a draft now.")
        why = "failed"
    return twice_at_most(partial(stopping.stop_waiting, key, why))


def _send_due(key: int) -> bool:
    author_id = ScheduledReply.select(ScheduledReply.agent).where(ScheduledReply.id == key).scalar()
    author = lookups.agent(author_id)
    if author is None:
        return stopping.stop_waiting(key, "agent-deleted")
    with transaction():
        row = stopping.locked(key, actor=author)
        # Another host was faster, somebody took it back, or put it off.
        if row is None or row.due_at > clock.now():
            return False
        _send(row, author, at_once=True)
    return True


def send_now(row: ScheduledReply, *, actor: Agent, seen: Seen | None = None) -> Message:
    """Send one's scheduled reply before its moment; it may be taken back for some seconds, as any other.

    Raises NotFound once it has left, NotAllowed for another agent's, ReplyOutdated when messages came in since `seen`.
    """
    ticket = row.ticket
    with act(ticket, "reply", actor=actor):
        row = scheduling.find(ticket, row.id)
        if row.agent_id != actor.id:
            raise NotAllowed(lazy("Only its author sends it."))
        if not row.waits:
            raise InvalidInput(lazy("This reply is a draft now: look at it, then send it."))
        return _send(row, actor, seen=seen)


def _send(row: ScheduledReply, author: Agent, *, at_once: bool = False, seen: Seen | None = None) -> Message:
    """Send a reply of a locked ticket: what it does to the ticket, it does now."""
    ticket = row.ticket
    access.require(author, "reply", ticket)
    files = uploads.of_replies([row.id]).get(row.id, [])
    Upload.update(scheduled_reply=None).where(Upload.scheduled_reply == row.id).execute()
    # Before it closes the ticket, which stops what is scheduled there.
    row.delete_instance()
    offered = canned_responses.offered_in(ticket, author)
    macro, inserted = using.find_unchanged(row.macro, offered), scheduling.used_in(row)
    # Nobody is there to be asked.
    blockers = blocking.blockers(ticket) if row.close and not ticket.is_closed else []
    message, left_out = using.reply(
        ticket,
        row.body,
        macro=macro,
        used=[response.id for response in offered if response.id in inserted],
        actor=author,
        close=row.close and not blockers,
        files=files,
        canned=_save_canned_response(row, ticket, author),
        form_key=row.form_key,
        seen=seen,
        at_once=at_once,
    )
    if blockers:
        left_out = [*left_out, Effect(_("The ticket is closed."), str(blocking.NAMELESS))]
    for effect in left_out:
        record(ticket, EventKind.ACT_SKIPPED, actor=author, name=effect.words, reason=effect.problem)
    return message


def _save_canned_response(row: ScheduledReply, ticket: Ticket, author: Agent) -> CannedResponse | None:
    """Store the canned response that was asked for; the reply leaves without it where its name was taken meanwhile."""
    if not row.save_as:
        return None
    try:
        with transaction():
            return canned_responses.save_from_reply(ticket, row.canned_name, row.body, actor=author)
    except InvalidInput:
        record(ticket, EventKind.RESPONSE_SKIPPED, actor=author, name=row.canned_name)
    return None
