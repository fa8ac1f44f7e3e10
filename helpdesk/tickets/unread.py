"""Read marks: the last message of each ticket that each agent has read; later messages are unread for that agent.

A ticket that an agent never opened has no mark. It counts as unread only while its customer waits for a reply, so that
tickets that colleagues have answered or closed, or that are older than the marks, are not shown as unread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peewee import EXCLUDED, Case, Expression, ModelInsert, chunked, fn

from database import database
from helpdesk import access
from helpdesk.access import Actor
from helpdesk.lib.statements import Prepared, Slot
from models import Agent, Message, ReadMark, Ticket, TicketEvent

#: Tickets marked in one statement.
AT_ONCE = 100


def mine(agent_id: Any) -> Expression:
    """Return the condition that joins a ticket with the read mark of the agent with this id."""
    return (ReadMark.ticket == Ticket.id) & (ReadMark.agent == agent_id)


def is_unread() -> Any:
    """Return the column (true or false) of unread tickets, for a query that joins `mine`."""
    later = Message.select(Message.id).where(
        Message.ticket == Ticket.id, Message.id > ReadMark.message, Message.deleted_at.is_null()
    )
    return Case(None, ((ReadMark.message.is_null(), Ticket.awaits_reply),), fn.EXISTS(later))


def later_messages() -> Any:
    """Return the column with the number of messages after the mark, for a query that joins `mine`; 0 without one."""
    later = Message.select(fn.COUNT(Message.id))
    return later.where(Message.ticket == Ticket.id, Message.id > ReadMark.message, Message.deleted_at.is_null())


def read(ticket: Ticket, upto: int, *, actor: Agent) -> None:
    """Note that the agent has read the ticket up to the message with this id. A mark never moves back."""
    access.require(actor, "read", ticket)
    newest = Message.select(fn.MAX(Message.id)).where(Message.ticket == ticket.id, Message.id <= upto).scalar()
    if newest is not None:
        _put([(ticket.id, actor.id, newest)], only_forward=True)


def mark(ids: Sequence[int], *, read: bool, actor: Agent) -> int:
    """Mark the tickets with these ids as read, or as unread from the last message of somebody else; return how many."""
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
    """Mark the ticket as read by the agent who wrote in it; a listener of events."""
    if isinstance(actor, Agent) and event.about is not None:
        _forward.run(ticket=event.ticket_id, agent=actor.id, message=event.about.id)


def forget(message: Message) -> None:
    """Move marks back before a message that is about to be deleted for good."""
    beyond = ReadMark.message >= message.id
    ReadMark.update(message=message.id - 1).where(ReadMark.ticket == message.ticket_id, beyond).execute()


@Prepared
def _forward() -> ModelInsert:
    fields = [ReadMark.ticket, ReadMark.agent, ReadMark.message]
    row = ReadMark.insert_many([[Slot("ticket"), Slot("agent"), Slot("message")]], fields=fields)
    return _replacing(row, only_forward=True)


def _replacing(rows: ModelInsert, *, only_forward: bool) -> ModelInsert:
    """Return an insertion of marks that takes the place of those that are there."""
    return rows.on_conflict(
        conflict_target=[ReadMark.ticket, ReadMark.agent],
        preserve=[ReadMark.message],
        where=(EXCLUDED.message > ReadMark.message) if only_forward else None,
    )


def _put(rows: Sequence[tuple[int, int, int]], *, only_forward: bool = False) -> None:
    if not rows:
        return
    fields = [ReadMark.ticket, ReadMark.agent, ReadMark.message]
    with database.atomic():
        _replacing(ReadMark.insert_many(rows, fields=fields), only_forward=only_forward).execute()
