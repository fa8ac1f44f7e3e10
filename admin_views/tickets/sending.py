"""The ways to send a reply, the last one offered first; a reply that has not gone out; what a writer is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from helpdesk import access, clock, settings
from helpdesk.errors import Merged
from helpdesk.i18n import _, ngettext
from helpdesk.lib import inputs
from helpdesk.settings import lookups
from helpdesk.tickets import canned_responses
from helpdesk.tickets.thread import Block
from models import PENDING, Agent, CannedResponse, Message, Status, Ticket
from web import security, statics

COOKIE = "sends"
STATUS = "status-"
#: What the page of a ticket is told beside what was typed: no form of ours sends fields of these names.
TOLD = frozenset(
    {"number", "code", "refused", "basket", "way", "error", "error_field", "held", "said", "forgotten", "notes"}
)


@dataclass(frozen=True)
class Way:
    """A way to send: its name in a form, its words, the status it gives the ticket."""

    name: str
    label: str
    status: Status


def ways(agent: Agent, ticket: Ticket) -> list[Way]:
    """Return the ways this agent may choose from; sending plainly needs no right."""
    pending = lookups.pending_status()
    found = [Way("send", _("Send"), pending)]
    if access.can(agent, "close", ticket):
        found.append(Way("close", _("Send and close"), lookups.closed_status()))
        found += [
            Way(f"{STATUS}{row.id}", _("Send and set to %(status)s", status=row.label), row)
            for row in lookups.statuses()
            if row.enabled and row.category == PENDING and row.id != pending.id
        ]
    return found


def usual(agent: Agent, offered: list[Way], just_now: str = "") -> Way:
    """Return the way chosen just now, else the one this agent took last in this browser, as long as it is offered."""
    owner, _dot, name = request.cookies.get(COOKIE, "").partition(".")
    name = just_now or (name if owner == str(agent.id) else "")
    return next((way for way in offered if way.name == name), offered[0])


def remember(response: Response, agent: Agent, form: MultiDict[str, str]) -> None:
    """Keep in this browser how the agent has sent."""
    response.set_cookie(
        COOKIE,
        f"{agent.id}.{chosen(form)}",
        max_age=statics.YEAR,
        secure=security.is_https(),
        httponly=True,
        samesite="Lax",
    )


def form_values(form: MultiDict[str, str]) -> dict[str, str]:
    """Return what comes back in the composer of what was sent."""
    return {name: value for name, value in form.items() if name not in TOLD}


def chosen(form: MultiDict[str, str]) -> str:
    """Return the way a form was sent: by a button of the menu, else as ticked, else as usual."""
    name = form.get("then") or ("close" if "close" in form else form.get("usual", ""))
    return name if name == "close" or _status_id(name) is not None else "send"


def _status_id(name: str) -> int | None:
    return inputs.row_key(name.removeprefix(STATUS)) if name.startswith(STATUS) else None


def arguments(form: MultiDict[str, str]) -> dict[str, Any]:
    """Return what the chosen way tells `tickets.reply`."""
    name = chosen(form)
    if name == "close":
        return {"close": True}
    key = _status_id(name)
    return {"waits_as": lookups.status(key)} if key is not None else {}


@dataclass(frozen=True)
class Unsent:
    """A reply that has not gone out: it leaves in so many seconds; `kept_back` when it was given more time."""

    message: Message
    seconds: int
    kept_back: bool


def unsent(agent: Agent, blocks: Iterable[Block]) -> Unsent | None:
    """Return the newest reply of this agent in a thread that may still be taken back."""
    now = clock.now()
    for message in (block.message for block in reversed(list(blocks)) if block.message is not None):
        if message.agent_id == agent.id and message.public_at is not None and message.public_at > now:
            usually = timedelta(seconds=settings.get("undo_send_seconds") + 1)
            left = ceil((message.public_at - now).total_seconds())
            return Unsent(message, left, message.public_at - message.created_at > usually)
    return None


def said_new(number: int) -> str:
    """Say how many messages came in."""
    return ngettext("%(num)d new message — read, then send", "%(num)d new messages — read, then send", number)


def said_merged(led: Merged) -> str:
    """Say to somebody who writes where the ticket has gone."""
    return _("This ticket has been merged into %(number)s: your text goes there when you send it.", number=led.number)


def notes_on(response: CannedResponse, ticket: Ticket) -> list[str]:
    """Name the variables of a canned response that are empty in this ticket."""
    names = canned_responses.empty_variables(response, ticket)
    return [_("%(variable)s is empty.", variable="{{" + name + "}}") for name in names]
