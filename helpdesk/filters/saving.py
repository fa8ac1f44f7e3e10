"""Filters as an administrator writes them: checked, stored, switched on and off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from database import Stamp, database
from helpdesk import access, folding
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.filters.actions import ACTIONS, TargetGone, check, target
from helpdesk.filters.conditions import FIELDS, OPERATORS, Condition, megabytes
from helpdesk.i18n import lazy
from helpdesk.lib import sort_position
from helpdesk.tickets import canned_responses
from models import Agent, Filter, FilterAction, FilterCondition

LONGEST_NAME, LONGEST_VALUE, LONGEST_ARGUMENT = 120, 500, 200
#: Conditions, or actions, of one filter.
MOST = 20


def problems(values: Mapping[str, Any], *, actor: Actor) -> dict[str, str]:
    """Return what is wrong, by field: ``name``, ``conditions``, ``actions``, ``conditions-0``, ``actions-1``…"""
    problems: dict[str, Any] = {}
    name = str(values.get("name") or "").strip()
    if not name:
        problems["name"] = lazy("This field is required.")
    elif len(name) > LONGEST_NAME:
        problems["name"] = lazy("At most %(limit)s characters.", limit=LONGEST_NAME)
    problems |= condition_problems(values.get("conditions") or [])
    problems |= _action_problems(values.get("actions") or [], actor)
    return {field: str(text) for field, text in problems.items()}


def condition_problems(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is wrong with conditions, by field."""
    if not rows:
        return {"conditions": lazy("Give at least one condition.")}
    if len(rows) > MOST:
        return {"conditions": lazy("At most %(limit)s of them.", limit=MOST)}
    wrong = {f"conditions-{number}": _wrong_condition(row) for number, row in enumerate(rows)}
    return {field: text for field, text in wrong.items() if text is not None}


def _wrong_condition(row: Mapping[str, Any]) -> Any:
    field, operator = FIELDS.get(str(row.get("field"))), OPERATORS.get(str(row.get("operator")))
    if field is None or operator is None:
        return lazy("Choose an element and a condition.")
    if field.kind != operator.kind:
        return lazy("This comparison does not go with this element.")
    value = str(row.get("value") or "").strip()
    if operator.kind == "origin":
        return None
    if operator.kind == "size" and megabytes(value) is None:
        return lazy("Give a number of megabytes.")
    if not folding.fold(value):
        return lazy("Say what the condition looks for.")
    return lazy("At most %(limit)s characters.", limit=LONGEST_VALUE) if len(value) > LONGEST_VALUE else None


def _action_problems(rows: Sequence[Mapping[str, Any]], actor: Actor) -> dict[str, Any]:
    if not rows:
        return {"actions": lazy("Give at least one action.")}
    if len(rows) > MOST:
        return {"actions": lazy("At most %(limit)s of them.", limit=MOST)}
    wrong = {f"actions-{number}": _wrong_action(row, actor) for number, row in enumerate(rows)}
    return {field: text for field, text in wrong.items() if text is not None}


def _wrong_action(row: Mapping[str, Any], actor: Actor) -> Any:
    argument = str(row.get("argument") or "").strip()
    chosen = ACTIONS.get(str(row.get("action")))
    if chosen is None:
        return lazy("Choose an action.")
    if chosen.argument and not argument:
        return lazy("Say to whom or what the action applies.")
    if len(argument) > LONGEST_ARGUMENT:
        return lazy("At most %(limit)s characters.", limit=LONGEST_ARGUMENT)
    try:
        check(chosen.argument, argument)
        if chosen.argument == "canned":
            canned_responses.require_readable(target("canned", argument), actor)
    except NotFound:
        return lazy("Choose one from the list.")
    except TargetGone as error:
        return error.message
    return None


def conditions_from(rows: Sequence[Mapping[str, Any]]) -> list[Condition]:
    """Return checked rows as conditions."""
    conditions = [Condition(str(row["field"]), str(row["operator"]), str(row["value"]).strip()) for row in rows]
    return [replace(condition, value="") if condition.kind == "origin" else condition for condition in conditions]


def save_filter(rule: Filter | None, values: Mapping[str, Any], *, actor: Actor) -> Filter:
    """Store a filter with its conditions and actions, all or nothing; a new one stands last.

    `values`: name, enabled, mode ("all" or "any"), position, conditions (list of field, operator, value) and
    actions (list of action, argument). Whoever saves it is its author: it acts on the tickets they see (RULES 49).
    Raises InvalidInput naming the first field that is wrong.
    """
    access.require(actor, "configure")
    wrong = problems(values, actor=actor)
    if wrong:
        field, text = next(iter(wrong.items()))
        raise InvalidInput(text, field=field)
    with database.atomic():
        rule = rule or Filter(position=sort_position.after_last(Filter))
        rule.name = str(values["name"]).strip()
        rule.enabled = bool(values.get("enabled", True))
        rule.mode = "any" if values.get("mode") == "any" else "all"
        rule.author_id = actor.id if isinstance(actor, Agent) else None
        rule.position = int(values.get("position", rule.position) or 0)
        rule.save()
        _replace_parts(rule, values)
        Stamp.bump()
    return rule


def _replace_parts(rule: Filter, values: Mapping[str, Any]) -> None:
    FilterCondition.delete().where(FilterCondition.rule == rule).execute()
    FilterAction.delete().where(FilterAction.rule == rule).execute()
    conditions = conditions_from(values["conditions"])
    FilterCondition.insert_many([{"rule": rule.id, **vars(row)} for row in conditions]).execute()
    actions = [(str(row["action"]), str(row.get("argument") or "").strip()) for row in values["actions"]]
    FilterAction.insert_many(
        [
            {"rule": rule.id, "action": key, "argument": argument if ACTIONS[key].argument else ""}
            for key, argument in actions
        ]
    ).execute()


def delete_filter(rule: Filter, *, actor: Actor) -> None:
    """Delete a filter; the tickets it has touched stay as they are. Raises NotAllowed."""
    access.require(actor, "configure")
    rule.delete_instance()


def set_author(rule: Filter, author: Agent, *, actor: Actor) -> None:
    """Let another agent be the author of a filter: it acts on the tickets they see from now on (RULES 49).

    Raises NotAllowed, also for an author who may not configure.
    """
    access.require(actor, "configure")
    access.require(author, "configure")
    rule.author_id = author.id
    rule.save()


def actions_of(rule: Filter) -> list[list[str]]:
    """Return the actions of a filter as they are stored: what each does, and to whom or what."""
    rows = FilterAction.select().where(FilterAction.rule == rule.id).order_by(FilterAction.id)
    return [[row.action, row.argument] for row in rows]


def set_arguments(rule: Filter, arguments: Sequence[str], *, actor: Actor) -> None:
    """Give the actions of a filter these arguments, in their order; its author stays. Raises NotAllowed."""
    access.require(actor, "configure")
    rows = FilterAction.select().where(FilterAction.rule == rule.id).order_by(FilterAction.id)
    with database.atomic():
        for row, argument in zip(rows, arguments, strict=True):
            row.argument = argument
            row.save()


def switch(rule: Filter, on: bool, *, actor: Actor) -> None:
    """Let a filter run, or rest. Raises NotAllowed."""
    access.require(actor, "configure")
    rule.enabled = on
    rule.save()
