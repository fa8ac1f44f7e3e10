"""The figures of due times: tickets whose replies and end came in time, and those that came late, in a period.

Of a ticket that was replied to several times, one late reply makes it late. `helpdesk.lists.period_criteria` has the
conditions, by which lists show the same tickets.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from peewee import SQL, Case, ModelSelect, fn

from database import database
from helpdesk import access
from helpdesk.due_times import rules
from helpdesk.lib.periods import Period
from helpdesk.lists import criteria, period_criteria
from models import Agent, DueOutcome, Ticket

#: The tables beside that of months, each with the criterion of a list that one of its lines stands for.
CRITERION = {
    "service": "service",
    "department": "department",
    "priority": "priority",
    "team": "team",
    "agent": "assignee",
}
KINDS = ("month", *CRITERION)
_PLACE = (Ticket.service, Ticket.department, Ticket.priority, Ticket.team, Ticket.assignee)


@dataclass
class DueLine:
    """The figures of a month, a service, an agent …: tickets in time and late, by target."""

    key: int
    name: str = ""
    met: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)

    def judged(self, target: str) -> int:
        """Return how many tickets were judged."""
        return self.met[target] + self.missed[target]

    @property
    def total(self) -> int:
        """How much was judged in all."""
        return self.met.total() + self.missed.total()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was judged."""
        return not self.total

    def add(self, target: str, missed: int, number: int) -> None:
        """Count these tickets."""
        self.missed[target] += missed
        self.met[target] += number - missed


@dataclass(frozen=True)
class DueReport:
    """The figures of a period: the `whole`, and the lines of each table in their order."""

    period: Period
    whole: DueLine
    tables: dict[str, list[DueLine]]


def measure(agent: Agent, period: Period) -> DueReport:
    """Return the figures of a period within the agent’s sight. At most 366 days: each month is a condition."""
    whole, tables = DueLine(0), {kind: dict[int, DueLine]() for kind in KINDS}
    tables["month"] = {place: DueLine(place) for place in range(len(period.months))}
    for _month, *keys, target, missed, number in _rows([_judged(agent, period, _PLACE, 0)]):
        whole.add(target, missed, number)
        for kind, key in zip(CRITERION, keys, strict=True):
            if key is not None:
                tables[kind].setdefault(key, DueLine(key)).add(target, missed, number)
    # A ticket may be replied to in several months: it counts in each of them.
    months = [_judged(agent, part, (), place) for place, part in enumerate(period.months)]
    for place, target, missed, number in _rows(months):
        tables["month"][place].add(target, missed, number)
    return DueReport(period, whole, {kind: _in_order(kind, list(rows.values())) for kind, rows in tables.items()})


def _rows(parts: list[ModelSelect]) -> list[Any]:
    return list(database.execute(reduce(ModelSelect.union_all, parts)).fetchall())


def _judged(agent: Agent, period: Period, groups: tuple[Any, ...], month: int) -> ModelSelect:
    """Return a query of groups of tickets: the place of the month, groups, target, how many were late, how many."""
    late = fn.MAX(Case(None, ((DueOutcome.is_met, 0),), 1))
    inner = DueOutcome.select(DueOutcome.ticket, DueOutcome.target, late.alias("late")).where(
        DueOutcome.target.in_(list(rules.TARGETS)),
        DueOutcome.ended_at >= period.start,
        DueOutcome.ended_at < period.end,
    )
    each = inner.group_by(DueOutcome.ticket, DueOutcome.target).alias("each")
    tickets = access.within(access.sight_of(agent), agent.id, by_place=False)
    columns = (each.c.target, fn.SUM(each.c.late), fn.COUNT(SQL("*")))
    query = tickets.select(SQL(str(month)), *groups, *columns).join(each, on=(each.c.ticket_id == Ticket.id))
    return query.where(period_criteria.COUNTED).group_by(*groups, each.c.target)


def _in_order(kind: str, lines: list[DueLine]) -> list[DueLine]:
    """Return the months as they follow each other, else the lines that have a name, those with most first."""
    if kind == "month":
        return lines
    for line in lines:
        line.name = criteria.name_of(CRITERION[kind], str(line.key))
    return sorted((line for line in lines if line.name), key=lambda line: (-line.total, line.name))
