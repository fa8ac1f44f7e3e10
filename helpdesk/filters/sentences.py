"""Filters and rules in words: the sentence of the list, and what no longer works in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from helpdesk.filters.actions import ACTIONS, TargetGone, check, target
from helpdesk.filters.beginnings import CLOCKS, TRIGGERS
from helpdesk.filters.conditions import FIELDS, OPERATORS, WITHOUT_VALUE, Condition, conditions_of
from helpdesk.filters.running import actions_of
from helpdesk.i18n import _, ngettext
from helpdesk.settings import lookups
from models import ARRIVES, PASSED, Filter, FilterAction


def sentence(rule: Filter) -> str:
    """Write what a filter or rule does, as one sentence in the reader's language."""
    link = _(" or ") if rule.mode == "any" else _(" and ")
    conditions = link.join(condition_text(row) for row in conditions_of(rule) if row.is_known)
    actions = _(", then ").join(_action(row) for row in actions_of(rule) if row.action in ACTIONS)
    if rule.beginning == ARRIVES:
        return _("If %(conditions)s, then %(actions)s.", conditions=conditions or "…", actions=actions or "…")
    beginning = beginning_text(rule.beginning, rule.trigger, rule.hours)
    if not rule.conditions:
        return _("%(beginning)s: %(actions)s.", beginning=beginning, actions=actions or "…")
    return _(
        "%(beginning)s, if %(conditions)s, then %(actions)s.",
        beginning=beginning,
        conditions=conditions or "…",
        actions=actions or "…",
    )


def beginning_text(beginning: str, trigger: str, hours: int | None) -> str:
    """Write how a rule begins."""
    if beginning == PASSED:
        length = length_text(hours or 0)
        return _("When a ticket has been %(state)s for %(length)s", state=CLOCKS.get(trigger, "…"), length=length)
    return _("When %(event)s", event=TRIGGERS[trigger].label if trigger in TRIGGERS else "…")


def length_text(hours: int) -> str:
    """Write a number of hours, as days where they are whole ones."""
    if hours and hours % 24 == 0:
        return ngettext("%(num)s day", "%(num)s days", hours // 24)
    return ngettext("%(num)s hour", "%(num)s hours", hours)


def condition_text(row: Condition) -> str:
    """Write a condition whose element and comparison there are."""
    field, operator = FIELDS[row.field].label, OPERATORS[row.operator].label
    if row.kind in WITHOUT_VALUE:
        return _("%(field)s %(operator)s", field=field, operator=operator)
    if row.kind == "size":
        return _("%(field)s %(operator)s %(value)s MB", field=field, operator=operator, value=row.value)
    if row.kind == "age":
        length = length_text(int(row.value or 0))
        return _("%(field)s %(operator)s %(value)s", field=field, operator=operator, value=length)
    if row.kind == "count":
        return _("%(field)s %(operator)s %(value)s", field=field, operator=operator, value=row.value)
    value = label_of(FIELDS[row.field].choices or "", row.value) if FIELDS[row.field].choices else row.value
    return _("%(field)s %(operator)s “%(value)s”", field=field, operator=operator, value=value)


def _action(row: FilterAction) -> str:
    return action_text(row.action, row.argument)


def action_text(action: str, argument: str) -> str:
    """Write an action that there is, with what it names."""
    kind = ACTIONS[action]
    named = label_of(kind.argument, argument)
    return _("%(action)s %(target)s", action=kind.label, target=named) if named else str(kind.label)


def label_of(kind: str, argument: str) -> str:
    """Write what an action's stored argument names; a question mark in brackets for what is gone."""
    if kind == "text":
        return _("“%(text)s”", text=argument)
    if kind == "email":
        return argument
    if kind == "hours":
        return length_text(int(argument or 0))
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
    return {rule.id for rule in rules if any(map(_is_gone, rule.actions)) or any(map(_names_gone, rule.conditions))}


def _names_gone(row: Any) -> bool:
    """Whether a stored condition compares with something that is gone."""
    field = FIELDS.get(row.field)
    if field is None or not field.choices:
        return False
    try:
        target(field.choices, row.value)
    except TargetGone:
        return True
    return False


def _is_gone(row: FilterAction) -> bool:
    kind = ACTIONS.get(row.action)
    if kind is None:
        return True
    try:
        check(kind.argument, row.argument)
    except TargetGone:
        return True
    return False
