"""The lists of the desk: criteria in the address, one page of rows, what is new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.tickets import list_rows, list_tools, page_state
from admin_views.tickets.base import TicketDeskPage
from admin_views.tickets.context import TICKET, TITLES
from helpdesk import access, search
from helpdesk.i18n import Count, ngettext
from helpdesk.lists import bulk, criteria, display, listing, snippets
from helpdesk.lists.listing import TicketListing
from helpdesk.lists.rows import newest_id
from helpdesk.lists.snippets import Parts
from helpdesk.people import permissions
from helpdesk.settings import lookups
from models import Agent, Department, Service, Ticket


class TicketsPage(TicketDeskPage):
    """The lists of tickets."""

    slug = "tickets"

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """Show a list of tickets."""
        if request.args.get("view", "open") not in TITLES:
            abort(404)
        context = self.context
        words = context.criteria
        if "" in request.args.values():
            # A form sends its empty fields too: the address that is shared is the short one.
            return redirect(context.list_address())
        jump = named(self.agent, words.get("q", ""))
        if jump is not None:
            return redirect(url_for(TICKET, number=jump.number))
        made = page_state.moment()
        tickets, view = criteria.listing_of(self.agent, words), words.get("view", "open")
        searching = view == "search" and not set(words) - {"view", "scope", "sort", "reach"}
        page = listing.Page([]) if searching else tickets.page(after=arg("after"), before=arg("before"))
        if not page.rows and (arg("after") or arg("before")):
            # The tickets of this page have left the list, which may hold others before them.
            return redirect(context.list_address())
        return self.render(
            "admin/ticket_list.html",
            title=context.list_name(),
            listing=tickets,
            page=page,
            tally=tickets.tally(page),
            view_name=view,
            searching=searching,
            no_place=access.has_no_place(self.agent),
            arguments=words,
            news_since=news_since(tickets, page),
            catalogue=lookups,
            silent=silent_places(self.agent, view),
            most=Count(tickets.most),
            at_once=bulk.MAX_TICKETS,
            kept_view=context.saved_view(),
            made=made,
            **looks(self.agent, page, tickets, words),
            **list_tools.tools(words, tickets),
        )

    @expose("/news")
    def news_view(self) -> ResponseReturnValue:
        """Say how many tickets of a list were opened since it was shown."""
        since = request.args.get("since", 0, type=int)
        tickets = criteria.listing_of(self.agent, self.context.criteria)
        count = tickets.newer(min(max(since, 0), 2**63 - 1))
        text = ngettext("%(num)s new ticket since you came", "%(num)s new tickets since you came", count)
        return {"count": count, "text": text}

    @expose("/beside")
    def beside_view(self) -> str:
        """Give the list that a ticket was opened from, as it stands beside it."""
        context = self.context
        ticket = context.find(request.args.get("at", ""))
        rows = criteria.listing_of(self.agent, context.criteria).around(ticket)
        return render_template("admin/ticket_beside.html", rows=rows, at=ticket.id, arguments=context.criteria)


def named(agent: Agent, text: str) -> Ticket | None:
    """Return the visible ticket that a search names by its exact number, also written with a number sign."""
    number = text.removeprefix("#").strip()
    if not number[-1:].isdigit():
        return None
    row: Ticket | None = access.visible_tickets(agent).where(Ticket.number == number).first()
    return row or access.merged_into(agent, number)


def silent_places(agent: Agent, view: str) -> list[Service | Department]:
    """Return the places whose new tickets nobody is told of, for administrators, where they come in (RULES 6)."""
    return permissions.places_without_notification() if view == "open" and agent.is_admin else []


def news_since(tickets: TicketListing, page: listing.Page) -> int | None:
    """Return the id after which tickets are news in this list; None for a list without news."""
    if tickets.view not in {"open", "unassigned"} or tickets.text:
        return None
    return page.newest_id if page.newest_id is not None else newest_id()


def looks(agent: Agent, page: listing.Page, tickets: TicketListing, words: Mapping[str, str]) -> dict[str, Any]:
    """Return how the list looks for this agent: its columns, and what writes its rows."""
    look = display.of_page(agent, page.rows, one_place=criteria.place_of(words) == "department")
    # The ticket's page leads back to this list, and on to its neighbours there. Without a word it is the open one.
    trail = f"?{urlencode(words or {'view': 'open'})}"
    subjects, passages = excerpts(page, tickets)
    return {"display": look, "rows": lambda: list_rows.rows(page.rows, agent, look, trail, subjects, passages)}


def arg(name: str) -> str:
    """Return one word of the address."""
    return request.args.get(name, "")


def excerpts(page: listing.Page, tickets: TicketListing) -> tuple[dict[int, Parts], dict[int, Parts]]:
    """Return where a search was met: subjects with their words marked, and passages of messages."""
    if not tickets.text or not page.rows:
        return {}, {}
    words = search.words(tickets.text) if tickets.scope in {"everywhere", "subject"} else []
    subjects = {row.id: snippets.marked(row.subject, words) for row in page.rows}
    return subjects, snippets.of_tickets([row.id for row in page.rows], tickets.text, tickets.scope)
