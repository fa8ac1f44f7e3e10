"""The box that finds anything (Ctrl+K): screens, tickets, customers, tags. Actions are found on the page itself."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.base import DeskPage
from admin_views.setup_menu import setup_menu
from admin_views.tickets.sidebar import LIST, desk_menu
from helpdesk import folding
from helpdesk.i18n import _, lazy
from helpdesk.lists import quick_search
from helpdesk.settings import lookups
from models import Agent, Ticket

Line = dict[str, str]


class QuickSearchPage(DeskPage):
    """What a few letters may mean."""

    slug, title, verb = "find", lazy("Find"), "desk"

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """Give what matches, by kind; a browser without script is led to the search."""
        text = request.args.get("q", "")[:200]
        if request.accept_mimetypes.best != "application/json":
            return redirect(url_for(LIST, view="search", q=text or None))
        matches = {
            _("Screens"): screens(self.agent, text),
            _("Tickets"): tickets(self.agent, text),
            _("Customers"): customers(self.agent, text),
            _("Organisations"): organisations(text),
            _("Tags"): tags(text),
        }
        return {"groups": [{"label": label, "lines": lines} for label, lines in matches.items() if lines]}


def screens(agent: Agent, text: str) -> list[Line]:
    """Return the screens this agent may open whose name holds all words."""
    sections = [*desk_menu(agent, {}).sections(), *setup_menu(agent)[1:]]
    links = [link for section in sections for link in section["links"]]
    every = [inner for link in links for inner in (link, *link["sub"])]
    named = {link["url"]: str(link["label"]) for link in every} | {url_for("account.profile"): _("My profile")}
    words = folding.fold(text).split()
    fitting = [(url, name) for url, name in named.items() if all(word in folding.fold(name) for word in words)]
    return [{"text": name, "detail": "", "url": url} for url, name in fitting[: quick_search.LINES]]


def tickets(agent: Agent, text: str) -> list[Line]:
    """Return tickets by number and subject, each with its author and status."""
    rows = quick_search.tickets(agent, text)
    return [
        {
            "text": row.subject,
            "detail": " · ".join(filter(None, details(row))),
            "url": url_for("desk_ticket.ticket_view", number=row.number),
        }
        for row in rows
    ]


def details(row: Ticket) -> tuple[str, ...]:
    """Return what sets a ticket apart from others of its subject."""
    status = lookups.status(row.status_id)
    return row.number, row.customer.full_name, str(status.label) if status else ""


def customers(agent: Agent, text: str) -> list[Line]:
    """Return customers by name and address, each with the way to their tickets."""
    return [
        {
            "text": row.customer.full_name or row.email,
            "detail": row.email if row.customer.full_name else "",
            "url": url_for(LIST, view="search", q=row.email, scope="author"),
        }
        for row in quick_search.customers(agent, text)
    ]


def organisations(text: str) -> list[Line]:
    """Return organisations, each with the way to its tickets."""
    rows = quick_search.organisations(text)
    return [{"text": row.name, "detail": "", "url": url_for(LIST, view="all", organisation=row.id)} for row in rows]


def tags(text: str) -> list[Line]:
    """Return tags, each with the way to its tickets."""
    return [{"text": row.name, "detail": "", "url": url_for(LIST, tag=row.id)} for row in quick_search.tags(text)]
