"""Figures of the desk, within an agent's sight. Nothing here writes.

The database counts tickets by quarter of an hour, to which every time zone is aligned, so that days and hours are the
reader's. Times are measured on the newest tickets of a period. Both are bounded, and the result says when it was cut.
Spam and the bin do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peewee import SQL, ModelSelect, NodeList, Select, fn

from database import database, is_sqlite
from helpdesk import access, clock
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib.periods import Period
from helpdesk.lists.period_criteria import COUNTED
from helpdesk.lists.rows import Row, rows_of
from helpdesk.settings import lookups
from models import LIVE, Agent, Ticket, TicketTag

MOST_DAYS = 366
#: Tickets counted in a period, tickets whose times are measured, and lines of a table: the newest, or the largest.
MOST_COUNTED = 100_000
MOST_MEASURED = 5_000
MOST_ROWS = 20
WAITS = 6
#: A wait of this length is late.
LATE = timedelta(days=2)
QUARTER = 15 * 60


def last_days(count: int, zone: ZoneInfo) -> Period:
    """Return the period of the last `count` days, today included."""
    today = clock.today(zone)
    return Period(today - timedelta(days=count - 1), today, zone)


def between(first: date, last: date | None, zone: ZoneInfo) -> Period:
    """Return the period from `first` to `last` (today at most). Raises InvalidInput at ``since`` or ``until``."""
    today = clock.today(zone)
    last = min(last or today, today)
    if first > today:
        raise InvalidInput(lazy("This day is yet to come."), field="since")
    if first > last:
        raise InvalidInput(lazy("The last day is before the first one."), field="until")
    if (last - first).days >= MOST_DAYS:
        raise InvalidInput(lazy("Choose at most 366 days."), field="since")
    return Period(first, last, zone)


@dataclass(frozen=True)
class Spread:
    """The distribution of `count` durations in seconds: half of them are at most `median`, nine in ten `ninth`."""

    count: int = 0
    median: float | None = None
    ninth: float | None = None


def spread(lengths: Iterable[float]) -> Spread:
    """Return the distribution of these durations in seconds."""
    values = sorted(lengths)
    return Spread(len(values), percentile(values, 0.5), percentile(values, 0.9)) if values else Spread()


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the sorted values lies, interpolated between two neighbours."""
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (place - below)


@dataclass(frozen=True)
class Wait:
    """A ticket that waits for a reply, and since when."""

    row: Row
    since: datetime

    @property
    def seconds(self) -> float:
        """How long it has waited, in seconds."""
        return (clock.now() - self.since).total_seconds()

    @property
    def is_late(self) -> bool:
        """Whether it has waited for `LATE` or longer."""
        return self.seconds >= LATE.total_seconds()


def longest_waits(agent: Agent) -> list[Wait]:
    """Return the open tickets that have waited longest for a reply, the longest wait first."""
    query = access.visible_tickets(agent).select(Ticket.id, Ticket.waiting_since)
    query = query.where(LIVE, SQL("awaits_reply")).order_by(Ticket.waiting_since, Ticket.id).limit(WAITS)
    since = dict(query.tuples())
    return [Wait(row, since[row.id]) for row in rows_of(list(since), agent)]


@dataclass
class Flow:
    """Tickets opened and closed, by day; opened ones by weekday (0: Monday) and hour too."""

    opened: dict[date, int] = field(default_factory=dict)
    closed: dict[date, int] = field(default_factory=dict)
    hours: dict[tuple[int, int], int] = field(default_factory=dict)
    is_cut: bool = False

    @property
    def totals(self) -> tuple[int, int]:
        """The numbers of tickets opened and closed in the period."""
        return sum(self.opened.values()), sum(self.closed.values())


def flow(agent: Agent, period: Period) -> Flow:
    """Count the tickets opened and closed in the period, within the agent's sight."""
    result = Flow()
    for moment, count in _by_quarter(agent, period, Ticket.created_at):
        _add(result.opened, moment.date(), count)
        _add(result.hours, (moment.weekday(), moment.hour), count)
    for moment, count in _by_quarter(agent, period, Ticket.closed_at):
        _add(result.closed, moment.date(), count)
    result.is_cut = MOST_COUNTED in result.totals
    return result


def _add(counts: dict[Any, int], key: Any, number: int) -> None:
    counts[key] = counts.get(key, 0) + number


def _by_quarter(agent: Agent, period: Period, column: Any) -> list[tuple[datetime, int]]:
    few = _within(agent, period, column, (_epoch(column) / QUARTER).alias("quarter")).limit(MOST_COUNTED).alias("few")
    counted = Select([few], [few.c.quarter, fn.COUNT(SQL("*"))]).group_by(few.c.quarter)
    return [(datetime.fromtimestamp(quarter * QUARTER, period.zone), count) for quarter, count in _rows(counted)]


def _within(agent: Agent, period: Period, time: Any, *columns: Any) -> ModelSelect:
    query = access.visible_tickets(agent).select(*columns)
    return query.where(COUNTED, time >= period.start, time < period.end).order_by(time.desc())


def _rows(query: Any) -> list[Any]:
    """Return rows of whole numbers as the database returns them: converting each value would take most of the time."""
    return list(database.execute(query).fetchall())


def _epoch(moment: Any) -> Any:
    """Return the column of a stored time as seconds since 1970: whole numbers are much faster to read than times."""
    if is_sqlite():
        return fn.STRFTIME("%s", moment).cast("BIGINT")
    return fn.FLOOR(fn.EXTRACT(NodeList((SQL("EPOCH FROM"), moment)))).cast("BIGINT")


@dataclass(frozen=True)
class Times:
    """The times to first response and to resolution of the tickets of one name (a service, a team …)."""

    #: The id of what has this name.
    key: int = 0
    name: str = ""
    first: Spread = Spread()
    resolution: Spread = Spread()


@dataclass(frozen=True)
class Measures:
    """The times of all tickets, and in tables by service, team …; `is_cut`: only the newest were measured.

    `has_more` names the tables with more rows than are shown.
    """

    all: Times
    tables: dict[str, list[Times]]
    is_cut: bool
    has_more: frozenset[str]


#: A measured ticket: id, service, department, team, assignee, seconds.
_Sample = tuple[int, int, int | None, int | None, int | None, float | None]


def measure(agent: Agent, period: Period) -> Measures:
    """Measure first responses to tickets opened in the period and the resolution of those closed in it."""
    first = _sample(agent, period, Ticket.created_at, Ticket.first_response)
    closed = _sample(agent, period, Ticket.closed_at, _epoch(Ticket.closed_at) - _epoch(Ticket.created_at))
    tags = _tags({row[0] for row in first + closed})
    tables, more = {}, set()
    for kind, (keys, name) in _KINDS.items():
        grouped = [_grouped(rows, keys, tags) for rows in (first, closed)]
        rows = _table(grouped[0], grouped[1], name)
        tables[kind] = rows[:MOST_ROWS]
        if len(rows) > MOST_ROWS:
            more.add(kind)
    whole = Times(first=spread(_lengths(first)), resolution=spread(_lengths(closed)))
    return Measures(whole, tables, MOST_MEASURED in (len(first), len(closed)), frozenset(more))


def _sample(agent: Agent, period: Period, column: Any, seconds: Any) -> list[_Sample]:
    columns = (Ticket.id, Ticket.service, Ticket.department, Ticket.team, Ticket.assignee)
    query = _within(agent, period, column, *columns, seconds).limit(MOST_MEASURED)
    return [(*row[:5], max(0, row[5]) if row[5] is not None else None) for row in _rows(query)]


def _tags(ticket_ids: set[int]) -> dict[int, list[int]]:
    tags: dict[int, list[int]] = {}
    if ticket_ids:
        query = TicketTag.select(TicketTag.ticket, TicketTag.tag).where(TicketTag.ticket.in_(sorted(ticket_ids)))
        for ticket_id, tag_id in _rows(query):
            tags.setdefault(ticket_id, []).append(tag_id)
    return tags


def _lengths(rows: Iterable[_Sample]) -> list[float]:
    return [row[5] for row in rows if row[5] is not None]


_Keys = Callable[[_Sample, dict[int, list[int]]], Iterable[int | None]]


def _grouped(rows: list[_Sample], keys: _Keys, tags: dict[int, list[int]]) -> dict[int, list[float]]:
    lengths: dict[int, list[float]] = {}
    for row in rows:
        for key in keys(row, tags):
            if key is not None and row[5] is not None:
                lengths.setdefault(key, []).append(row[5])
    return lengths


def _table(first: dict[int, list[float]], closed: dict[int, list[float]], name: Callable[[int], str]) -> list[Times]:
    rows = [Times(key, name(key), spread(first.get(key, ())), spread(closed.get(key, ()))) for key in first | closed]
    return sorted(
        (row for row in rows if row.name), key=lambda row: (-row.first.count - row.resolution.count, row.name)
    )


def _department_name(key: int) -> str:
    department = lookups.department(key)
    return f"{lookups.service(department.service_id)}, {department.name}" if department is not None else ""


def _namer(find: Callable[[int | None], Any]) -> Callable[[int], str]:
    return lambda key: str(find(key) or "")


#: The tables: the keys of a ticket in it, and the name of a key.
_KINDS: dict[str, tuple[_Keys, Callable[[int], str]]] = {
    "service": (lambda row, tags: (row[1],), _namer(lookups.service)),
    "department": (lambda row, tags: (row[2],), _department_name),
    "team": (lambda row, tags: (row[3],), _namer(lookups.team)),
    "agent": (lambda row, tags: (row[4],), _namer(lookups.agent)),
    "tag": (lambda row, tags: tags.get(row[0], ()), _namer(lookups.tag)),
}
