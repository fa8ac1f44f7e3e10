"""How long a ticket's customer waited for the first response, stored in the ticket: lists and figures count by it.

What a filter sends is no response. A reply whose author's account was deleted is one: the history keeps the name.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from peewee import fn

from helpdesk import clock
from helpdesk.access import System
from helpdesk.events import EventKind
from models import Agent, Ticket, TicketEvent


def columns(ticket: Ticket, author: Agent | System | None) -> dict[str, Any]:
    """Return the column that a reply sets: the first one of a person (None: whoever used another mail program)."""
    if ticket.first_response is not None or isinstance(author, System):
        return {}
    return {"first_response": _seconds(ticket.created_at, clock.now())}


def of_history(ticket: Ticket, opened_at: datetime) -> dict[str, Any]:
    """Return the column as the history says it: after a reply went, or others came."""
    by_agent = (TicketEvent.kind == EventKind.REPLIED.value) & (TicketEvent.actor_name != "")
    by_mail = TicketEvent.kind == EventKind.SENT_ELSEWHERE.value
    replies = TicketEvent.select(fn.MIN(TicketEvent.created_at)).where(TicketEvent.ticket == ticket.id)
    first = replies.where(by_agent | by_mail).scalar()
    return {"first_response": _seconds(opened_at, first) if first is not None else None}


def _seconds(start: datetime, end: datetime) -> int:
    return max(0, int((end - start).total_seconds()))
