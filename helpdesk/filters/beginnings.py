"""How rules begin: with what happens to a ticket, or with time that has passed since something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from helpdesk.events import EventKind
from helpdesk.i18n import lazy
from models import DAILY, EACH_TIME, ONCE


@dataclass(frozen=True)
class Trigger:
    """Something that happens to a ticket: a line of one of these `kinds` that (if it names one) changes this column."""

    label: Any
    kinds: frozenset[EventKind]
    column: str = ""


def _trigger(label: Any, *kinds: EventKind, column: str = "") -> Trigger:
    return Trigger(label, frozenset(kinds), column)


_ASSIGNING = (EventKind.ASSIGNED, EventKind.TAKEN, EventKind.TRANSFERRED, EventKind.UNASSIGNED, EventKind.REPLIED)
TRIGGERS: dict[str, Trigger] = {
    "customer_wrote": _trigger(lazy("the customer writes"), EventKind.CUSTOMER_WROTE),
    "replied": _trigger(lazy("a reply leaves"), EventKind.REPLIED, EventKind.SENT_ELSEWHERE),
    "status": _trigger(
        lazy("the status changes"),
        *(EventKind.STATUS, EventKind.CLOSED, EventKind.CLOSED_BY_CUSTOMER, EventKind.REOPENED),
        *(EventKind.REPLIED, EventKind.SENT_ELSEWHERE, EventKind.CUSTOMER_WROTE, EventKind.NOT_RESOLVED),
        column="status",
    ),
    "priority": _trigger(
        lazy("the priority changes"),
        *(EventKind.PRIORITY, EventKind.IMPORTANT, EventKind.NOT_IMPORTANT),
        column="priority",
    ),
    "assignee": _trigger(lazy("the assigned agent changes"), *_ASSIGNING, column="assignee"),
    "team": _trigger(lazy("the assigned team changes"), *_ASSIGNING, column="team"),
    "tags": _trigger(lazy("a tag is added or removed"), EventKind.TAGGED, EventKind.UNTAGGED),
    "rated": _trigger(lazy("the customer rates the ticket"), EventKind.RATED_GOOD, EventKind.RATED_BAD),
    "moved": _trigger(lazy("the ticket is moved"), EventKind.MOVED),
}

#: Since what time passes: the state that a ticket is in.
CLOCKS: dict[str, Any] = {
    "unanswered": lazy("without reply"),
    "waiting": lazy("waiting for its customer"),
    "assigned": lazy("assigned"),
    "open": lazy("open"),
}
#: Hours of the longest time that a rule waits for: a year.
LONGEST = 366 * 24

#: How often a rule acts on one ticket.
FREQUENCY_LABELS: dict[str, Any] = {
    ONCE: lazy("once per ticket"),
    EACH_TIME: lazy("each time"),
    DAILY: lazy("at most once a day"),
}
