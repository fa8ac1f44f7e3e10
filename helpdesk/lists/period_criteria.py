"""Which tickets a figure of a period counts. The figure and the list behind it ask by the same conditions.

Spam and the bin never count. Values may be slots of a prepared statement.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from peewee import SQL

from helpdesk.due_times import rules
from models import DueOutcome, Rating, Ticket

#: The condition of the tickets that count, as written in the partial indexes.
COUNTED = SQL("NOT is_spam AND NOT in_bin")
#: Hours within which first responses are counted; what other help desks report, too.
HOURS = (1, 8, 24)
#: Seconds that no first response takes longer than.
EVER = 2**62
GOOD, BAD = "good", "bad"


class Criterion(NamedTuple):
    """What a list may ask of a period: the conditions for its values, how many, and the time by which it is ordered."""

    conditions: Callable[..., list[Any]]
    values: int = 2
    moment: Any = None


def opened(start: Any, end: Any) -> list[Any]:
    """Return the conditions of the tickets opened in a period."""
    return [COUNTED, Ticket.created_at >= start, Ticket.created_at < end]


def closed(start: Any, end: Any) -> list[Any]:
    """Return the conditions of the tickets closed in a period, and not reopened since."""
    return [COUNTED, Ticket.closed_at >= start, Ticket.closed_at < end]


def open_at(moment: Any) -> list[Any]:
    """Return the conditions of the tickets opened before a moment, and not closed by then."""
    return [COUNTED, Ticket.created_at < moment, Ticket.closed_at.is_null() | (Ticket.closed_at >= moment)]


def responded(seconds: Any) -> list[Any]:
    """Return the conditions of the tickets whose first response took so long at most."""
    return [COUNTED, Ticket.first_response <= seconds]


def rated(start: Any, end: Any, *scores: str) -> list[Any]:
    """Return the conditions of the tickets whose customers rated them in a period, with these scores or any."""
    ratings = Rating.select(Rating.ticket).where(Rating.rated_at >= start, Rating.rated_at < end)
    return [COUNTED, Ticket.id.in_(ratings.where(Rating.score.in_(scores)) if scores else ratings)]


def judged(target: str, start: Any, end: Any, *, is_met: bool) -> list[Any]:
    """Return the conditions of the tickets in which this was in time in a period, or not: one late reply makes late."""
    ended = DueOutcome.select(DueOutcome.ticket).where(
        DueOutcome.target == target, DueOutcome.ended_at >= start, DueOutcome.ended_at < end
    )
    late = ended.where(~DueOutcome.is_met)
    if not is_met:
        return [COUNTED, Ticket.id.in_(late)]
    return [COUNTED, Ticket.id.in_(ended), Ticket.id.not_in(late)]


#: The criteria by the word of an address.
CRITERIA: dict[str, Criterion] = {
    "opened": Criterion(opened, moment=Ticket.created_at),
    "closed": Criterion(closed, moment=Ticket.closed_at),
    "open_on": Criterion(open_at, 1, Ticket.created_at),
    "first_response": Criterion(responded, 1),
    "rated": Criterion(rated),
    "satisfied": Criterion(lambda start, end: rated(start, end, GOOD)),
    "unsatisfied": Criterion(lambda start, end: rated(start, end, BAD)),
    **{
        f"{target}_{word}": Criterion(partial(judged, target, is_met=is_met))
        for target in rules.TARGETS
        for word, is_met in (("met", True), ("missed", False))
    },
}
#: Those that are about a period, or (`open_on`) the day at whose end a ticket was open.
OF_PERIODS = tuple(name for name in CRITERIA if name != "first_response")


def slots_of(name: str) -> list[str]:
    """Return the names of the values of a criterion."""
    return [f"{name}{place}" for place in range(CRITERIA[name].values)]


def moment_of(names: tuple[str, ...]) -> Any:
    """Return the time by which a list of these criteria is ordered: that of an index which holds nothing else."""
    moments = (CRITERIA[name].moment for name in names if name in CRITERIA)
    return next((moment for moment in moments if moment is not None), None)
