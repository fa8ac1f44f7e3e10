"""Ordering rows by hand: moving one up or down, or between two others."""

from __future__ import annotations

from typing import Any

from database import Base, Stamp, database, is_sqlite
from helpdesk import access
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.i18n import lazy
from helpdesk.tickets import canned_responses
from models import Agent, CannedResponse, Department, DueTime, Filter, SavedView, Service, Status

DIRECTIONS = {"up": -1, "down": 1}
#: Tables with a position: the column that groups the rows (None: one group), and the column that breaks ties.
ORDERED: dict[type[Base], tuple[Any, Any]] = {
    Service: (None, Service.id),
    Department: (Department.service, Department.id),
    Status: (None, Status.id),
    CannedResponse: (CannedResponse.service, CannedResponse.name),
    # Filters and rules, each kind by itself.
    Filter: (Filter.beginning, Filter.id),
    DueTime: (None, DueTime.id),
    SavedView: (SavedView.owner, SavedView.id),
}


def move(row: Any, direction: str, *, actor: Actor) -> bool:
    """Swap a row with the one above ("up") or below ("down"); return whether there was one.

    Raises NotAllowed, or InvalidInput for another direction.
    """
    _require(row, actor)
    if direction not in DIRECTIONS:
        raise InvalidInput(lazy("Choose one from the list."), field="to")
    with database.atomic():
        ids = _neighbours(row)
        at = ids.index(row.id)
        other = at + DIRECTIONS[direction]
        if not 0 <= other < len(ids):
            return False
        ids[at], ids[other] = ids[other], ids[at]
        _number(type(row), ids)
    return True


def place(row: Any, *, above: int | None, below: int | None, actor: Actor) -> tuple[int, int]:
    """Put a row below the row with the id `above`, or above the row with the id `below`, within its group.

    Returns its new place, counted from 1, and the number of rows. Raises NotAllowed, or InvalidInput when neither
    row is in its group.
    """
    _require(row, actor)
    with database.atomic():
        ids = _neighbours(row)
        ids.remove(row.id)
        if below in ids:
            at = ids.index(below)
        elif above in ids:
            at = ids.index(above) + 1
        else:
            raise InvalidInput(lazy("It can only be moved among those it belongs to."))
        ids.insert(at, row.id)
        _number(type(row), ids)
    return at + 1, len(ids)


def _require(row: Any, actor: Actor) -> None:
    if isinstance(row, CannedResponse):
        canned_responses.require_manage(actor)
    elif isinstance(row, SavedView):
        # Each agent's own, whatever they may configure.
        if not isinstance(actor, Agent) or row.owner_id != actor.id:
            raise NotAllowed(lazy("Only its owner moves a list in the menu."))
    else:
        access.require(actor, "configure")


def _neighbours(row: Any) -> list[int]:
    """Return the ids of the rows in this row's group, in order, and lock them against other moves."""
    table = type(row)
    if not is_sqlite():
        list(table.select(table.id).order_by(table.id).for_update().tuples())
    group, tie = ORDERED[table]
    query = table.select(table.id).order_by(table.position, tie, table.id)
    if group is not None:
        value = getattr(row, getattr(group, "object_id_name", group.name))
        query = query.where(group.is_null() if value is None else group == value)
    return [key for (key,) in query.tuples()]


def _number(table: Any, ids: list[int]) -> None:
    positions = dict(table.select(table.id, table.position).where(table.id.in_(ids)).tuples())
    for position, key in enumerate(ids):
        if positions[key] != position:
            table.update(position=position).where(table.id == key).execute()
    Stamp.bump()


def ends(table: Any) -> tuple[set[int], set[int]]:
    """Return the ids of the first rows of their groups, and of the last ones."""
    group, tie = ORDERED[table]
    first: dict[Any, int] = {}
    last: dict[Any, int] = {}
    columns = [table.id] if group is None else [table.id, group]
    for key, *values in table.select(*columns).order_by(table.position, tie, table.id).tuples():
        first.setdefault(tuple(values), key)
        last[tuple(values)] = key
    return set(first.values()), set(last.values())
