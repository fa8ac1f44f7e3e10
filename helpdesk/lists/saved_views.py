"""Lists of tickets kept under a name. A shared one shows each reader what that reader may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from database import Stamp
from helpdesk import access
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.events import transaction
from helpdesk.i18n import lazy
from helpdesk.lib import inputs
from helpdesk.lists import criteria
from helpdesk.settings import lookups
from models import Agent, SavedView

#: Views one agent may keep, and characters of a name.
MOST, LONGEST_NAME = 50, 80


def offered(agent: Agent) -> list[SavedView]:
    """Return the agent's own views in the order they chose, then those that others share."""
    rows = lookups.saved_views()
    own = [row for row in rows if row.owner_id == agent.id]
    return own + [row for row in rows if row.shared and row.owner_id != agent.id]


def criteria_of(view: SavedView) -> dict[str, Any]:
    """Return the criteria of a view as the address of its list says them."""
    return criteria.parse(dict(parse_qsl(view.query)))


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


def find(view_id: int, *, actor: Agent) -> SavedView:
    """Return a view this agent may change: their own, or (administrators) a shared one. Raises NotFound."""
    view = SavedView.get_or_none(SavedView.id == view_id) if inputs.fits(view_id) else None
    if view is None or not may_change(view, actor):
        raise NotFound(lazy("There is no such list."))
    return view


def may_change(view: SavedView, agent: Agent) -> bool:
    """Whether this agent may rename, share or delete the view."""
    return view.owner_id == agent.id or (agent.is_admin and view.shared)


def rename(view: SavedView, name: str, *, actor: Agent) -> None:
    """Give a view another name. Raises InvalidInput when its owner has another one of that name."""
    _require(view, actor)
    title = _name(name)
    if any(row.name == title and row.id != view.id for row in _own(view.owner)):
        raise InvalidInput(lazy("There is another list of this name."), field="name")
    view.name = title
    _store(view)


def share(view: SavedView, shared: bool, *, actor: Agent) -> None:
    """Show a view to every agent, or to its owner only."""
    _require(view, actor)
    view.shared = shared
    _store(view)


def delete(view: SavedView, *, actor: Agent) -> None:
    """Forget a view; its tickets stay what they are."""
    _require(view, actor)
    with transaction():
        view.delete_instance()


def move(view: SavedView, by: int, *, actor: Agent) -> None:
    """Move an own view up (-1) or down (+1) in the menu; nothing happens at the ends."""
    _require(view, actor)
    rows = _own(view.owner)
    place = next(index for index, row in enumerate(rows) if row.id == view.id)
    other = place + (1 if by > 0 else -1)
    if not 0 <= other < len(rows):
        return
    rows[place], rows[other] = rows[other], rows[place]
    with transaction():
        for position, row in enumerate(rows):
            SavedView.update(position=position).where(SavedView.id == row.id).execute()
        Stamp.bump()


def _require(view: SavedView, actor: Agent) -> None:
    if not may_change(view, actor):
        raise NotFound(lazy("There is no such list."))


def _store(view: SavedView) -> None:
    with transaction():
        view.save()


def _own(agent: Agent) -> list[SavedView]:
    return list(SavedView.select().where(SavedView.owner == agent.id).order_by(SavedView.position, SavedView.id))


def _name(text: str) -> str:
    title = " ".join(text.replace("\0", "").split())
    if not 0 < len(title) <= LONGEST_NAME:
        raise InvalidInput(lazy("A name has 1 to 80 characters."), field="name")
    return title
