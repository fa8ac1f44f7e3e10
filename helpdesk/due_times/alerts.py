"""When somebody hears of a due time: a while before it, and when it has passed; each once.

At night nobody does, unless the owner wants it: what comes while it is closed is told when it opens. What should have
been told a day ago is not told any more: after an absence, a jump of the clock or a new rule it would be a storm.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from helpdesk import clock, settings
from helpdesk.due_times.targets import History, Target, resolution
from helpdesk.opening_hours.arithmetic import Calendar, add_open_minutes, next_opening
from models import NO_DUE_TIME, Ticket

WARNING, OVERDUE = "warning", "overdue"
#: What is older is not told any more.
FRESH = timedelta(days=1)


class Alert(NamedTuple):
    """Something to tell of a target: that it is due soon, or overdue; `at` is when."""

    level: str
    target: Target
    at: datetime

    @property
    def key(self) -> str:
        """By what the ticket remembers that it was told."""
        return f"{self.target.name}:{self.target.start:%Y%m%d%H%M%S}:{self.level}"


def told_at(calendar: Calendar, moment: datetime) -> datetime | None:
    """Return when what happens at this moment is told: at the next opening, unless nights are no matter."""
    return moment if settings.get("due_alerts_at_night") else next_opening(calendar, moment)


def all_alerts(history: History, targets: Iterable[Target], calendar: Calendar) -> list[Alert]:
    """Return what is to be told of these targets, now or later, and whether it was or not: the earliest first."""
    share, rows = settings.get("due_warning_percent") / 100, []
    for target in targets:
        late = told_at(calendar, target.due) if target.due is not None else None
        if late is None:
            continue
        rows.append(Alert(OVERDUE, target, late))
        soon = _part_of(target, history, share, calendar) if share else None
        warned = told_at(calendar, soon) if soon is not None else None
        if warned is not None and warned < late:
            rows.append(Alert(WARNING, target, warned))
    return sorted(rows, key=lambda row: row.at)


def _part_of(target: Target, history: History, share: float, calendar: Calendar) -> datetime | None:
    """Return when this share of a target's time is over."""
    minutes = target.minutes * share
    if target.name == "resolution":
        return resolution(history.stretches, minutes, calendar)
    return add_open_minutes(calendar, target.start, minutes)


def waiting(ticket: Ticket, alerts: Iterable[Alert]) -> list[Alert]:
    """Return those that were not told yet, and are to be: not what is too old by now."""
    made, limit = ticket.alerts.split(), clock.now() - FRESH
    return [alert for alert in alerts if alert.key not in made and alert.at > limit]


def next_moment(alerts: list[Alert]) -> datetime:
    """Return when the first of these comes; `NO_DUE_TIME` for none."""
    return alerts[0].at if alerts else NO_DUE_TIME
