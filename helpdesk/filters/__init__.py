"""Filters: conditions on a new ticket, and what is done to it at once (A21). One file per side of them.
It may import tickets and what stands before them.
No rule of its own: an action calls the verb of `helpdesk/tickets`.
"""

from helpdesk.filters.actions import ACTIONS, TargetGone, choices, target
from helpdesk.filters.author_sight import rests
from helpdesk.filters.conditions import FIELDS, OPERATORS, Condition, conditions_of
from helpdesk.filters.dry_run import TRIED, try_out
from helpdesk.filters.running import actions_of, apply_filters, resting, with_parts
from helpdesk.filters.saving import condition_problems, conditions_from, delete_filter, problems, save_filter, switch
from helpdesk.filters.sentences import broken, sentence

__all__ = [
    "ACTIONS",
    "FIELDS",
    "OPERATORS",
    "TRIED",
    "Condition",
    "TargetGone",
    "actions_of",
    "apply_filters",
    "broken",
    "choices",
    "condition_problems",
    "conditions_from",
    "conditions_of",
    "delete_filter",
    "problems",
    "resting",
    "rests",
    "save_filter",
    "sentence",
    "switch",
    "target",
    "try_out",
    "with_parts",
]
