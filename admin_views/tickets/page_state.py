"""What a page knew of its ticket when it was made, as its form carries it, to say afterwards what changed since."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from helpdesk import clock
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _
from helpdesk.settings import lookups
from helpdesk.tickets import assignment
from models import Agent, Team, Ticket

EPOCH = datetime(1970, 1, 1)


def of_now(ticket: Ticket) -> str:
    """Return the state of the ticket, and when this was."""
    return f"{ticket.status_id}/{ticket.assignee_id or 0}/{ticket.team_id or 0}/{moment()}"


def moment() -> str:
    """Return when this is, as `made_at` reads it."""
    return str((clock.now() - EPOCH) // timedelta(microseconds=1))


def made_at(state: str) -> datetime | None:
    """Return when the page with this state was made (naive UTC); None for what no page has said."""
    microseconds = state.rpartition("/")[2]
    return EPOCH + timedelta(microseconds=int(microseconds)) if re.fullmatch(r"[0-9]{1,17}", microseconds) else None


def require_same_assignee(state: str, ticket: Ticket, to: Agent | Team | None) -> None:
    """Raise InvalidInput at ``to`` when somebody assigned the ticket since the page with this state was made.

    Of two who assign at once, the second is told instead of undoing the first. The ticket is locked by the caller.
    """
    _status, _slash, shown = state.rpartition("/")[0].partition("/")
    is_same = shown in {"", f"{ticket.assignee_id or 0}/{ticket.team_id or 0}"}
    if not (is_same or assignment.is_assigned_to(ticket, to)):
        raise InvalidInput(reassigned_text(ticket), field="to")


def reassigned_text(ticket: Ticket) -> str:
    """Return a sentence about who has the ticket now, for somebody whose page shows otherwise."""
    row = lookups.agent(ticket.assignee_id) or lookups.team(ticket.team_id)
    if row is None:
        return _("Meanwhile it has been unassigned. Look at it, then choose again.")
    return _("Meanwhile it has been assigned to %(name)s. Look at it, then choose again.", name=str(row))


def changes_since(state: str, ticket: Ticket) -> list[str]:
    """Return what changed since the page with this state was made, beyond messages: a sentence each."""
    status, _slash, handler = state.rpartition("/")[0].partition("/")
    now_status, _slash, now_handler = of_now(ticket).rpartition("/")[0].partition("/")
    changes = []
    if handler and status != now_status:
        changes.append(_("Meanwhile the status has become %(status)s.", status=str(lookups.status(ticket.status_id))))
    if handler and handler != now_handler:
        row = lookups.agent(ticket.assignee_id) or lookups.team(ticket.team_id)
        changes.append(
            _("Meanwhile the ticket has been assigned to %(name)s.", name=str(row))
            if row is not None
            else _("Meanwhile the ticket has been unassigned.")
        )
    return changes
