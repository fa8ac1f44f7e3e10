"""The canned responses that a composer offers: what they are called and how they begin is told once for all tickets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flask import current_app, url_for
from markupsafe import Markup

from admin_views.tickets.context import TICKET
from helpdesk.macros import using
from helpdesk.tickets import canned_responses
from models import Agent, CannedResponse, Ticket
from web import fragments
from web.fragments import fragment

#: What a response writes into its line; `own` is the address of the ticket.
HOLES = ("own", "id", "name", "shortcut", "beginning", "in_short", "acts")
#: Letters of the beginning that one reads; all of it is searched.
SHOWN = 90


class Words(NamedTuple):
    """The words of a response in a language."""

    name: str
    beginning: str
    in_short: str


class Shape(NamedTuple):
    """What a response has beside its name."""

    has_shortcut: bool
    has_beginning: bool
    has_acts: bool


def menu(offered: Sequence[CannedResponse], ticket: Ticket, agent: Agent) -> Markup:
    """Return the menu of these responses in a ticket; nothing where there are none."""
    if not offered:
        return Markup("")
    own = url_for(TICKET, number=ticket.number)
    shapes = fragments.Shapes("admin/ticket_canned_line.html", HOLES)
    lines = Markup("").join(_line(response, ticket, agent, own, shapes) for response in offered)
    return fragment("admin/ticket_canned.html", holes={"lines": lines})


def _line(response: CannedResponse, ticket: Ticket, agent: Agent, own: str, shapes: fragments.Shapes) -> Markup:
    words = _words(response, ticket)
    acts = using.sentence(response, actor=agent) if using.is_macro(response) else ""
    shape = Shape(bool(response.shortcut), bool(words.beginning), bool(acts))
    values = {"own": own, "id": response.id, "shortcut": response.shortcut, "acts": acts, **words._asdict()}
    return shapes.pieces_of(shape).filled(values)


def _words(response: CannedResponse, ticket: Ticket) -> Words:
    """Return the words of a response in a ticket: the same for all of one language, unless it names the customer."""
    written = fragments.shared("canned words")
    key = (response.id, canned_responses.language_of(ticket))
    # The row may be older than the stamp is by now: what is of another one is written anew.
    row, words = written.get(key, (None, None))
    if words is None or row is not response:
        beginning = canned_responses.beginning(response, ticket)
        in_short = current_app.jinja_env.filters["truncate"](current_app.jinja_env, beginning, SHOWN)
        words = Words(canned_responses.name_in(response, ticket), beginning, in_short)
        # Markup may stand between the braces of a variable: of a text with any, nothing is cached.
        if "{" not in canned_responses.body_in(response, ticket):
            written[key] = response, words
    return words
