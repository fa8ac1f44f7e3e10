"""A filter or rule while it is being written: read from its form, changed by its own buttons, without script too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from helpdesk import filters
from helpdesk.lib import control_characters, inputs
from models import ARRIVES, HAPPENS, ONCE, PASSED, Filter

#: The parts of each kind of row, posted as ``conditions-0-field``.
PARTS = {"conditions": ("field", "operator", "value", "kind"), "actions": ("action", "argument", "kind")}
BLANK = {
    "conditions": {"field": "subject", "operator": "contains", "value": "", "kind": ""},
    "actions": {"action": "transfer", "argument": "", "kind": "agent"},
}
#: Days or hours, as one writes the time that must have passed.
UNITS = {"hours": 1, "days": 24}


def choices_of(beginning: str) -> dict[str, filters.Action]:
    """Return the actions one of which each row chooses, by key."""
    actions = filters.ACTIONS.items()
    return {key: action for key, action in actions if action.box is None and beginning in action.beginnings}


#: The actions that the editor shows as boxes to tick, by key.
BOXES = {key: action for key, action in filters.ACTIONS.items() if action.box is not None}
STEPS = {"up": -1, "down": 1}


@dataclass
class Draft:
    """What the editor shows: texts as typed, rows in their order. `ticked` are the actions that are boxes, by key."""

    name: str = ""
    enabled: bool = True
    mode: str = "all"
    ticked: frozenset[str] = frozenset()
    conditions: list[dict[str, str]] = field(default_factory=lambda: [dict(BLANK["conditions"])])
    actions: list[dict[str, str]] = field(default_factory=lambda: [dict(BLANK["actions"])])
    #: Of a rule: what happens, or since what time passes; how long, as typed, and in which unit; how often it acts.
    trigger: str | None = None
    length: str = ""
    unit: str = "hours"
    frequency: str = ONCE

    @property
    def beginning(self) -> str:
        """How the rule begins."""
        if self.trigger is None:
            return ARRIVES
        return PASSED if self.trigger in filters.CLOCKS else HAPPENS

    @property
    def hours(self) -> str:
        """The time that must have passed; as typed where that is no whole number."""
        key = inputs.row_key(self.length)
        return self.length if key is None else str(key * UNITS[self.unit])

    def rows(self, kind: str) -> list[dict[str, str]]:
        """Return the conditions or the actions."""
        return self.conditions if kind == "conditions" else self.actions

    def values(self) -> dict[str, Any]:
        """Return what the rule takes."""
        boxes = [{"action": key, "argument": ""} for key in BOXES if key in self.ticked]
        return {
            "name": self.name,
            "enabled": self.enabled,
            "mode": self.mode,
            "conditions": self.conditions,
            "actions": [*self.actions, *boxes],
            "beginning": self.beginning,
            "trigger": self.trigger,
            "hours": self.hours,
            "frequency": self.frequency,
        }

    def do(self, deed: str) -> None:
        """Add, remove or move a row, as a button of the form says: ``actions-add``, ``conditions-1-up``."""
        kind, _dash, rest = deed.partition("-")
        number, _dash, act = rest.rpartition("-")
        if kind not in PARTS:
            return
        rows = self.rows(kind)
        if act == "add" and len(rows) < 20:
            rows.append(dict(BLANK[kind]))
        elif number.isascii() and number.isdigit() and len(number) < 3 and int(number) < len(rows):
            self._do_to(rows, int(number), act)

    @staticmethod
    def _do_to(rows: list[dict[str, str]], at: int, act: str) -> None:
        if act == "remove":
            del rows[at]
        elif act in STEPS and 0 <= at + STEPS[act] < len(rows):
            rows.insert(at + STEPS[act], rows.pop(at))


def draft_of(rule: Filter) -> Draft:
    """Return a stored filter as its editor shows it."""
    actions = [{"action": row.action, "argument": row.argument} for row in filters.actions_of(rule)]
    ticked = frozenset(row["action"] for row in actions) & BOXES.keys()
    choices = choices_of(rule.beginning)
    shown = [row for row in actions if row["action"] in choices]
    for row in shown:
        row["kind"] = choices[row["action"]].argument
    conditions = [{**vars(row), "kind": _choices_of(row.field)} for row in filters.conditions_of(rule)]
    unit = "days" if rule.hours and rule.hours % 24 == 0 else "hours"
    length = str(rule.hours // UNITS[unit]) if rule.hours else ""
    begun = (rule.trigger or None, length, unit, rule.frequency)
    return Draft(rule.name, rule.enabled, rule.mode, ticked, conditions, shown, *begun)


def _choices_of(field: str) -> str:
    """Return among what a value of this element is chosen; empty where it is typed."""
    return filters.FIELDS[field].choices if field in filters.FIELDS else ""


def draft_from(form: MultiDict[str, str]) -> Draft:
    """Read the form. Rows stand in the order in which the page holds them, whatever their numbers."""
    return Draft(
        name=_text(form.get("name")),
        enabled="enabled" in form,
        mode=_mode(form),
        ticked=frozenset(key for key in BOXES if key in form),
        conditions=[_fitting(row) for row in _rows(form, "conditions")],
        actions=[_followed(row) for row in _rows(form, "actions")],
        trigger=_text(form["trigger"]) if "trigger" in form else None,
        length=_text(form.get("length")),
        unit=form.get("unit", "") if form.get("unit") in UNITS else "hours",
        frequency=_text(form.get("frequency")) or ONCE,
    )


def _text(value: str | None) -> str:
    # PostgreSQL refuses a NUL in a text, SQLite cuts the text there.
    return control_characters.removed(value or "").strip()


def _mode(form: MultiDict[str, str]) -> str:
    """Return the link between the conditions: it stands before each, and one of them may have been changed."""
    before = form.get("mode-was", "all")
    return next((mode for mode in form.getlist("mode") if mode != before), before)


def _rows(form: MultiDict[str, str], kind: str) -> list[dict[str, str]]:
    rows: dict[str, dict[str, str]] = {}
    for name, value in form.items():
        first, _dash, rest = name.partition("-")
        number, _dash, part = rest.partition("-")
        if first == kind and part in PARTS[kind] and len(rows) <= 50:
            rows.setdefault(number, dict.fromkeys(PARTS[kind], ""))[part] = _text(value)
    return list(rows.values())


def _fitting(row: dict[str, str]) -> dict[str, str]:
    """Empty the value of an element that was changed for one whose values are others."""
    kind = _choices_of(row["field"])
    return {**row, "value": row["value"] if row["kind"] == kind else "", "kind": kind}


def _followed(row: dict[str, str]) -> dict[str, str]:
    """Empty the argument of an action that was changed for one which takes something else."""
    chosen = filters.ACTIONS.get(row["action"])
    kind = chosen.argument if chosen is not None else ""
    return {**row, "argument": row["argument"] if row["kind"] == kind else "", "kind": kind}
