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


def columns(ticket: Ticket, author: Agent | System) -> dict[str, Any]:
    """Return the column that a reply sets: the first one of a person."""
    if ticket.first_response is not None or isinstance(author, System):
        return {}
    return {"first_response": _seconds(ticket.created_at, clock.now())}


def of_history(ticket: Ticket, opened_at: datetime) -> dict[str, Any]:
    """Return the column as the history says it: after a reply went, or others came."""
    replies = TicketEvent.select(fn.MIN(TicketEvent.created_at)).where(
        TicketEvent.ticket == ticket.id, TicketEvent.kind == EventKind.REPLIED.value, TicketEvent.actor_name != ""
    )
    first = replies.scalar()
    return {"first_response": _seconds(opened_at, first) if first is not None else None}


def _seconds(start: datetime, end: datetime) -> int:
    return max(0, int((end - start).total_seconds()))
