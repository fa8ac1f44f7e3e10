"""The columns of a ticket that its lists depend on and several verbs write: activity, status, wait, priority."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from helpdesk import clock
from helpdesk.due_times import overdue
from helpdesk.lib import inputs
from helpdesk.lib.statements import update
from models import CLOSED, OPEN, Priority, Status, Ticket

#: The columns that say that a ticket sleeps, and their values in one that is awake.
AWAKE: dict[str, Any] = {
    "is_snoozed": False,
    "snoozed_until": None,
    "snoozed_by": None,
    "snooze_ignores_replies": False,
    "woken_at": None,
}


#: How far behind those that wait the others stand: their `waiting_since` is their last activity, 1,000 years later.
BEHIND = timedelta(days=365_242)


def store(ticket: Ticket, **changes: Any) -> None:
    """Set these columns and the time of the last activity; only what changed is written.

    A ticket that is closed, spam or in the bin sleeps no more.
    """
    now = clock.now()
    ticket.last_activity = now
    if not ticket.awaits_reply:
        ticket.waiting_since = now + BEHIND
    for name, value in changes.items():
        setattr(ticket, name, value)
    if not ticket.is_unresolved and (ticket.is_snoozed or ticket.woken_at is not None):
        inputs.set_attributes(ticket, AWAKE)
    update(ticket)


def status_columns(status: Status, *, by_customer: bool = False) -> dict[str, Any]:
    """Return the columns of a ticket that a new status sets."""
    closing = status.category == CLOSED
    columns: dict[str, Any] = {
        "status": status,
        "is_open": not closing,
        "closed_at": clock.now() if closing else None,
        "closed_by_customer": closing and by_customer,
    }
    # A status that asks nothing of the team ends the customer's wait.
    return columns if status.category == OPEN else columns | answered_columns()


def answered_columns() -> dict[str, Any]:
    """Return the columns that end the customer's wait: the ticket stands behind those that wait (RULES 34)."""
    return {"awaits_reply": False, "waiting_since": clock.now() + BEHIND}


def waiting_columns(ticket: Ticket) -> dict[str, Any]:
    """Return the columns that start the customer's wait; none while they wait already (the oldest message counts)."""
    return {} if ticket.awaits_reply else {"awaits_reply": True, "waiting_since": clock.now()}


def priority_columns(priority: Priority) -> dict[str, Any]:
    """Return the columns of a ticket that a new priority sets; `rank` ascends, so the heaviest stands first."""
    return {"priority": priority, "rank": overdue.rank(priority)}
