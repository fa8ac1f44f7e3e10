"""What is due in a ticket, worked out from its history: a pure function of events, a rule and a calendar.

A reply of a person meets a target; what a program answers, a note or a status never does. The first reply counts from
the arrival, the next one from the oldest message that nobody has answered. The resolution counts while the ticket is
open: not while it is pending, closed or asleep. Where nobody waits for an answer, nothing is due.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import NamedTuple

from helpdesk.events import EventKind
from helpdesk.opening_hours.arithmetic import Calendar, add_open_minutes, open_time_between
from models import CLOSED, OPEN, DueTime

#: What ends a ticket's sleep; a status that closes it does, too.
WAKING = frozenset({EventKind.WOKEN, EventKind.SPAM, EventKind.DELETED, EventKind.MERGED})


class Step(NamedTuple):
    """A line of a ticket's history, as far as due times depend on it."""

    kind: EventKind
    at: datetime
    #: Whether a person of the team did it.
    by_person: bool
    #: The category of the status it set; empty where it set none.
    category: str = ""
    #: Whether the ticket sleeps from then on; None where the step does not touch that.
    asleep: bool | None = None


class Pause(NamedTuple):
    """When the resolution did not count; without an end, it still does not."""

    start: datetime
    end: datetime | None


@dataclass(frozen=True)
class Target:
    """One thing that is due: which, since when it counts, how many open minutes are allowed, and when they are over."""

    name: str
    start: datetime
    minutes: int
    due: datetime | None
    pauses: tuple[Pause, ...] = ()


class Ending(NamedTuple):
    """When one thing that was due was met, or given up: a ticket that is closed without an answer gives one up."""

    name: str
    start: datetime
    at: datetime
    is_met: bool


@dataclass
class History:
    """How a ticket stands after some steps."""

    opened: datetime
    #: The oldest message of the customer that no person has answered.
    unanswered: datetime | None = None
    was_answered: bool = False
    #: When the resolution counted, the last stretch without an end while it does.
    stretches: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    _answers: list[Ending] = field(default_factory=list)
    #: What the closing ended, while the ticket is closed.
    _closing: list[Ending] = field(default_factory=list)
    _category: str = OPEN
    _asleep: bool = False

    @classmethod
    def of(cls, opened: datetime, steps: Iterable[Step]) -> History:
        """Return how a ticket stands that was opened then, after these steps."""
        history = cls(opened, unanswered=opened, stretches=[(opened, None)])
        for step in steps:
            history.take(step)
        return history

    def take(self, step: Step) -> None:
        """Take one step."""
        # What another ticket began with is a message like others once the two are merged.
        if step.kind in {EventKind.CUSTOMER_WROTE, EventKind.NOT_RESOLVED, EventKind.OPENED}:
            self.unanswered = self.unanswered or step.at
        elif step.by_person and step.kind in {EventKind.REPLIED, EventKind.SENT_ELSEWHERE}:
            if self.unanswered is not None:
                self._answers.append(self._end_of_wait(step.at, is_met=True))
            self.unanswered, self.was_answered = None, True
        if step.asleep is not None:
            self._asleep = step.asleep
        elif step.kind is EventKind.SNOOZED:
            self._asleep = True
        elif step.kind in WAKING or step.category == CLOSED:
            self._asleep = False
        if step.category == CLOSED != self._category:
            self._closing = self._end_all(step) if step.by_person else []
        elif step.category not in ("", CLOSED):
            self._closing = []
        self._category = step.category or self._category
        self._count(step.at, self._category == OPEN and not self._asleep)

    def _end_of_wait(self, at: datetime, *, is_met: bool) -> Ending:
        if self.was_answered and self.unanswered is not None:
            return Ending("next_reply", self.unanswered, at, is_met)
        return Ending("first_reply", self.opened, at, is_met)

    def _end_all(self, step: Step) -> list[Ending]:
        ended = [Ending("resolution", self.opened, step.at, is_met=True)]
        return ended if self.unanswered is None else [*ended, self._end_of_wait(step.at, is_met=False)]

    @property
    def endings(self) -> list[Ending]:
        """What was due and is over. What a program closed is not judged."""
        return [*self._answers, *self._closing]

    def _count(self, at: datetime, counts: bool) -> None:
        start, end = self.stretches[-1]
        if counts and end is not None:
            self.stretches.append((at, None))
        elif not counts and end is None:
            self.stretches[-1] = (start, at)

    @property
    def pauses(self) -> tuple[Pause, ...]:
        """When the resolution did not count."""
        starts = [start for start, _end in self.stretches[1:]]
        ends = [end for _start, end in self.stretches if end is not None]
        return tuple(Pause(*pair) for pair in zip_longest(ends, starts))


def targets(history: History, rule: DueTime, calendar: Calendar) -> list[Target]:
    """Return what is due by a rule, the earliest first; nothing while nobody waits for an answer."""
    if history.unanswered is None:
        return []
    rows = []
    if not history.was_answered and rule.first_reply:
        due = add_open_minutes(calendar, history.opened, rule.first_reply)
        rows.append(Target("first_reply", history.opened, rule.first_reply, due))
    if history.was_answered and rule.next_reply:
        due = add_open_minutes(calendar, history.unanswered, rule.next_reply)
        rows.append(Target("next_reply", history.unanswered, rule.next_reply, due))
    if rule.resolution:
        due = resolution(history.stretches, rule.resolution, calendar)
        rows.append(Target("resolution", history.opened, rule.resolution, due, history.pauses))
    return sorted(rows, key=lambda row: row.due or datetime.max)


def resolution(
    stretches: Iterable[tuple[datetime, datetime | None]], minutes: float, calendar: Calendar
) -> datetime | None:
    """Return when so many open minutes are over; None while it rests before that."""
    missing = timedelta(minutes=minutes)
    for start, end in stretches:
        if end is None:
            return add_open_minutes(calendar, start, missing / timedelta(minutes=1))
        passed = open_time_between(calendar, start, end)
        if passed >= missing:
            return add_open_minutes(calendar, start, missing / timedelta(minutes=1))
        missing -= passed
    return None
