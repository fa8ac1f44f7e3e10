"""What every page of a ticket stands on: who asks, and the list from which they came."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import request, url_for

from admin_views.tickets.sidebar import LIST
from helpdesk import access
from helpdesk.errors import Merged
from helpdesk.i18n import lazy
from helpdesk.lib import inputs
from helpdesk.lists import criteria, saved_views
from models import Agent, Message, SavedView, Ticket

TICKET = "desk_ticket.ticket_view"
TITLES = {
    "open": lazy("Open tickets"),
    "mine": lazy("My tickets"),
    "unassigned": lazy("Unassigned"),
    "snoozed": lazy("Snoozed"),
    "overdue": lazy("Overdue"),
    "closed": lazy("Closed tickets"),
    "spam": lazy("Spam"),
    "bin": lazy("Bin"),
    "search": lazy("Search"),
    "all": lazy("All tickets"),
}


#: Two numbers of tickets in an address: who stood beside this one before an act moved it, or took it out of its list.
SPOT = re.compile(r"([\w-]{0,40})\.([\w-]{0,40})")


class Stand(NamedTuple):
    """Where a ticket stands in its list: addresses of its neighbours, and its position where it is not far down.

    `spot` names the neighbours for the page after an act: one goes on from where the ticket stood.
    """

    before: str | None = None
    after: str | None = None
    position: int = 0
    total: int = 0
    spot: str = ""


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
        if endpoint == TICKET and spot_of_request():
            values["spot"] = spot_of_request()
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

    def words_of(self, ticket: Ticket) -> Mapping[str, Any]:
        """Return the criteria of the list the ticket was opened from, else of the list of the menu that holds it."""
        if self.criteria:
            return self.criteria
        if ticket.in_bin or ticket.is_spam:
            return {"view": "bin" if ticket.in_bin else "spam"}
        return {"view": "snoozed" if ticket.is_snoozed else "open" if ticket.is_open else "closed"}

    def stand(self, ticket: Ticket) -> Stand:
        """Return where the ticket stands in its list, and the addresses of its neighbours there."""
        spot = spot_of_request()
        if request.method != "GET":
            return Stand(spot=spot)
        words = self.words_of(ticket)
        place = criteria.listing_of(self.agent, words).place_of(ticket)
        beside = spot.split(".") if spot else [place.before or "", place.after or ""]
        before, after = [
            url_for(TICKET, number=number, **words, _anchor="newest") if number else None for number in beside
        ]
        return Stand(before, after, place.position, place.total, spot or (".".join(beside) if any(beside) else ""))

    def next_address(self, ticket: Ticket) -> str:
        """Return the address of the ticket after this one in its list, else of the one before, else of the list."""
        words = self.words_of(ticket)
        place = criteria.listing_of(self.agent, words).place_of(ticket)
        number = place.after or place.before
        return url_for(TICKET, number=number, **words, _anchor="newest") if number else url_for(LIST, **words)


def spot_of_request() -> str:
    """Return where the ticket stood in its list before an act, as the address says it; empty when it does not."""
    spot = request.args.get("spot", "")
    return spot if SPOT.fullmatch(spot) else ""


def title_of(words: Mapping[str, str]) -> str:
    """Return the name of the place of a list, else of its view."""
    place = criteria.place_of(words)
    return (criteria.name_of(place, words[place]) if place else "") or str(TITLES[words.get("view", "open")])


def message_of(ticket: Ticket, key: int) -> Message | None:
    """Return the message of this ticket with this id; None when there is none, as after it was taken back."""
    return Message.get_or_none(Message.id == key, Message.ticket == ticket.id) if inputs.fits(key) else None
