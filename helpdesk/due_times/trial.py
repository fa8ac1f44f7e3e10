"""Trying the due times: when a ticket would be due that arrives then, by which rule, and which hours count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from helpdesk.due_times import keeping, rules
from helpdesk.due_times.targets import History, Target, targets
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.opening_hours import saving
from helpdesk.opening_hours.arithmetic import Calendar, add_open_minutes, open_spans
from models import Department, DueTime, Priority, Service, Ticket


@dataclass(frozen=True)
class Trial:
    """What would be due of a ticket: the earliest first, by a rule (None: no rule fits) and a calendar."""

    arrival: datetime
    rule: DueTime | None
    calendar: Calendar
    targets: list[Target]

    @property
    def spans(self) -> list[tuple[datetime, datetime]]:
        """The open time that counts until the first of them is due."""
        due = self.targets[0].due if self.targets else None
        return open_spans(self.calendar, self.arrival, due) if due is not None else []


def of(service: Service, department: Department | None, priority: Priority, arrival: datetime) -> Trial:
    """Return when a ticket of this place and priority would be due that arrives at this moment.

    The next reply counts as if a message arrived then in a ticket that was answered before. Raises InvalidInput at
    ``day`` for a moment of other centuries.
    """
    if not saving.FIRST_YEAR <= arrival.year <= saving.LAST_YEAR:
        years = {"first": saving.FIRST_YEAR, "last": saving.LAST_YEAR}
        raise InvalidInput(lazy("Write a day from %(first)d to %(last)d.", **years), field="day")
    ticket = Ticket(service=service, department=department, priority=priority)
    rule, calendar = rules.rule_for(ticket), keeping.calendar_of(ticket)
    found = targets(History.of(arrival, []), rule, calendar) if rule is not None else []
    if rule is not None and rule.next_reply:
        due = add_open_minutes(calendar, arrival, rule.next_reply)
        found.append(Target("next_reply", arrival, rule.next_reply, due))
    return Trial(arrival, rule, calendar, found)
