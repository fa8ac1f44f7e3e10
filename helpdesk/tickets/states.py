"""Closing, reopening, changing the status."""

from __future__ import annotations

from helpdesk import access, catalogue
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.events import EventKind, record, transaction
from helpdesk.i18n import lazy
from helpdesk.tickets.changing import status_columns, store
from models import Agent, Status, Ticket


def close(ticket: Ticket, *, actor: Actor) -> None:
    """Close the ticket with the closed status of Configuration. Closing a closed ticket changes nothing."""
    access.require(actor, "close", ticket)
    if ticket.is_closed:
        return
    by_customer = not isinstance(actor, Agent | access.System)
    with transaction():
        store(ticket, **status_columns(catalogue.closed_status(), by_customer=by_customer))
        record(ticket, EventKind.CLOSED_BY_CUSTOMER if by_customer else EventKind.CLOSED, actor=actor)


def reopen(ticket: Ticket, *, actor: Actor) -> None:
    """Give a closed ticket the default status again."""
    access.require(actor, "reopen", ticket)
    if ticket.is_closed:
        with transaction():
            store(ticket, **status_columns(catalogue.default_status()))
            record(ticket, EventKind.REOPENED, actor=actor)


def set_status(ticket: Ticket, status: Status, *, actor: Actor) -> None:
    """Set the status. Raises InvalidInput for a disabled one."""
    access.require(actor, "set_status", ticket)
    if ticket.status_id == status.id:
        return
    if not status.enabled:
        raise InvalidInput(lazy("This status is disabled."), field="status")
    old = catalogue.status(ticket.status_id)
    with transaction():
        store(ticket, **status_columns(status))
        record(ticket, EventKind.STATUS, actor=actor, old=old.label if old else "", new=status.label)
