"""How many tickets are open, by place: one query serves every agent for some seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from peewee import SQL, Select, fn

from database import database
from helpdesk import access
from helpdesk.lib import cache
from helpdesk.settings import lookups
from models import LIVE, Agent, Ticket

#: Seconds for which the menu's counts may be old.
COUNTS_SECONDS = 5
#: Seconds for which the counts of saved lists may be old, how far they count, and for how many readers they are kept.
LISTS_SECONDS, MOST_COUNTED, MOST_KEPT = 30, 100, 1_000

_Cell = tuple[int, int | None, int | None, int | None, bool, int]
_kept: tuple[float, list[_Cell]] = (float("-inf"), [])
_of_lists: dict[tuple[Any, ...], tuple[float, list[int]]] = {}
#: What readers were told of the cells at hand, by agent and whether waiting tickets alone were counted.
_of_agents: dict[tuple[int, bool], tuple[object, Counts]] = {}


@dataclass
class Counts:
    """Open tickets within an agent's sight, by list."""

    open: int = 0
    mine: int = 0
    unassigned: int = 0
    services: dict[int, int] = field(default_factory=dict)
    departments: dict[int, int] = field(default_factory=dict)

    def add(self, number: int, service: int, department: int | None, *, mine: bool, unassigned: bool) -> None:
        """Count these tickets of one place."""
        self.open += number
        self.mine += number if mine else 0
        self.unassigned += number if unassigned else 0
        self.services[service] = self.services.get(service, 0) + number
        if department is not None:
            self.departments[department] = self.departments.get(department, 0) + number

    def of(self, view: str, service_id: int | None = None, department_id: int | None = None) -> int:
        """Return the number of one list of the menu."""
        if department_id is not None:
            return self.departments.get(department_id, 0)
        if service_id is not None:
            return self.services.get(service_id, 0)
        return {"open": self.open, "mine": self.mine, "unassigned": self.unassigned}[view]


def counts(agent: Agent) -> Counts:
    """Count the open tickets an agent sees, by place."""
    return _counted(agent, waiting_only=False)


def waiting(agent: Agent) -> Counts:
    """Count those of them that wait for a reply."""
    return _counted(agent, waiting_only=True)


def forget_counts() -> None:
    """Count again for the next reader."""
    global _kept
    _kept = (float("-inf"), [])
    _of_lists.clear()
    _of_agents.clear()


def of_lists(lists: tuple[Any, ...]) -> list[int]:
    """Return how many tickets each of these `TicketListing`s holds, at most `MOST_COUNTED`: one statement."""
    # Rights may change while the numbers stay: then they are counted again.
    key = (cache.version(), lists)
    counted_at, numbers = _of_lists.get(key, (float("-inf"), []))
    if lists and time.monotonic() - counted_at > LISTS_SECONDS:
        few = [tickets.query(SQL("1")).limit(MOST_COUNTED).alias("few") for tickets in lists]
        columns = [Select([part], [fn.COUNT(SQL("*"))]) for part in few]
        numbers = [int(number) for number in Select([], columns).bind(database).tuples()[0]]
        if len(_of_lists) >= MOST_KEPT:
            _of_lists.clear()
        _of_lists[key] = (time.monotonic(), numbers)
    return numbers


def _counted(agent: Agent, *, waiting_only: bool) -> Counts:
    counted_at, cells = _cells()
    # Rights may change while the cells stay: then they are counted again.
    key, state = (agent.id, waiting_only), (counted_at, cache.version(), agent.active)
    kept = _of_agents.get(key)
    if kept is None or kept[0] != state:
        if len(_of_agents) >= MOST_KEPT:
            _of_agents.clear()
        kept = _of_agents[key] = (state, _count(cells, agent, waiting_only=waiting_only))
    return kept[1]


def _count(cells: list[_Cell], agent: Agent, *, waiting_only: bool) -> Counts:
    result, everything, teams = Counts(), access.sees_all(agent), set(lookups.team_ids_of(agent.id))
    for service, department, assignee, team, waits, number in cells:
        if waiting_only and not waits:
            continue
        mine = assignee == agent.id
        if everything or mine or team in teams or access.covers(agent, service, department):
            result.add(number, service, department, mine=mine, unassigned=assignee is None and team is None)
    return result


def _cells() -> tuple[float, list[_Cell]]:
    global _kept
    if time.monotonic() - _kept[0] > COUNTS_SECONDS:
        columns = (Ticket.service, Ticket.department, Ticket.assignee, Ticket.team, Ticket.awaits_reply)
        query = Ticket.select(*columns, fn.COUNT(SQL("*"))).where(LIVE).group_by(*columns)
        _kept = (time.monotonic(), list(query.tuples()))
    return _kept
