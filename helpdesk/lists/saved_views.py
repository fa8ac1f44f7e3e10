"""Lists of tickets kept under a name. A shared one shows each reader what that reader may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from helpdesk import access
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.events import transaction
from helpdesk.i18n import lazy
from helpdesk.lib import control_characters
from helpdesk.lists import counting, criteria
from helpdesk.lists.listing import LIVE_VIEWS, TicketListing
from helpdesk.settings import lookups
from models import Agent, SavedView

#: Views one agent may keep, and characters of a name.
MOST, LONGEST_NAME = 50, 80
#: Views whose tickets are counted by a query.
COUNTED = 20


def offered(agent: Agent) -> list[SavedView]:
    """Return the agent's own views in the order they chose, then those that others share."""
    rows = lookups.saved_views()
    own = [row for row in rows if row.owner_id == agent.id]
    return own + [row for row in rows if row.shared and row.owner_id != agent.id]


def criteria_of(view: SavedView) -> dict[str, Any]:
    """Return the criteria of a view as the address of its list says them."""
    return criteria.parse(dict(parse_qsl(view.query)))


def counts(agent: Agent, views: Sequence[SavedView]) -> dict[int, int]:
    """Return how many tickets each of these views of what is open holds; a search is not counted.

    At most `counting.MOST_COUNTED` is said of any but the lists of the menu, whose figures are known.
    """
    numbers: dict[int, int] = {}
    asked: dict[int, TicketListing] = {}
    for view in views:
        tickets = criteria.listing_of(agent, criteria_of(view))
        every = tickets.narrowed(waits=False)
        if every.is_plain:
            figures = counting.waiting(agent) if tickets.waits else counting.counts(agent)
            numbers[view.id] = figures.of(tickets.view, tickets.service_id, tickets.department_id)
        elif tickets.view in LIVE_VIEWS and not tickets.text and len(asked) < COUNTED:
            asked[view.id] = tickets
    return numbers | dict(zip(asked, counting.of_lists(tuple(asked.values())), strict=True))


def save(name: str, arguments: Mapping[str, str], *, actor: Agent) -> SavedView:
    """Keep a list under a name; an own view of that name is replaced.

    Raises InvalidInput for a wrong name or too long a search.
    """
    access.require(actor, "desk")
    title, own = _name(name), _own(actor)
    query = urlencode(criteria.parse(arguments))
    if len(query) > SavedView.query.max_length:
        raise InvalidInput(lazy("This search is too long to be kept: shorten it."), field="name")
    view = next((row for row in own if row.name == title), None)
    if view is None and len(own) >= MOST:
        raise InvalidInput(lazy("You keep 50 lists already: delete one first."), field="name")
    with transaction():
        if view is None:
            view = SavedView(owner=actor, name=title, position=1 + max((row.position for row in own), default=-1))
        view.query = query
        view.save()
    return view


def may_change(view: SavedView, agent: Agent) -> bool:
    """Whether this agent may rename, share or delete the view."""
    return view.owner_id == agent.id or (agent.is_admin and view.shared)


def require_change(view: SavedView, *, actor: Agent) -> None:
    """Raise NotFound unless this agent may change the view: their own, or (administrators) a shared one."""
    if not may_change(view, actor):
        raise NotFound(lazy("There is no such list."))


def change(view: SavedView, values: Mapping[str, Any], *, actor: Agent) -> SavedView:
    """Give a view another name, and share it with every agent or keep it to its owner.

    Raises InvalidInput when its owner has another one of that name.
    """
    require_change(view, actor=actor)
    title = _name(values["name"])
    if any(row.name == title and row.id != view.id for row in _own(view.owner)):
        raise InvalidInput(lazy("There is another list of this name."), field="name")
    with transaction():
        view.name, view.shared = title, bool(values["shared"])
        view.save()
    return view


def hand_over(view: SavedView, to: Agent, *, actor: Agent) -> SavedView:
    """Make a shared list another agent's; it gets another name where they have one of that name. Raises NotFound."""
    require_change(view, actor=actor)
    names = {row.name for row in _own(to) if row.id != view.id}
    title, number = view.name, 2
    while title in names:
        title, number = f"{view.name[: LONGEST_NAME - 6]} ({number})", number + 1
    with transaction():
        view.owner, view.name = to, title
        view.save()
    return view


def delete(view: SavedView, *, actor: Agent) -> None:
    """Forget a view; its tickets stay what they are."""
    require_change(view, actor=actor)
    with transaction():
        view.delete_instance()


def _own(agent: Agent) -> list[SavedView]:
    return list(SavedView.select().where(SavedView.owner == agent.id).order_by(SavedView.position, SavedView.id))


def _name(text: str | None) -> str:
    title = control_characters.one_line(text or "")
    if not 0 < len(title) <= LONGEST_NAME:
        raise InvalidInput(lazy("A name has 1 to 80 characters."), field="name")
    return title
