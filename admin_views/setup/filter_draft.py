"""A filter while it is being written: read from its form, changed by the form's own buttons, without script too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from helpdesk import filters
from helpdesk.lib import control_characters
from models import Filter

#: The parts of each kind of row, posted as ``conditions-0-field``.
PARTS = {"conditions": ("field", "operator", "value"), "actions": ("action", "argument", "kind")}
BLANK = {
    "conditions": {"field": "subject", "operator": "contains", "value": ""},
    "actions": {"action": "transfer", "argument": "", "kind": "agent"},
}
#: The actions that the editor shows as boxes to tick, by key, and the others, one of which each row chooses.
BOXES = {key: action for key, action in filters.ACTIONS.items() if action.box is not None}
CHOICES = {key: action for key, action in filters.ACTIONS.items() if action.box is None}
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
    shown = [row for row in actions if row["action"] in CHOICES]
    for row in shown:
        row["kind"] = CHOICES[row["action"]].argument
    conditions = [dict(vars(row)) for row in filters.conditions_of(rule)]
    return Draft(rule.name, rule.enabled, rule.mode, ticked, conditions, shown)


def draft_from(form: MultiDict[str, str]) -> Draft:
    """Read the form. Rows stand in the order in which the page holds them, whatever their numbers."""
    return Draft(
        name=_text(form.get("name")),
        enabled="enabled" in form,
        mode=_mode(form),
        ticked=frozenset(key for key in BOXES if key in form),
        conditions=_rows(form, "conditions"),
        actions=[_followed(row) for row in _rows(form, "actions")],
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


def _followed(row: dict[str, str]) -> dict[str, str]:
    """Empty the argument of an action that was changed for one which takes something else."""
    chosen = filters.ACTIONS.get(row["action"])
    kind = chosen.argument if chosen is not None else ""
    return {**row, "argument": row["argument"] if row["kind"] == kind else "", "kind": kind}
