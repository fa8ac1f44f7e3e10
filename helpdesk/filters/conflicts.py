"""Rules that undo each other's work: a later one of the same kind changes the same thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from helpdesk.filters.actions import ACTIONS
from helpdesk.filters.conditions import FIELDS
from helpdesk.filters.running import enabled
from models import Filter

#: What only one rule can have the last word on.
_SINGLE = ("status", "priority", "assignee", "team", "place")


@dataclass(frozen=True)
class Conflict:
    """A rule further down that changes the same: its name, and the element."""

    name: str
    element: Any


def conflict_of(rule: Filter) -> Conflict | None:
    """Return the first enabled rule further down, for the same occasion, that changes what this one changes."""
    mine = _changes(rule)
    for other in enabled(rule.beginning):
        is_later = (other.position, other.id) > (rule.position, rule.id)
        if is_later and (other.trigger, other.hours) == (rule.trigger, rule.hours):
            shared = next((key for key in _SINGLE if key in mine & _changes(other)), None)
            if shared is not None:
                return Conflict(other.name, FIELDS[shared].label)
    return None


def _changes(rule: Filter) -> set[str]:
    return {ACTIONS[row.action].changes for row in rule.actions if row.action in ACTIONS}
