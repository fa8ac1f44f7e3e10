"""What stops a scheduled reply: it becomes a draft of its ticket, and its author hears of it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from helpdesk import clock
from helpdesk.access import SYSTEM, Actor
from helpdesk.errors import HelpdeskError
from helpdesk.events import EventKind, record, transaction, twice_at_most
from helpdesk.files import file_store, uploads
from helpdesk.locking import lock
from models import CLOSED, Agent, ScheduledReply, Ticket, TicketEvent, Upload

#: Days after which a draft that was a scheduled reply is deleted, like any other draft.
KEPT = timedelta(days=30)
#: Replies stopped or deleted in one run.
AT_ONCE = 200
#: What stops all that is scheduled in a ticket, and why, as its history says.
STOPS: dict[EventKind, str] = {
    EventKind.CLOSED: "closed",
    EventKind.CLOSED_BY_CUSTOMER: "closed",
    EventKind.SPAM: "spam",
    EventKind.DELETED: "in-bin",
    EventKind.MERGED: "merged",
    EventKind.CUSTOMER_CHANGED: "other-customer",
}


def follow(event: TicketEvent, actor: Actor) -> None:
    """Stop the scheduled replies that an event of their ticket makes wrong; a listener of events."""
    kind = EventKind(event.kind)
    why = STOPS.get(kind, "")
    rows = ScheduledReply.select().where(ScheduledReply.ticket == event.ticket_id, ScheduledReply.stopped_at.is_null())
    if kind in {EventKind.CUSTOMER_WROTE, EventKind.NOT_RESOLVED}:
        why, rows = "customer-wrote", rows.where(ScheduledReply.unless_answered)
    elif kind is EventKind.STATUS and event.data.get("category") == CLOSED:
        why = "closed"
    for row in rows.order_by(ScheduledReply.id) if why else ():
        stop(row, event.ticket, why, actor=actor)


def stop(row: ScheduledReply, ticket: Ticket, why: str, *, actor: Actor = SYSTEM) -> None:
    """Make a reply a draft of its locked ticket, in the caller's transaction."""
    row.stopped_at, row.stopped_why = clock.now(), why
    row.save()
    data = {"why": why, "name": row.author_name, "author": row.agent_id, "until": row.due_at.isoformat()}
    record(ticket, EventKind.REPLY_STOPPED, actor=actor, **data)


def stop_waiting(row_id: int, why: str) -> bool:
    """Stop a reply that still waits, in a transaction of its own; return whether it did."""
    with transaction():
        row = locked(row_id, actor=SYSTEM)
        if row is None:
            return False
        stop(row, row.ticket, why)
    return True


def locked(row_id: int, *, actor: Actor) -> ScheduledReply | None:
    """Return a reply that waits, read again once its ticket is locked; None when it waits there no more.

    Raises NotAllowed when the account of the agent who acts is gone.
    """
    before = ScheduledReply.get_or_none(ScheduledReply.id == row_id)
    if before is None:
        return None
    ticket = Ticket(id=before.ticket_id, number="")
    try:
        lock(ticket, actor=actor)
    except HelpdeskError:
        if Ticket.select().where(Ticket.id == before.ticket_id).exists():
            raise
        return None
    row: ScheduledReply | None = ScheduledReply.get_or_none(
        ScheduledReply.id == row_id, ScheduledReply.ticket == ticket.id, ScheduledReply.stopped_at.is_null()
    )
    if row is not None:
        row.ticket = ticket
    return row


def stop_of_ended_accounts() -> int:
    """Stop what agents have scheduled whose account was disabled or deleted; return how many replies."""
    ended = Agent.select(Agent.id).where(~Agent.active)
    gone = ScheduledReply.agent.is_null() | ScheduledReply.agent.in_(ended)
    rows = ScheduledReply.select(ScheduledReply.id, ScheduledReply.agent).where(
        ScheduledReply.stopped_at.is_null(), gone
    )
    stopped = 0
    for key, agent in list(rows.order_by(ScheduledReply.id).limit(AT_ONCE).tuples()):
        why = "agent-disabled" if agent is not None else "agent-deleted"
        stopped += twice_at_most(partial(stop_waiting, key, why))
    return stopped


def stop_overdue() -> None:
    """Stop what was to leave before now: of a desk that was copied, which may have sent it since."""
    rows = ScheduledReply.select(ScheduledReply.id).where(
        ScheduledReply.stopped_at.is_null(), ScheduledReply.due_at <= clock.now()
    )
    for (key,) in list(rows.order_by(ScheduledReply.due_at, ScheduledReply.id).tuples()):
        twice_at_most(partial(stop_waiting, key, "restored-copy"))


def purge() -> int:
    """Delete drafts that were stopped thirty days ago, and files whose reply is gone; return how many drafts."""
    old = ScheduledReply.select(ScheduledReply.id).where(ScheduledReply.stopped_at < clock.now() - KEPT)
    ids = [key for (key,) in old.order_by(ScheduledReply.id).limit(AT_ONCE).tuples()]
    with transaction():
        paths = uploads.drop_of_replies(ids) if ids else []
        # Somebody may just be taking one into the composer.
        deleted = int(ScheduledReply.delete().where(ScheduledReply.id.in_(ids)).execute()) if ids else 0
        left = Upload.select(Upload.scheduled_reply).where(
            Upload.scheduled_reply.is_null(False),
            Upload.scheduled_reply.not_in(ScheduledReply.select(ScheduledReply.id)),
        )
        gone = [key for (key,) in left.distinct().limit(AT_ONCE).tuples()]
        paths += uploads.drop_of_replies(gone) if gone else []
    file_store.discard(paths)
    return deleted
