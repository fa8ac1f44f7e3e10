"""Filters and rules as an administrator writes them: checked, stored, switched on and off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from database import Stamp, database
from helpdesk import access, clock, folding, journal
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.filters.actions import ACTIONS, TargetGone, check, target
from helpdesk.filters.beginnings import CLOCKS, LONGEST, TRIGGERS
from helpdesk.filters.conditions import (
    FIELDS,
    LONGEST_AGE,
    MOST_MESSAGES,
    OPERATORS,
    WITHOUT_VALUE,
    Condition,
    Field,
    megabytes,
)
from helpdesk.filters.endless import TEXT, could_run_for_ever, writes_to_customer
from helpdesk.filters.running import with_parts
from helpdesk.filters.sentences import sentence
from helpdesk.i18n import lazy
from helpdesk.lib import inputs, sort_position
from helpdesk.people import customers
from helpdesk.tickets import canned_responses
from models import (
    ARRIVES,
    BEGINNINGS,
    DAILY,
    FREQUENCIES,
    HAPPENS,
    ONCE,
    PASSED,
    Agent,
    Filter,
    FilterAction,
    FilterCondition,
)

LONGEST_NAME, LONGEST_VALUE, LONGEST_ARGUMENT = 120, 500, 200
#: Conditions, or actions, of one filter.
MOST = 20


def problems(values: Mapping[str, Any], *, actor: Actor) -> dict[str, str]:
    """Return what is wrong, by field: ``name``, ``trigger``, ``conditions``, ``actions``, ``conditions-0``…"""
    beginning = str(values.get("beginning") or ARRIVES)
    problems: dict[str, Any] = {}
    name = str(values.get("name") or "").strip()
    if not name:
        problems["name"] = lazy("This field is required.")
    elif len(name) > LONGEST_NAME:
        problems["name"] = lazy("At most %(limit)s characters.", limit=LONGEST_NAME)
    problems |= _beginning_problems(beginning, values)
    problems |= condition_problems(values.get("conditions") or [], beginning)
    problems |= _action_problems(values.get("actions") or [], actor, beginning)
    if not problems and beginning == PASSED and values.get("frequency", ONCE) != ONCE:
        mode, rows = str(values.get("mode")), (values.get("conditions") or [], values["actions"])
        is_harmless = values["frequency"] == DAILY and not writes_to_customer(values["actions"])
        if not is_harmless and could_run_for_ever(str(values["trigger"]), mode, *rows):
            problems["frequency"] = TEXT
    return {field: str(text) for field, text in problems.items()}


def problems_of_trial(values: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with what a trial needs, by field: how a rule begins, and its conditions."""
    beginning = str(values.get("beginning") or ARRIVES)
    wrong = _beginning_problems(beginning, values) | condition_problems(values.get("conditions") or [], beginning)
    return {field: str(text) for field, text in wrong.items()}


def _beginning_problems(beginning: str, values: Mapping[str, Any]) -> dict[str, Any]:
    if beginning == ARRIVES:
        return {}
    if beginning not in BEGINNINGS or values.get("trigger") not in (CLOCKS if beginning == PASSED else TRIGGERS):
        return {"trigger": lazy("Choose one from the list.")}
    if values.get("frequency", ONCE) not in FREQUENCIES:
        return {"frequency": lazy("Choose one from the list.")}
    hours = inputs.row_key(str(values.get("hours") or ""))
    if beginning == PASSED and not 1 <= (hours or 0) <= LONGEST:
        return {"hours": lazy("Give a whole number: at least an hour, and at most a year.")}
    return {}


def condition_problems(rows: Sequence[Mapping[str, Any]], beginning: str = ARRIVES) -> dict[str, Any]:
    """Return what is wrong with conditions, by field."""
    if not rows and beginning != ARRIVES:
        return {}
    if not rows:
        return {"conditions": lazy("Give at least one condition.")}
    if len(rows) > MOST:
        return {"conditions": lazy("At most %(limit)s of them.", limit=MOST)}
    wrong = {f"conditions-{number}": _wrong_condition(row, beginning) for number, row in enumerate(rows)}
    return {field: text for field, text in wrong.items() if text is not None}


def _wrong_condition(row: Mapping[str, Any], beginning: str) -> Any:
    field, operator = FIELDS.get(str(row.get("field"))), OPERATORS.get(str(row.get("operator")))
    if field is None or operator is None:
        return lazy("Choose an element and a condition.")
    if field.kind != operator.kind:
        return lazy("This comparison does not go with this element.")
    if operator.looks != "now" and beginning != HAPPENS:
        return lazy("This comparison goes only with rules of something that happens.")
    return _wrong_value(field, operator.kind, str(row.get("value") or "").strip())


def _wrong_value(field: Field, kind: str, value: str) -> Any:
    if kind in WITHOUT_VALUE:
        return None
    if kind == "size" and megabytes(value) is None:
        return lazy("Give a number of megabytes.")
    highest = {"age": LONGEST_AGE, "count": MOST_MESSAGES}.get(kind)
    if highest is not None and not 0 <= (-1 if (number := inputs.row_key(value)) is None else number) <= highest:
        return lazy("Give a whole number, at most %(limit)s.", limit=highest)
    if field.choices:
        return _wrong_choice(field.choices, value)
    if not folding.fold(value):
        return lazy("Say what the condition looks for.")
    return lazy("At most %(limit)s characters.", limit=LONGEST_VALUE) if len(value) > LONGEST_VALUE else None


def _wrong_choice(kind: str, value: str) -> Any:
    try:
        target(kind, value)
    except TargetGone:
        return lazy("Choose one from the list.")
    return None


def _action_problems(rows: Sequence[Mapping[str, Any]], actor: Actor, beginning: str) -> dict[str, Any]:
    if not rows:
        return {"actions": lazy("Give at least one action.")}
    if len(rows) > MOST:
        return {"actions": lazy("At most %(limit)s of them.", limit=MOST)}
    wrong = {f"actions-{number}": _wrong_action(row, actor, beginning) for number, row in enumerate(rows)}
    return {field: text for field, text in wrong.items() if text is not None}


def _wrong_action(row: Mapping[str, Any], actor: Actor, beginning: str) -> Any:
    argument = str(row.get("argument") or "").strip()
    chosen = ACTIONS.get(str(row.get("action")))
    if chosen is None or beginning not in chosen.beginnings:
        return lazy("Choose an action.")
    if chosen.argument and not argument:
        return lazy("Say to whom or what the action applies.")
    if len(argument) > LONGEST_ARGUMENT:
        return lazy("At most %(limit)s characters.", limit=LONGEST_ARGUMENT)
    if chosen.argument == "hours" and not 1 <= (inputs.row_key(argument) or 0) <= LONGEST:
        return lazy("Give a whole number: at least an hour, and at most a year.")
    try:
        if chosen.argument == "email":
            customers.normalise(argument)
        check(chosen.argument, argument)
        if chosen.argument == "canned":
            canned_responses.require_readable(target("canned", argument), actor)
    except NotFound:
        return lazy("Choose one from the list.")
    except (TargetGone, InvalidInput) as error:
        return error.message
    return None


def conditions_from(rows: Sequence[Mapping[str, Any]]) -> list[Condition]:
    """Return checked rows as conditions."""
    conditions = [Condition(str(row["field"]), str(row["operator"]), str(row["value"]).strip()) for row in rows]
    return [replace(condition, value="") if condition.kind in WITHOUT_VALUE else condition for condition in conditions]


def save_filter(rule: Filter | None, values: Mapping[str, Any], *, actor: Actor) -> Filter:
    """Store a filter with its conditions and actions, all or nothing; a new one stands last.

    `values`: name, enabled, mode ("all" or "any"), position, conditions (list of field, operator, value) and
    actions (list of action, argument); of a rule also beginning, trigger, hours and frequency. Whoever saves it is its
    author: it acts on the tickets they see (RULES 49). Raises InvalidInput naming the first field that is wrong.
    """
    access.require(actor, "configure")
    if rule is not None and ARRIVES in (rule.beginning, values.get("beginning") or ARRIVES):
        # A filter stays one, and a rule becomes none.
        values = {**values, "beginning": rule.beginning}
    wrong = problems(values, actor=actor)
    if wrong:
        field, text = next(iter(wrong.items()))
        raise InvalidInput(text, field=field)
    before, old = journal.snapshot(rule) if rule is not None else None, sentence(_whole(rule)) if rule else ""
    with database.atomic():
        rule = rule or Filter(position=sort_position.after_last(Filter))
        rule.name = str(values["name"]).strip()
        if values.get("enabled", True) and not rule.enabled:
            rule.active_from = clock.now()
        rule.enabled = bool(values.get("enabled", True))
        rule.mode = "any" if values.get("mode") == "any" else "all"
        rule.author_id = actor.id if isinstance(actor, Agent) else None
        rule.position = int(values.get("position", rule.position) or 0)
        _set_beginning(rule, values)
        rule.save()
        _replace_parts(rule, values)
        Stamp.bump()
        if old and old != sentence(_whole(rule)):
            journal.record(journal.Act.RULE_CHANGED, actor=actor, subject=rule.name, old=old)
        else:
            journal.saved(rule, before, actor=actor)
    return rule


def _whole(rule: Filter) -> Filter:
    """Return a rule as it is stored, with its parts."""
    return with_parts([Filter.get_by_id(rule.id)])[0]


def _set_beginning(rule: Filter, values: Mapping[str, Any]) -> None:
    rule.beginning = str(values.get("beginning") or ARRIVES)
    rule.gone_mailed_at = None
    if rule.beginning == ARRIVES:
        return
    hours = int(values["hours"]) if rule.beginning == PASSED else None
    if rule.active_from is None or (rule.trigger, rule.hours) != (values["trigger"], hours):
        rule.active_from = clock.now()
    rule.trigger, rule.hours = str(values["trigger"]), hours
    rule.frequency = str(values.get("frequency") or ONCE)


def _replace_parts(rule: Filter, values: Mapping[str, Any]) -> None:
    FilterCondition.delete().where(FilterCondition.rule == rule).execute()
    FilterAction.delete().where(FilterAction.rule == rule).execute()
    conditions = conditions_from(values["conditions"])
    if conditions:
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
    if on and not rule.enabled:
        # What was due while it was off is left alone.
        rule.active_from = clock.now()
    before = journal.snapshot(rule)
    with database.atomic():
        rule.enabled = on
        rule.save()
        journal.saved(rule, before, actor=actor)
