"""Filters in words: the sentence of the list, and what no longer works in it."""

from __future__ import annotations

from collections.abc import Iterable

from helpdesk.filters.actions import ACTIONS, TargetGone, check, target
from helpdesk.filters.conditions import FIELDS, OPERATORS, Condition, conditions_of
from helpdesk.filters.running import actions_of
from helpdesk.i18n import _
from helpdesk.settings import lookups
from models import Filter, FilterAction


def sentence(rule: Filter) -> str:
    """Write what a filter does, as one sentence in the reader's language."""
    link = _(" or ") if rule.mode == "any" else _(" and ")
    conditions = link.join(_condition(row) for row in conditions_of(rule) if row.is_known)
    actions = _(", then ").join(_action(row) for row in actions_of(rule) if row.action in ACTIONS)
    return _("If %(conditions)s, then %(actions)s.", conditions=conditions or "…", actions=actions or "…")


def _condition(row: Condition) -> str:
    field, operator = FIELDS[row.field].label, OPERATORS[row.operator].label
    if row.kind == "origin":
        return _("%(field)s %(operator)s", field=field, operator=operator)
    if row.kind == "size":
        return _("%(field)s %(operator)s %(value)s MB", field=field, operator=operator, value=row.value)
    return _("%(field)s %(operator)s “%(value)s”", field=field, operator=operator, value=row.value)


def _action(row: FilterAction) -> str:
    kind = ACTIONS[row.action]
    named = label_of(kind.argument, row.argument)
    return _("%(action)s %(target)s", action=kind.label, target=named) if named else str(kind.label)


def label_of(kind: str, argument: str) -> str:
    """Write what an action's stored argument names; a question mark in brackets for what is gone."""
    if kind == "text":
        return _("“%(text)s”", text=argument)
    try:
        named = target(kind, argument)
    except TargetGone:
        return "[?]"
    if kind == "place":
        service, department = named
        named = lookups.department(department) or lookups.service(service)
    return str(named)


def broken(rules: Iterable[Filter]) -> set[int]:
    """Return the ids of the filters that name something gone, disabled or out of use: those actions are skipped."""
    return {rule.id for rule in rules if any(_is_gone(row) for row in rule.actions)}


def _is_gone(row: FilterAction) -> bool:
    kind = ACTIONS.get(row.action)
    if kind is None:
        return True
    try:
        check(kind.argument, row.argument)
    except TargetGone:
        return True
    return False
