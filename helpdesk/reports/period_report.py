"""The report of a period: tickets opened, closed and open at its end, first responses, ratings; by month, service …

A ticket counts where it stands now. `helpdesk.lists.period_criteria` has the conditions, by which lists show the same
tickets; docs/reports.md says each number in a sentence.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, reduce
from itertools import chain
from operator import and_
from typing import Any
from zoneinfo import ZoneInfo

from peewee import SQL, Case, ModelSelect, fn

from database import database, is_sqlite
from helpdesk import access, settings
from helpdesk.lib.periods import Period
from helpdesk.lists import criteria, period_criteria
from helpdesk.reports import statistics
from helpdesk.settings import lookups
from models import Agent, Rating, Ticket, TicketTag

#: The tables beside that of months, each with the criterion of a list that one of its lines stands for.
CRITERION = {
    **{name: name for name in ("service", "department", "team")},
    "agent": "assignee",
    **{name: name for name in ("organisation", "tag")},
}
KINDS = ("month", *CRITERION)
#: Lines of a table on a page: those with most tickets.
MOST_LINES = 100
#: By what tickets are grouped in the database: where they stand, and their tags, of which each may have several.
_Groups = tuple[Any, ...]
_PLACE: _Groups = (Ticket.service, Ticket.department, Ticket.team, Ticket.assignee)
#: The sum keeps SQLite from reading every tag of every ticket in the order of their index.
_TAG: _Groups = (SQL("tag_id + 0"),)
_ORGANISATION: _Groups = (Ticket.organisation_id,)


@dataclass
class Line:
    """The figures of a month, a service, an agent …: `key` is the row’s id, or the place of the month."""

    key: int
    name: str = ""
    opened: int = 0
    closed: int = 0
    open: int = 0
    good: int = 0
    bad: int = 0
    #: Seconds to the first response, in some lists.
    responses: list[list[int]] = field(default_factory=list)

    @cached_property
    def seconds(self) -> list[int]:
        """The seconds to the first response of each ticket that has one, in order."""
        return sorted(chain.from_iterable(self.responses))

    @property
    def responded(self) -> int:
        """The number of tickets with a first response."""
        return len(self.seconds)

    @property
    def median(self) -> float | None:
        """The seconds that half of the first responses took at most; None without any."""
        return statistics.percentile(self.seconds, 0.5) if self.seconds else None

    def within(self, hours: int) -> int:
        """Return how many first responses took so many hours at most."""
        return bisect_right(self.seconds, hours * 3_600)

    @property
    def ratings(self) -> int:
        """The number of ratings."""
        return self.good + self.bad

    @property
    def is_empty(self) -> bool:
        """Whether nothing counts in it."""
        return not (self.opened or self.closed or self.open or self.ratings)


@dataclass(frozen=True)
class Report:
    """The figures of a period: the `whole`, and the lines of each table in their order."""

    period: Period
    whole: Line
    tables: dict[str, list[Line]]

    @property
    def open_before(self) -> int:
        """The number of tickets open when the period began."""
        return self.whole.open - self.whole.opened + self.whole.closed

    @property
    def has_ratings(self) -> bool:
        """Whether satisfaction is worth a column: the desk asks, or it did."""
        return bool(self.whole.ratings) or bool(settings.get("ask_satisfaction"))


def desk_zone() -> ZoneInfo:
    """Return the time zone of the desk, whose days every reader of a report and of the lists behind it has."""
    return ZoneInfo(settings.get("timezone"))


def year(number: int, today: date, zone: ZoneInfo) -> Period:
    """Return a calendar year, the present one up to today."""
    return Period(date(number, 1, 1), min(date(number, 12, 31), today), zone)


def measure(agent: Agent, period: Period) -> Report:
    """Return the report of a period within the agent’s sight. At most 366 days: each month is a condition."""
    whole, tables = Line(0), {kind: dict[int, Line]() for kind in KINDS}
    tables["month"] = {place: Line(place) for place in range(len(period.months))}

    def lines(place: Sequence[int | None], month: int | None = None) -> Iterator[Line]:
        yield whole
        keys = dict(zip(("service", "department", "team", "agent"), place, strict=True)) | {"month": month}
        for kind, key in keys.items():
            if key is not None:
                yield tables[kind].setdefault(key, Line(key))

    months = list(enumerate(period.months))
    for month, *place, number, seconds in _rows(_opened(agent, part, _PLACE, month) for month, part in months):
        _add_opened(lines(place, month), number, seconds)
    for month, *place, number in _rows(_closed(agent, part, _PLACE, month) for month, part in months):
        _add(lines(place, month), closed=number)
    for _month, *place, number in _rows([_open(agent, period, _PLACE)]):
        _add(lines(place), open=number)
    for month, *place, good, bad in _rows(_rated(agent, part, _PLACE, month) for month, part in months):
        _add(lines(place, month), good=good, bad=bad)
    _add_groups(agent, period, _TAG, tables["tag"], has_ratings=whole.ratings > 0)
    if lookups.organisations():
        _add_groups(agent, period, _ORGANISATION, tables["organisation"], has_ratings=whole.ratings > 0)
    _balance(list(tables["month"].values()), whole.open)
    return Report(period, whole, {kind: _in_order(kind, rows.values()) for kind, rows in tables.items()})


def _add_groups(agent: Agent, period: Period, groups: _Groups, rows: dict[int, Line], *, has_ratings: bool) -> None:
    def line(key: int) -> list[Line]:
        return [rows.setdefault(key, Line(key))]

    for _month, key, opened, seconds, closed, still_open in _rows([_counted(agent, period, groups)]):
        _add_opened(line(key), opened, seconds)
        _add(line(key), closed=closed, open=still_open)
    for _month, key, good, bad in _rows([_rated(agent, period, groups)] if has_ratings else []):
        _add(line(key), good=good, bad=bad)


def _rows(parts: Iterable[ModelSelect]) -> list[Any]:
    """Run one statement of these parts: the months of a year are pieces of an index, grouped faster than the whole."""
    queries = list(parts)
    return list(database.execute(reduce(ModelSelect.union_all, queries)).fetchall()) if queries else []


def _opened(agent: Agent, period: Period, groups: _Groups, month: int = 0) -> ModelSelect:
    """Return a query of groups of tickets opened: their number, and the seconds to their first responses."""
    query = _grouped(agent, groups, month, fn.COUNT(SQL("*")), _joined_seconds())
    return query.where(*period_criteria.opened(period.start, period.end))


def _joined_seconds() -> Any:
    """Return the seconds to first responses as one text: a row for each would take longer to read."""
    seconds = Ticket.first_response
    return fn.GROUP_CONCAT(seconds) if is_sqlite() else fn.STRING_AGG(seconds.cast("text"), ",")


def _counted(agent: Agent, period: Period, groups: _Groups) -> ModelSelect:
    """Return a query of groups with all that is counted of them but ratings: what joins to tickets is read once."""
    opened, closed, still_open = (
        reduce(and_, conditions)
        for conditions in (
            period_criteria.opened(period.start, period.end),
            period_criteria.closed(period.start, period.end),
            period_criteria.open_at(period.end),
        )
    )
    number = fn.COUNT(SQL("*"))
    columns = number.filter(opened), _joined_seconds().filter(opened), number.filter(closed), number.filter(still_open)
    query = _grouped(agent, groups, 0, *columns)
    # Whatever counts was opened before the end.
    return query.where(period_criteria.COUNTED, Ticket.created_at < period.end)


def _closed(agent: Agent, period: Period, groups: _Groups, month: int = 0) -> ModelSelect:
    query = _grouped(agent, groups, month, fn.COUNT(SQL("*")))
    return query.where(*period_criteria.closed(period.start, period.end))


def _open(agent: Agent, period: Period, groups: _Groups) -> ModelSelect:
    return _grouped(agent, groups, 0, fn.COUNT(SQL("*"))).where(*period_criteria.open_at(period.end))


def _rated(agent: Agent, period: Period, groups: _Groups, month: int = 0) -> ModelSelect:
    """Return a query of groups of tickets rated: how many ratings were good, and how many bad."""
    sums = [
        fn.SUM(Case(None, ((Rating.score == score, 1),), 0)) for score in (period_criteria.GOOD, period_criteria.BAD)
    ]
    query = _grouped(agent, groups, month, *sums).join(Rating, on=(Rating.ticket == Ticket.id))
    return query.where(period_criteria.COUNTED, Rating.rated_at >= period.start, Rating.rated_at < period.end)


def _grouped(agent: Agent, groups: _Groups, month: int, *columns: Any) -> ModelSelect:
    """Return a query of the tickets within the agent’s sight: the place of the month, their groups, these columns."""
    tickets = access.within(access.sight_of(agent), agent.id, by_place=False)
    query = tickets.select(SQL(str(month)), *groups, *columns).group_by(*groups)
    if groups is _ORGANISATION:
        return query.where(Ticket.organisation_id.is_null(False))
    return query.join(TicketTag, on=(TicketTag.ticket == Ticket.id)).switch(Ticket) if groups is _TAG else query


def _add_opened(lines: Iterable[Line], number: int, seconds: str | None) -> None:
    waits = sorted(map(int, seconds.split(","))) if seconds else []
    for line in lines:
        line.opened += number
        line.responses.append(waits)


def _add(lines: Iterable[Line], **numbers: int) -> None:
    for line in lines:
        for name, number in numbers.items():
            setattr(line, name, getattr(line, name) + number)


def _balance(months: list[Line], open_at_end: int) -> None:
    """Count what was open at the end of each month, backwards from what was at the end of the last one."""
    for line in reversed(months):
        line.open = open_at_end
        open_at_end += line.closed - line.opened


def _in_order(kind: str, lines: Iterable[Line]) -> list[Line]:
    """Return the months as they follow each other, else the lines that have a name, those with most tickets first."""
    if kind == "month":
        return list(lines)
    rows = []
    for line in lines:
        line.name = criteria.name_of(CRITERION[kind], str(line.key))
        if line.name and not line.is_empty:
            rows.append(line)
    return sorted(rows, key=lambda line: (-line.opened - line.closed - line.open, line.name))
