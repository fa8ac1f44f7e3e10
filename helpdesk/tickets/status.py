"""Closing, reopening, changing the status."""

from __future__ import annotations

from typing import Any

from helpdesk import access
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.events import EventKind, record
from helpdesk.i18n import lazy
from helpdesk.locking import act
from helpdesk.relations import blocking
from helpdesk.settings import lookups
from helpdesk.tickets.derived_columns import status_columns, store
from models import CLOSED, Agent, Status, Ticket


def close(ticket: Ticket, *, actor: Actor, even_blocked: bool = False, **reason: Any) -> None:
    """Close the ticket with the closed status of Configuration. Closing a closed ticket changes nothing.

    `reason` is what its history says about why, if anything (`REASONS`). Raises Blocked where another one blocks it,
    unless `even_blocked`: who was asked wants it all the same.
    """
    by_customer = not isinstance(actor, Agent | access.System)
    with act(ticket, "close", actor=actor):
        if ticket.is_closed:
            return
        blocking.require_free(ticket, actor=actor, even_blocked=even_blocked)
        store(ticket, **status_columns(lookups.closed_status(), by_customer=by_customer))
        record(ticket, EventKind.CLOSED_BY_CUSTOMER if by_customer else EventKind.CLOSED, actor=actor, **reason)


def reopen(ticket: Ticket, *, actor: Actor) -> None:
    """Give a closed ticket the default status again."""
    with act(ticket, "reopen", actor=actor):
        if ticket.is_closed:
            store(ticket, **status_columns(lookups.default_status()))
            record(ticket, EventKind.REOPENED, actor=actor)


def set_status(ticket: Ticket, status: Status, *, actor: Actor, even_blocked: bool = False) -> None:
    """Set the status. Raises InvalidInput for a disabled one, Blocked as `close` does."""
    with act(ticket, "set_status", actor=actor):
        if ticket.status_id == status.id:
            return
        if not status.enabled:
            raise InvalidInput(lazy("This status is disabled."), field="status")
        if status.category == CLOSED:
            blocking.require_free(ticket, actor=actor, even_blocked=even_blocked)
        old = lookups.status(ticket.status_id)
        # A closed ticket that is only called otherwise stays closed since when it was, in its year.
        since = {"closed_at": ticket.closed_at} if ticket.is_closed and status.category == CLOSED else {}
        store(ticket, **status_columns(status) | since)
        record(
            ticket,
            EventKind.STATUS,
            actor=actor,
            old=old.label if old else "",
            new=status.label,
            category=status.category,
        )
