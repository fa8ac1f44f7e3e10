"""Up to which message each agent has read each ticket: what came later is new to them, and to nobody else.

A ticket that an agent never opened has no mark. It counts as unread while its customer waits for a reply, and not
otherwise: what colleagues have answered or closed, and all that was settled before anybody left marks, stays quiet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peewee import EXCLUDED, Case, Expression, chunked, fn

from database import database
from helpdesk import access
from helpdesk.access import Actor
from models import Agent, Message, ReadMark, Ticket, TicketEvent

#: Tickets marked in one statement.
AT_ONCE = 100


def mine(agent_id: Any) -> Expression:
    """Return the condition that joins the mark of the agent with this id to a ticket."""
    return (ReadMark.ticket == Ticket.id) & (ReadMark.agent == agent_id)


def is_unread() -> Any:
    """Return the column that tells whether a ticket is unread, where `mine` is joined."""
    later = Message.select(Message.id).where(
        Message.ticket == Ticket.id, Message.id > ReadMark.message, Message.deleted_at.is_null()
    )
    return Case(None, ((ReadMark.message.is_null(), Ticket.awaits_reply),), fn.EXISTS(later))


def later_messages() -> Any:
    """Return the column that counts what came after the mark, where `mine` is joined; 0 without a mark."""
    later = Message.select(fn.COUNT(Message.id))
    return later.where(Message.ticket == Ticket.id, Message.id > ReadMark.message, Message.deleted_at.is_null())


def read(ticket: Ticket, upto: int, *, actor: Agent) -> None:
    """Note that the agent has read the ticket up to the message with this id. Reading never moves a mark back."""
    access.require(actor, "read", ticket)
    shown = Message.select(fn.MAX(Message.id)).where(Message.ticket == ticket.id, Message.id <= upto).scalar()
    if shown is not None:
        _put([(ticket.id, actor.id, shown)], only_forward=True)


def mark(ids: Sequence[int], *, read: bool, actor: Agent) -> int:
    """Mark these tickets as read, or as unread from the last message that is not one's own; return how many."""
    others = Case(None, ((Message.agent.is_null() | (Message.agent != actor.id), Message.id),))
    marked = 0
    for some in chunked(ids, AT_ONCE):
        query = Message.select(Message.ticket, fn.MAX(Message.id), fn.MAX(others))
        query = query.where(Message.ticket.in_(some), Message.deleted_at.is_null()).group_by(Message.ticket)
        rows = [
            (ticket_id, actor.id, newest if read else (foreign or newest) - 1)
            for ticket_id, newest, foreign in query.tuples()
        ]
        _put(rows)
        marked += len(rows)
    return marked


def follow(event: TicketEvent, actor: Actor) -> None:
    """Note that who wrote in a ticket has read it."""
    if isinstance(actor, Agent) and event.about is not None:
        _put([(event.ticket_id, actor.id, event.about.id)], only_forward=True)


def forget(message: Message) -> None:
    """Move the marks back before a message that is taken away for good: its id may be given out again."""
    beyond = ReadMark.message >= message.id
    ReadMark.update(message=message.id - 1).where(ReadMark.ticket == message.ticket_id, beyond).execute()


def join(source: Ticket, target: Ticket) -> None:
    """Make one mark of the two that an agent left in tickets about to become one: what was new in either stays new."""
    pair = (source, target)
    query = Message.select(Message.ticket, fn.MAX(Message.id)).where(
        Message.ticket.in_(pair), Message.deleted_at.is_null()
    )
    newest = dict(query.group_by(Message.ticket).tuples())
    marks: dict[int, dict[int, int]] = {}
    for row in ReadMark.select().where(ReadMark.ticket.in_(pair)):
        marks.setdefault(row.agent_id, {})[row.ticket_id] = row.message
    rows = []
    for agent_id, held in marks.items():
        # Who never opened a ticket has read nothing of it while its customer waits, and all of it otherwise.
        upto = {row.id: held.get(row.id, 0 if row.awaits_reply else newest.get(row.id, 0)) for row in pair}
        unread = [mark for key, mark in upto.items() if mark < newest.get(key, 0)]
        rows.append((target.id, agent_id, min(unread or [max(newest.values(), default=0)])))
    ReadMark.delete().where(ReadMark.ticket.in_(pair)).execute()
    _put(rows)


def _put(rows: Sequence[tuple[int, int, int]], *, only_forward: bool = False) -> None:
    if not rows:
        return
    fields = [ReadMark.ticket, ReadMark.agent, ReadMark.message]
    with database.atomic():
        ReadMark.insert_many(rows, fields=fields).on_conflict(
            conflict_target=[ReadMark.ticket, ReadMark.agent],
            preserve=[ReadMark.message],
            where=(EXCLUDED.message > ReadMark.message) if only_forward else None,
        ).execute()
