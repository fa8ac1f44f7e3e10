"""The ways to send a reply; a reply that has not gone out; notes for its writer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from werkzeug.datastructures import MultiDict

from helpdesk import clock, settings
from helpdesk.errors import Merged
from helpdesk.i18n import _, language_name
from helpdesk.lib import inputs, moments
from helpdesk.settings import lookups
from helpdesk.tickets import canned_responses
from helpdesk.tickets.thread import Block
from models import PENDING, Agent, CannedResponse, Message, Status, Ticket

STATUS = "status-"


@dataclass(frozen=True)
class Way:
    """A way to send: its name in a form, its words, the status it gives the ticket."""

    name: str
    label: str
    status: Status


def ways(*, may_close: bool) -> list[Way]:
    """Return the ways one may choose from; sending plainly needs no right."""
    pending = lookups.pending_status()
    offered = [Way("send", _("Send"), pending)]
    if may_close:
        offered.append(Way("close", _("Send and close"), lookups.closed_status()))
        offered += [
            Way(f"{STATUS}{row.id}", _("Send and set to %(status)s", status=row.label), row)
            for row in lookups.statuses()
            if row.enabled and row.category == PENDING and row.id != pending.id
        ]
    return offered


def way_of(composer_way: str, offered: list[Way]) -> Way:
    """Return the way of a form that came back, else to send plainly: each ticket starts anew (RULES 35)."""
    return next((way for way in offered if way.name == composer_way), offered[0])


def chosen(form: MultiDict[str, str]) -> str:
    """Return the way a form was sent: by a button of the menu, else as ticked, else as it came back before."""
    name = form.get("then") or ("close" if "close" in form else form.get("way") or form.get("enter", ""))
    return name if name == "close" or _status_id(name) is not None else "send"


def later(form: MultiDict[str, str]) -> str:
    """Return by which moment a form is sent later; empty for at once. Enter in the field of the day is one of its own.

    A note stands in its ticket at once.
    """
    if form.get("kind") == "note":
        return ""
    by_enter = moments.OWN if "enter" in form and form.get("later_day") else ""
    return form.get("later") or by_enter


def _status_id(way: str) -> int | None:
    return inputs.row_key(way.removeprefix(STATUS)) if way.startswith(STATUS) else None


def waits_as(way: str) -> Status | None:
    """Return the status that this way names, instead of the pending one."""
    key = _status_id(way)
    return lookups.status(key) if key is not None else None


@dataclass(frozen=True)
class Unsent:
    """A reply that has not gone out: it leaves in so many seconds; `is_delayed` when it was given more time."""

    message: Message
    seconds: int
    is_delayed: bool


def unsent(agent: Agent, blocks: Iterable[Block]) -> Unsent | None:
    """Return the newest reply of this agent in a thread that may still be taken back."""
    now = clock.now()
    for message in (block.message for block in reversed(list(blocks)) if block.message is not None):
        if message.agent_id == agent.id and message.public_at is not None and message.public_at > now:
            usually = timedelta(seconds=settings.get("undo_send_seconds") + 1)
            left = ceil((message.public_at - now).total_seconds())
            return Unsent(message, left, message.public_at - message.created_at > usually)
    return None


def merged_text(merged: Merged) -> str:
    """Return where the ticket has gone, for somebody who is writing in it."""
    return _(
        "This ticket has been merged into %(number)s: your text goes there when you send it.", number=merged.number
    )


def notes_on(response: CannedResponse, ticket: Ticket) -> list[str]:
    """Return what to look at in an inserted response: another language than the ticket's, and empty variables."""
    wanted, inserted = canned_responses.language_of(ticket), canned_responses.inserted_language(response, ticket)
    names = canned_responses.empty_variables(response, ticket)
    notes = [_("%(variable)s is empty.", variable="{{" + name + "}}") for name in names]
    if inserted == wanted:
        return notes
    languages = {"wanted": language_name(wanted), "inserted": language_name(inserted)}
    return [_("This response has no text in %(wanted)s: the one in %(inserted)s was inserted.", **languages), *notes]
