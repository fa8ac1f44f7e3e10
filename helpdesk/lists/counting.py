"""How many tickets are open, by place: one query serves every agent for some seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from peewee import SQL, fn

from helpdesk import access
from helpdesk.settings import lookups
from models import LIVE, Agent, Ticket

#: Seconds for which the menu's counts may be old.
COUNTS_SECONDS = 5

_Cell = tuple[int, int | None, int | None, int | None, bool, int]
_kept: tuple[float, list[_Cell]] = (float("-inf"), [])


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


def _counted(agent: Agent, *, waiting_only: bool) -> Counts:
    result, everything, teams = Counts(), access.sees_all(agent), set(lookups.team_ids_of(agent.id))
    for service, department, assignee, team, waits, number in _cells():
        if waiting_only and not waits:
            continue
        mine = assignee == agent.id
        if everything or mine or team in teams or access.covers(agent, service, department):
            result.add(number, service, department, mine=mine, unassigned=assignee is None and team is None)
    return result


def _cells() -> list[_Cell]:
    global _kept
    if time.monotonic() - _kept[0] > COUNTS_SECONDS:
        columns = (Ticket.service, Ticket.department, Ticket.assignee, Ticket.team, Ticket.awaits_reply)
        query = Ticket.select(*columns, fn.COUNT(SQL("*"))).where(LIVE).group_by(*columns)
        _kept = (time.monotonic(), list(query.tuples()))
    return _kept[1]
