"""Assigning, taking, transferring and moving a ticket."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.events import EventKind, record
from helpdesk.files.file_store import StoredFile
from helpdesk.i18n import lazy
from helpdesk.lib import richtext
from helpdesk.locking import act, hold
from helpdesk.people import assignees
from helpdesk.settings import lookups
from helpdesk.tickets.derived_columns import store
from helpdesk.tickets.messages import add_note
from helpdesk.tickets.opening import place
from models import Agent, Message, Team, Ticket, TicketEvent

#: The lines of the history that say who has a ticket.
ASSIGNING = (EventKind.ASSIGNED, EventKind.TAKEN, EventKind.TRANSFERRED, EventKind.UNASSIGNED)


def assign(ticket: Ticket, to: Agent | Team | None, *, actor: Actor, open_tickets: int | None = None) -> None:
    """Set the assignee: an agent, a team, or nobody. The department stays. Raises InvalidInput at ``to``.

    `open_tickets` is how many an agent had whose turn it was.
    """
    with act(ticket, "assign", actor=actor, to=to):
        if not _changes(ticket, to):
            return
        _set(ticket, to)
        if to is None:
            record(ticket, EventKind.UNASSIGNED, actor=actor)
        else:
            turn: dict[str, Any] = {} if open_tickets is None else {"open_tickets": open_tickets}
            record(ticket, EventKind.ASSIGNED, actor=actor, to=str(to), **turn, **_target(to))


def take(ticket: Ticket, *, actor: Agent) -> None:
    """Assign the ticket to the agent who acts."""
    with act(ticket, "take", actor=actor):
        if ticket.assignee_id != actor.id:
            _set(ticket, actor)
            record(ticket, EventKind.TAKEN, actor=actor)


def transfer(
    ticket: Ticket, to: Agent | Team, *, actor: Actor, note: str = "", files: Sequence[StoredFile] = ()
) -> Message | None:
    """Set the assignee, add the note (plain text) with its files, and always mail the new assignee (A20).

    Returns the note; None without a text. Raises InvalidInput at ``to``.
    """
    with act(ticket, "transfer", actor=actor, to=to):
        _check(to)
        message = None
        if note.strip() and isinstance(actor, Agent):
            message = add_note(ticket, richtext.from_text(note.strip()), actor=actor, files=files)
        _set(ticket, to)
        noted = {"note": message.id} if message is not None else {}
        record(ticket, EventKind.TRANSFERRED, actor=actor, to=str(to), **noted, **_target(to))
    return message


def move(ticket: Ticket, service_id: int, department_id: int | None, *, actor: Actor) -> None:
    """Move the ticket to another service and department; the assignee stays (RULES 10).

    Raises InvalidInput at ``service`` or ``department``.
    """
    with act(ticket, "move", actor=actor):
        service, department = place(service_id, department_id)
        if (ticket.service_id, ticket.department_id) == (service_id, department_id):
            return
        old = lookups.department(ticket.department_id) or lookups.service(ticket.service_id)
        store(ticket, service=service, department=department)
        record(ticket, EventKind.MOVED, actor=actor, old=str(old), new=str(department or service))


def is_assigned_to(ticket: Ticket, to: Agent | Team | None) -> bool:
    """Whether this agent or team (None: nobody) has the ticket."""
    target = (to.id if isinstance(to, Agent) else None, to.id if isinstance(to, Team) else None)
    return (ticket.assignee_id, ticket.team_id) == target


def assigned_since(ticket: Ticket, moment: datetime, *, by: Agent) -> bool:
    """Whether somebody else than this agent has assigned or unassigned the ticket since then (naive UTC)."""
    others = TicketEvent.agent.is_null() | (TicketEvent.agent != by.id)
    later = (TicketEvent.ticket == ticket.id) & (TicketEvent.created_at > moment) & others
    return bool(TicketEvent.select().where(later, TicketEvent.kind.in_(ASSIGNING)).exists())


def _changes(ticket: Ticket, to: Agent | Team | None) -> bool:
    if to is not None:
        _check(to)
    return not is_assigned_to(ticket, to)


def _check(to: Agent | Team) -> None:
    # An assignee chosen on a page may have been disabled or deleted since, and stays as it is until this is stored.
    stored = hold(to)
    if stored is None:
        raise InvalidInput(lazy("%(name)s has just been changed or deleted: choose again.", name=str(to)), field="to")
    if isinstance(stored, Agent) and not stored.active:
        raise InvalidInput(lazy("%(name)s is disabled.", name=stored.name), field="to")
    if isinstance(stored, Agent) and not assignees.in_support(stored):
        raise InvalidInput(lazy("%(name)s is not in support.", name=stored.name), field="to")
    if isinstance(stored, Team) and not stored.enabled:
        raise InvalidInput(lazy("The team %(name)s is disabled.", name=str(stored)), field="to")


def _set(ticket: Ticket, to: Agent | Team | None) -> None:
    store(
        ticket,
        assignee=to if isinstance(to, Agent) else None,
        team=to if isinstance(to, Team) else None,
    )


def _target(to: Agent | Team) -> dict[str, Any]:
    return {"agent": to.id} if isinstance(to, Agent) else {"team": to.id}
