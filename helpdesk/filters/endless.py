"""Whether a rule of passed time could act on one ticket for ever: what it waits for must end by what it does (D5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from helpdesk.filters.actions import ACTIONS
from helpdesk.filters.ticket_fields import tag_key
from helpdesk.i18n import lazy
from helpdesk.lib import inputs
from helpdesk.settings import lookups
from models import CLOSED, OPEN, PENDING

#: Actions after which time of each kind no longer passes.
_ENDS = {
    "unanswered": {"reply", "close", "close_with", "snooze"},
    "waiting": {"close", "close_with", "snooze"},
    "assigned": {"close", "close_with", "snooze", "transfer", "assign_team"},
    "open": {"close", "close_with", "snooze"},
}
_HIDES = {"spam", "delete"}
#: The categories of a new status that end each kind of time.
_CATEGORIES = {
    "unanswered": {PENDING, CLOSED},
    "waiting": {OPEN, CLOSED},
    "assigned": {CLOSED},
    "open": {CLOSED},
}

TEXT = lazy(
    "Nothing this rule does ends what it waits for: it could act on the same ticket for ever. Let it act once per "
    "ticket, at most once a day if it does not write to the customer, or let one of its actions change what a "
    "condition looks at."
)


def could_run_for_ever(
    clock: str, mode: str, conditions: Sequence[Mapping[str, Any]], actions: Sequence[Mapping[str, Any]]
) -> bool:
    """Whether no action makes a condition false, or ends the time that the rule waits for."""
    if any(_ends(clock, row) for row in actions):
        return False
    ended = [any(_falsifies(action, condition) for action in actions) for condition in conditions]
    # Where one condition is enough, each of them must end.
    return not ended or not (all(ended) if mode == "any" else any(ended))


def writes_to_customer(actions: Sequence[Mapping[str, Any]]) -> bool:
    """Whether one of these actions would, done each day, write to the customer each day."""
    kinds = (ACTIONS.get(str(row.get("action"))) for row in actions)
    return any(kind is not None and kind.mails_customer for kind in kinds)


def _ends(clock: str, row: Mapping[str, Any]) -> bool:
    action = str(row.get("action"))
    if action == "set_status":
        status = lookups.status(_number(row.get("argument")))
        return status is not None and status.category in _CATEGORIES[clock]
    return action in _ENDS[clock] | _HIDES


def _falsifies(action: Mapping[str, Any], condition: Mapping[str, Any]) -> bool:
    kind = ACTIONS.get(str(action.get("action")))
    if kind is None or kind.changes != condition.get("field"):
        return False
    if kind.changes == "tag":
        same = tag_key(str(action.get("argument"))) == tag_key(str(condition.get("value")))
        removes = action.get("action") == "untag"
        return same and condition.get("operator") == ("is_one" if removes else "is_not_one")
    same = str(action.get("argument")) == str(condition.get("value"))
    return not same if condition.get("operator") == "is_one" else same and condition.get("operator") == "is_not_one"


def _number(argument: Any) -> int | None:
    return inputs.row_key(str(argument))
