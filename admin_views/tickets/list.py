"""The lists of the desk: criteria in the address, one page of rows, what is new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.tickets import page_state
from admin_views.tickets.base import TicketDeskPage
from admin_views.tickets.context import TICKET, TITLES
from helpdesk import access, search
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.lists import criteria, display, listing, snippets
from helpdesk.lists.listing import TicketListing
from helpdesk.people import assignees, permissions
from helpdesk.settings import lookups
from models import Agent, Department, Service, Team, Ticket

SORTS = {
    "urgent": lazy("Most urgent first"),
    "newest": lazy("Newest activity first"),
    "oldest": lazy("Oldest first"),
}


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
            news_since=listing.newest_id() if tickets.view in {"open", "unassigned"} and not tickets.text else None,
            can=lambda verb: access.can(self.agent, verb),
            catalogue=lookups,
            targets=targets(tickets),
            silent=silent_places(self.agent, view),
            most=listing.COUNT_LIMIT,
            kept_view=context.saved_view(),
            made=made,
            **looks(self.agent, page, words),
            **tools(words, tickets),
            **excerpts(page, tickets),
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


def tools(words: Mapping[str, str], tickets: TicketListing) -> dict[str, Any]:
    """Return what narrows and orders the list."""
    rest = {name: value for name, value in words.items() if name != "sort"}
    chosen = tickets.sort if tickets.sort in tickets.sorts else tickets.sorts[0]
    return {
        "chips": criteria.chips(words),
        "sorts": [(str(SORTS[name]), {**rest, "sort": name}, name == chosen) for name in tickets.sorts],
        "sort_name": str(SORTS[chosen]),
        "choices": choices(),
    }


def looks(agent: Agent, page: listing.Page, words: Mapping[str, str]) -> dict[str, Any]:
    """Return how the list looks for this agent."""
    return {
        "display": display.of_page(agent, page.rows, one_place=criteria.place_of(words) == "department"),
        "chosen_columns": display.chosen(agent),
        "column_names": display.COLUMNS,
        "short_names": display.short_names(),
    }


def targets(tickets: TicketListing) -> dict[str, Sequence[Agent | Team]]:
    """Return whom tickets may be assigned to, those who cover the place first."""
    department = lookups.department(tickets.department_id)
    service = tickets.service_id or (department.service_id if department else 0)
    covering, others = assignees.eligible_agents(service, tickets.department_id)
    return {"teams": lookups.teams(), "covering": covering, "others": others}


#: Tags that the filters of a list offer.
TAGS = 200


def arg(name: str) -> str:
    """Return one word of the address."""
    return request.args.get(name, "")


def choices() -> dict[str, list[Any]]:
    """Return what the filters offer: pairs of a value and its name, departments under their service."""

    def pairs(rows: list[Any]) -> list[Any]:
        return [(row.id, str(row.name if isinstance(row, Department) else row)) for row in rows]

    places = [(str(service), pairs(lookups.departments(service.id))) for service in lookups.services()]
    return {
        "service": pairs(lookups.services()),
        "department": [(service, departments) for service, departments in places if departments],
        "status": pairs(lookups.statuses()),
        "priority": pairs(lookups.priorities()),
        "assignee": [("me", _("Me")), *pairs(lookups.agents())],
        "team": pairs(lookups.teams()),
        # The box that finds anything leads to the lists of the others.
        "tag": pairs([row for place, row in enumerate(lookups.tags()) if place < TAGS or str(row.id) == arg("tag")]),
    }


def excerpts(page: listing.Page, tickets: TicketListing) -> dict[str, Any]:
    """Return where a search was met: subjects with their words marked, and passages of messages."""
    if not tickets.text or not page.rows:
        return {"subjects": {}, "passages": {}}
    words = search.words(tickets.text) if tickets.scope in {"everywhere", "subject"} else []
    return {
        "subjects": {row.id: snippets.marked(row.subject, words) for row in page.rows},
        "passages": snippets.of_tickets([row.id for row in page.rows], tickets.text, tickets.scope),
    }
