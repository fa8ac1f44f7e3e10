"""The panel beside a ticket saves each choice as it is made, where a script runs; otherwise its one *Update* does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import flash, url_for
from werkzeug.datastructures import MultiDict

from admin_views.tickets import page_state
from admin_views.tickets.context import TicketContext
from database import Base
from helpdesk import access, tickets
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, lazy
from helpdesk.lists import bulk
from helpdesk.people import assignees
from helpdesk.settings import lookups
from models import Agent, Team, Ticket

#: Fields whose change can be taken back like an act on many tickets, and that act.
ACTS = {"assignee": "assign", "status": "status", "priority": "priority"}

Row = TypeVar("Row", bound=Base)
Answer = tuple[dict[str, Any], int]


def one_of(rows: Sequence[Row], key: str) -> Row:
    """Return the row with this id. Raises InvalidInput for any other."""
    row = next((row for row in rows if str(row.id) == key), None)
    if row is None:
        raise InvalidInput(lazy("Choose one from the list."))
    return row


def target(value: str) -> Agent | Team | None:
    """Read ``agent-3``, ``team-2`` or an empty text (nobody). Raises InvalidInput."""
    kind, _dash, key = value.partition("-")
    if not value:
        return None
    return one_of(lookups.teams(), key) if kind == "team" else one_of(lookups.agents(), key)


def setting(act: str, value: str, agent: Agent, *, even_blocked: bool = False) -> Callable[[Ticket], None]:
    """Return what gives a ticket this assignee, status or priority. Raises InvalidInput for one that does not exist."""
    if act == "assign":
        to = target(value)
        return lambda ticket: tickets.assign(ticket, to, actor=agent)
    if act == "status":
        status = one_of(lookups.statuses(), value)
        return lambda ticket: tickets.set_status(ticket, status, actor=agent, even_blocked=even_blocked)
    priority = one_of(lookups.priorities(), value)
    return lambda ticket: tickets.set_priority(ticket, priority, actor=agent)


def store_choice(context: TicketContext, ticket: Ticket, form: MultiDict[str, str]) -> Answer:
    """Store the one field that a form holds; return what to say, and where the change is taken back.

    Tags are given back by sending them as they were.
    """
    try:
        undo = _tags(context, ticket, form) if "tags" in form else _set(context, ticket, form)
    except InvalidInput as error:
        return {"error": str(error)}, 422
    now = Ticket.get_by_id(ticket.id)
    saved = _("The ticket parameters have been updated.")
    notice = assignees.absence_text(now) if "assignee" in form else ""
    answer = {
        "text": _("%(text)s %(notice)s", text=saved, notice=notice) if notice else saved,
        "undo": undo,
        "known": page_state.of_now(now),
    }
    if not access.sees(context.agent, now):
        # Given away: there is nothing more to see here, and the list says what became of it.
        answer["leave"] = context.list_address()
        flash(answer["text"], "success")
        if undo:
            flash(undo, "undo")
    return answer, 200


def set_tags(ticket: Ticket, form: MultiDict[str, str], agent: Agent) -> None:
    """Give a ticket the tags of a form; those that its page did not show stay as they are. Raises InvalidInput."""
    shown = form["shown_tags"].split(",") if "shown_tags" in form else None
    tickets.set_tags(ticket, form["tags"].split(","), actor=agent, shown=shown)


def _tags(context: TicketContext, ticket: Ticket, form: MultiDict[str, str]) -> str:
    set_tags(ticket, form, context.agent)
    return ""


def _set(context: TicketContext, ticket: Ticket, form: MultiDict[str, str]) -> str:
    field = next((name for name in ACTS if name in form), None)
    if field is None:
        raise InvalidInput(lazy("Choose one from the list."))
    rule = setting(ACTS[field], form[field], context.agent)
    if field == "assignee":
        rule = _unless_reassigned(rule, form.get("known", ""), target(form[field]))
    outcome = bulk.run(ACTS[field], [ticket.id], rule, actor=context.agent)
    for why in outcome.refused:
        raise InvalidInput(why)
    return url_for("desk_bulk.undo_view", batch_id=outcome.action.id) if outcome.action is not None else ""


def _unless_reassigned(rule: Callable[[Ticket], None], known: str, to: Agent | Team | None) -> Callable[[Ticket], None]:
    def assign(ticket: Ticket) -> None:
        page_state.require_same_assignee(known, ticket, to)
        rule(ticket)

    return assign
