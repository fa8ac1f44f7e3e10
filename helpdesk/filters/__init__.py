"""Filters: conditions on a new ticket, and what is done to it at once (A21); what other rules share with them.
It may import tickets, snooze and what stands before them. When rules act: `helpdesk/rules`.
No rule of its own: an action calls the verb of `helpdesk/tickets`.
"""

from helpdesk.filters import rule_actions  # noqa: F401 — it registers its actions
from helpdesk.filters.actions import ACTIONS, COVERING, Action, TargetGone, choices, pool, target
from helpdesk.filters.author_sight import rests
from helpdesk.filters.beginnings import CLOCKS, FREQUENCY_LABELS, TRIGGERS
from helpdesk.filters.conditions import FIELDS, OPERATORS, UNITS, WITHOUT_VALUE, Condition, conditions_of
from helpdesk.filters.conflicts import conflict_of
from helpdesk.filters.dry_run import TRIED, as_it_stands, try_out, with_turns
from helpdesk.filters.running import actions_of, apply_filters, exist, resting, with_parts
from helpdesk.filters.saving import conditions_from, delete_filter, problems, problems_of_trial, save_filter, switch
from helpdesk.filters.sentences import broken, sentence

__all__ = [
    "ACTIONS",
    "CLOCKS",
    "COVERING",
    "FIELDS",
    "FREQUENCY_LABELS",
    "OPERATORS",
    "TRIED",
    "TRIGGERS",
    "UNITS",
    "WITHOUT_VALUE",
    "Action",
    "Condition",
    "TargetGone",
    "actions_of",
    "apply_filters",
    "as_it_stands",
    "broken",
    "choices",
    "conditions_from",
    "conditions_of",
    "conflict_of",
    "delete_filter",
    "exist",
    "pool",
    "problems",
    "problems_of_trial",
    "resting",
    "rests",
    "save_filter",
    "sentence",
    "switch",
    "target",
    "try_out",
    "with_parts",
    "with_turns",
]
