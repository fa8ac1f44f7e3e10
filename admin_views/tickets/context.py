"""What every page of a ticket stands on: who asks, and the list from which they came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from admin_views.tickets.sidebar import LIST
from helpdesk import access
from helpdesk.errors import Merged
from helpdesk.i18n import lazy
from helpdesk.lib import inputs
from helpdesk.lists import criteria, saved_views
from models import Agent, Message, SavedView, Ticket

TICKET = "desk_tickets.ticket_view"
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


@dataclass(frozen=True)
class TicketContext:
    """The agent who asks, and the criteria of the list: those of the address."""

    agent: Agent
    #: `url_for` takes them as keyword arguments, so their type is open.
    criteria: Mapping[str, Any]

    @classmethod
    def of_request(cls, agent: Agent) -> TicketContext:
        """Return the context of the request at hand."""
        return cls(agent, criteria.parse(request.args))

    def find(self, number: str) -> Ticket:
        """Return the ticket with this number. Raises NotFound beyond the agent's sight, Merged."""
        return access.find_ticket(self.agent, number)

    def follow(self, number: str) -> Ticket:
        """Return the ticket with this number, or the one it was merged into: for what concerns a message of either."""
        try:
            return self.find(number)
        except Merged as merged:
            return self.find(merged.number)

    def address(self, ticket: Ticket, endpoint: str = TICKET, **values: Any) -> str:
        """Return the address of a ticket's page, or of what is done there, in the list it was opened from."""
        return url_for(endpoint, number=ticket.number, **values, **self.criteria)

    def list_address(self) -> str:
        """Return the address of the list."""
        return url_for(LIST, **self.criteria)

    def list_name(self) -> str:
        """Return the name of the list as it was saved, else its place or view."""
        view = self.saved_view()
        return view.name if view is not None else title_of(self.criteria)

    def saved_view(self) -> SavedView | None:
        """Return the saved list that asks for exactly this."""
        offered = saved_views.offered(self.agent)
        return next((row for row in offered if saved_views.criteria_of(row) == self.criteria), None)

    def back_to(self, ticket: Ticket) -> str:
        """Return the ticket's address, or the list's: giving a ticket away may end one's sight of it."""
        return self.address(ticket) if access.sees(self.agent, ticket) else self.list_address()

    def neighbours(self, ticket: Ticket) -> list[str | None]:
        """Return the addresses of the tickets before and after this one in the list it was opened from."""
        if request.method != "GET" or not self.criteria:
            return [None, None]
        numbers = criteria.listing_of(self.agent, self.criteria).neighbours(ticket)
        return [url_for(TICKET, number=number, **self.criteria) if number else None for number in numbers]


def title_of(words: Mapping[str, str]) -> str:
    """Return the name of the place of a list, else of its view."""
    place = criteria.place_of(words)
    return (criteria.name_of(place, words[place]) if place else "") or str(TITLES[words.get("view", "open")])


def message_of(ticket: Ticket, key: int) -> Message | None:
    """Return the message of this ticket with this id; None when there is none, as after it was taken back."""
    return Message.get_or_none(Message.id == key, Message.ticket == ticket.id) if inputs.fits(key) else None
