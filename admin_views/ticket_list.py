"""The lists of the desk: criteria in the address, one page of rows."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, request, url_for
from flask_admin import expose

from helpdesk import access, catalogue, listing, search
from helpdesk.i18n import lazy
from helpdesk.listing import TicketListing
from models import Agent, Ticket

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
#: What the menu tells its links by.
MENU = ("view", "service", "department")
#: What the address of a list may hold, and the criterion it sets.
CRITERIA = ("service", "department", "status", "priority", "assignee", "team", "tag")


class TicketLists:
    """The lists of tickets, for the page class that holds them."""

    agent: Agent
    render: Any

    @expose("/")
    def index_view(self) -> Any:
        """Show a list of tickets."""
        view = request.args.get("view", "open")
        if view not in TITLES:
            abort(404)
        text, scope = request.args.get("q", "").replace("\0", "")[:200].strip(), request.args.get("scope", "everywhere")
        jump = access.visible_tickets(self.agent).where(Ticket.number == text).first() if text else None
        if jump is not None:
            return redirect(url_for("desk_tickets.ticket_view", number=jump.number))
        wanted = self.listing(view, text, scope if scope in search.SCOPES else "everywhere")
        searching = view == "search" and not text
        page = (
            listing.Page([])
            if searching
            else wanted.page(after=request.args.get("after", ""), before=request.args.get("before", ""))
        )
        return self.render(
            "admin/ticket_list.html",
            title=self.name_of(view, wanted),
            listing=wanted,
            page=page,
            view_name=view,
            arguments={key: value for key, value in request.args.items() if key not in {"after", "before"}},
            can=lambda verb: access.can(self.agent, verb),
            catalogue=catalogue,
            targets=self.targets(wanted),
        )

    def listing(self, view: str, text: str, scope: str) -> TicketListing:
        """Read the criteria of a list from its address; what is not a number is not a criterion."""
        numbers: dict[str, Any] = {f"{key}_id": request.args.get(key, type=int) for key in CRITERIA}
        numbers = {key: value for key, value in numbers.items() if value is not None and abs(value) < 2**63}
        return TicketListing(self.agent, "all" if view == "search" else view, text=text, scope=scope, **numbers)

    def name_of(self, view: str, wanted: TicketListing) -> str:
        """Name the list by its place, else by its view."""
        place = catalogue.department(wanted.department_id) or catalogue.service(wanted.service_id)
        return str(place) if place is not None else str(TITLES[view])

    def targets(self, wanted: TicketListing) -> dict[str, list[Any]]:
        """Return whom tickets may be assigned to, those who cover the place first."""
        if wanted.service_id or wanted.department_id:
            department = catalogue.department(wanted.department_id)
            service = wanted.service_id or (department.service_id if department else 0)
            covering, others = access.eligible(service, wanted.department_id)
        else:
            covering, others = access.eligible(0, None)
        return {"teams": catalogue.teams(), "covering": covering, "others": others}
