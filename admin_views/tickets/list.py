"""The lists of the desk: criteria in the address, one page of rows, what is new."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, request, url_for
from flask_admin import expose

from admin_views.tickets.sidebar import LIST
from helpdesk import access, search
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.lists import criteria, listing, saved_views, snippets
from helpdesk.lists.listing import TicketListing
from helpdesk.people import agents, assignees
from helpdesk.settings import lookups
from models import Agent, Department, SavedView, Ticket

TITLES = {
    "open": lazy("Open tickets"),
    "mine": lazy("My tickets"),
    "unassigned": lazy("Unassigned"),
    "closed": lazy("Closed tickets"),
    "spam": lazy("Spam"),
    "bin": lazy("Bin"),
    "search": lazy("Search"),
    "all": lazy("All tickets"),
}
SORTS = {
    "urgent": lazy("Most urgent first"),
    "newest": lazy("Newest activity first"),
    "oldest": lazy("Oldest first"),
}
#: What the menu tells its links by.
MENU = ("view", "service", "department")


class TicketLists:
    """The lists of tickets, for the page class that holds them."""

    agent: Agent
    render: Any

    @expose("/")
    def index_view(self) -> Any:
        """Show a list of tickets."""
        if request.args.get("view", "open") not in TITLES:
            abort(404)
        said = criteria.parse(request.args)
        if "" in request.args.values():
            # A form sends its empty fields too: the address that is shared is the short one.
            return redirect(url_for(LIST, **said))
        jump = self.named(said.get("q", ""))
        if jump is not None:
            return redirect(url_for("desk_tickets.ticket_view", number=jump.number))
        wanted, view = criteria.listing_of(self.agent, said), said.get("view", "open")
        searching = view == "search" and not set(said) - {"view", "scope", "sort"}
        page = listing.Page([]) if searching else wanted.page(after=arg("after"), before=arg("before"))
        return self.render(
            "admin/ticket_list.html",
            title=name_of(self.agent, said),
            listing=wanted,
            page=page,
            tally=wanted.tally(page),
            view_name=view,
            searching=searching,
            no_place=access.has_no_place(self.agent),
            arguments=said,
            news_since=listing.newest_id() if wanted.view in {"open", "unassigned"} and not wanted.text else None,
            can=lambda verb: access.can(self.agent, verb),
            catalogue=lookups,
            targets=self.targets(wanted),
            silent=self.silent(view),
            most=listing.COUNT_LIMIT,
            **self.tools(said, wanted),
            **found_in(page, wanted),
        )

    def silent(self, view: str) -> list[Any]:
        """Return the places whose new tickets nobody is told of, for administrators, where they come in (RULES 6)."""
        return agents.places_without_notification() if view == "open" and self.agent.is_admin else []

    def named(self, text: str) -> Ticket | None:
        """Return the visible ticket that a search names by its exact number, also written with a number sign."""
        number = text.removeprefix("#").strip()
        if not number[-1:].isdigit():
            return None
        row: Ticket | None = access.visible_tickets(self.agent).where(Ticket.number == number).first()
        return row or access.merged_into(self.agent, number)

    def tools(self, said: dict[str, str], wanted: TicketListing) -> dict[str, Any]:
        """Return what narrows and orders the list."""
        rest = {name: value for name, value in said.items() if name != "sort"}
        chosen = wanted.sort if wanted.sort in wanted.sorts else wanted.sorts[0]
        return {
            "chips": criteria.chips(said),
            "sorts": [(str(SORTS[name]), {**rest, "sort": name}, name == chosen) for name in wanted.sorts],
            "sort_name": str(SORTS[chosen]),
            "choices": choices(),
            "kept_view": kept_as(self.agent, said),
        }

    @expose("/news")
    def news_view(self) -> Any:
        """Say how many tickets of a list were opened since it was shown."""
        since = request.args.get("since", 0, type=int)
        said = criteria.parse(request.args)
        count = criteria.listing_of(self.agent, said).newer(min(max(since, 0), 2**63 - 1))
        text = ngettext("%(num)s new ticket since you came", "%(num)s new tickets since you came", count)
        return {"count": count, "text": text}

    def targets(self, wanted: TicketListing) -> dict[str, list[Any]]:
        """Return whom tickets may be assigned to, those who cover the place first."""
        if wanted.service_id or wanted.department_id:
            department = lookups.department(wanted.department_id)
            service = wanted.service_id or (department.service_id if department else 0)
            covering, others = assignees.eligible_agents(service, wanted.department_id)
        else:
            covering, others = assignees.eligible_agents(0, None)
        return {"teams": lookups.teams(), "covering": covering, "others": others}


#: Tags that the filters of a list offer.
TAGS = 200


def arg(name: str) -> str:
    """Return one word of the address."""
    return request.args.get(name, "")


def kept_as(agent: Agent, said: dict[str, Any]) -> SavedView | None:
    """Return the saved list that asks for exactly this."""
    return next((row for row in saved_views.offered(agent) if saved_views.criteria_of(row) == said), None)


def name_of(agent: Agent, said: dict[str, Any]) -> str:
    """Name a list as it was saved, else by its place or view."""
    kept = kept_as(agent, said)
    return kept.name if kept is not None else title_of(said)


def title_of(said: dict[str, str]) -> str:
    """Name a list by its place, else by its view."""
    place = criteria.place_of(said)
    return (criteria.name_of(place, said[place]) if place else "") or str(TITLES[said.get("view", "open")])


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


def found_in(page: listing.Page, wanted: TicketListing) -> dict[str, Any]:
    """Return where a search was met: subjects with their words marked, and passages of messages."""
    if not wanted.text or not page.rows:
        return {"subjects": {}, "passages": {}}
    words = search.words(wanted.text) if wanted.scope in {"everywhere", "subject"} else []
    return {
        "subjects": {row.id: snippets.marked(row.subject, words) for row in page.rows},
        "passages": snippets.of_tickets([row.id for row in page.rows], wanted.text, wanted.scope),
    }
