"""Filters: conditions on a new ticket, and what is done to it at once (A21).

They run by position when a ticket is opened; later ones override earlier ones on the same field; *delete*, *spam* and
*stop* end the run. They act as SYSTEM through the same rules as people and never start themselves again. A filter
whose target is gone is skipped, says so in the history, and stops nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from helpdesk import access, catalogue, clock, richtext, search, tickets
from helpdesk.access import SYSTEM, Actor
from helpdesk.errors import HelpdeskError, InvalidInput
from helpdesk.events import EventKind, record
from helpdesk.i18n import lazy
from models import CannedResponse, Filter, FilterAction, FilterCondition, Message, Stamp, Ticket, database


class Facts:
    """What the conditions look at, folded (case and accents aside) and read once."""

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket

    @cached_property
    def email(self) -> str:
        return search.fold(self.ticket.address.email if self.ticket.address_id else "")

    @cached_property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]

    @cached_property
    def name(self) -> str:
        return search.fold(self.ticket.customer.full_name)

    @cached_property
    def subject(self) -> str:
        return search.fold(self.ticket.subject)

    @cached_property
    def content(self) -> str:
        first = Message.select().where(Message.ticket == self.ticket.id).order_by(Message.id).first()
        return search.fold(richtext.to_text(first.body)) if first else ""

    @cached_property
    def place(self) -> str:
        names = (catalogue.service(self.ticket.service_id), catalogue.department(self.ticket.department_id))
        return search.fold(" / ".join(text for row in names if row is not None for text in row.name.values()))


#: What a condition may look at: attribute of `Facts` → label.
FIELDS: dict[str, Any] = {
    "email": lazy("the author’s e-mail"),
    "domain": lazy("the domain of the e-mail"),
    "name": lazy("the author’s name"),
    "subject": lazy("the subject"),
    "content": lazy("the content"),
    "place": lazy("the service or department"),
}


@dataclass(frozen=True)
class Operator:
    """A comparison of a folded fact with a folded value."""

    label: Any
    test: Callable[[str, str], bool]


def _one_of(fact: str, value: str) -> bool:
    return fact in {part.strip() for part in value.split(",")}


OPERATORS: dict[str, Operator] = {
    "contains": Operator(lazy("contains"), lambda fact, value: value in fact),
    "not_contains": Operator(lazy("does not contain"), lambda fact, value: value not in fact),
    "is": Operator(lazy("is"), lambda fact, value: fact == value),
    "is_not": Operator(lazy("is not"), lambda fact, value: fact != value),
    "starts_with": Operator(lazy("starts with"), lambda fact, value: fact.startswith(value)),
    "ends_with": Operator(lazy("ends with"), lambda fact, value: fact.endswith(value)),
    "one_of": Operator(lazy("is one of (commas)"), _one_of),
}


class TargetGone(HelpdeskError):
    """What the action names does not exist any more, or is disabled."""


@dataclass(frozen=True)
class Action:
    """What a filter may do. `argument` names what it needs; `ends_run` stops the filters that follow."""

    label: Any
    run: Callable[[Ticket, Any], None]
    argument: str = ""
    ends_run: bool = False


ACTIONS: dict[str, Action] = {}


def action(key: str, *, label: Any, argument: str = "", ends_run: bool = False) -> Callable[..., Any]:
    """Register a function as an action of filters."""

    def register(run: Callable[[Ticket, Any], None]) -> Callable[[Ticket, Any], None]:
        ACTIONS[key] = Action(label, run, argument, ends_run)
        return run

    return register


@action("transfer", label=lazy("transfer to the agent"), argument="agent")
def _transfer(ticket: Ticket, agent: Any) -> None:
    tickets.transfer(ticket, agent, actor=SYSTEM)


@action("assign_team", label=lazy("assign to the team"), argument="team")
def _assign_team(ticket: Ticket, team: Any) -> None:
    tickets.assign(ticket, team, actor=SYSTEM)


@action("set_priority", label=lazy("set the priority"), argument="priority")
def _set_priority(ticket: Ticket, priority: Any) -> None:
    tickets.set_priority(ticket, priority, actor=SYSTEM)


@action("set_status", label=lazy("set the status"), argument="status")
def _set_status(ticket: Ticket, status: Any) -> None:
    tickets.set_status(ticket, status, actor=SYSTEM)


@action("tag", label=lazy("add the tag"), argument="text")
def _tag(ticket: Ticket, name: Any) -> None:
    tickets.tag(ticket, name, actor=SYSTEM)


@action("move", label=lazy("move to"), argument="place")
def _move(ticket: Ticket, place: Any) -> None:
    tickets.move(ticket, *place, actor=SYSTEM)


@action("reply", label=lazy("reply with the canned response"), argument="canned")
def _reply(ticket: Ticket, canned: Any) -> None:
    tickets.reply(ticket, canned.body, actor=SYSTEM)


@action("silent", label=lazy("do not notify the team"))
def _silent(_ticket: Ticket, _argument: Any) -> None:
    """Say nothing: `apply_filters` reads the action itself."""


@action("spam", label=lazy("mark as spam"), ends_run=True)
def _spam(ticket: Ticket, _argument: Any) -> None:
    tickets.mark_spam(ticket, actor=SYSTEM, block_author=False)


@action("delete", label=lazy("delete the ticket (to the bin)"), ends_run=True)
def _delete(ticket: Ticket, _argument: Any) -> None:
    tickets.delete(ticket, actor=SYSTEM)


@action("stop", label=lazy("stop here: try no further filter"), ends_run=True)
def _stop(_ticket: Ticket, _argument: Any) -> None:
    """Do nothing: ending the run is all."""


def target(kind: str, argument: str) -> Any:
    """Return what an action's stored argument names. Raises TargetGone when it is gone or disabled."""
    if kind in {"", "text"}:
        return argument
    if kind == "place":
        return _place(argument)
    row = _ROWS[kind](int(argument)) if argument.isascii() and argument.isdigit() else None
    if row is None or not getattr(row, "active", getattr(row, "enabled", True)):
        raise TargetGone(lazy("What this action names is gone or disabled."))
    return row


def _place(argument: str) -> tuple[int, int | None]:
    """Read ``service`` or ``service/department`` (ids)."""
    service, _slash, department = argument.partition("/")
    if not service.isdigit() or catalogue.service(int(service)) is None:
        raise TargetGone(lazy("What this action names is gone or disabled."))
    if department and (not department.isdigit() or catalogue.department(int(department)) is None):
        raise TargetGone(lazy("What this action names is gone or disabled."))
    return int(service), int(department) if department else None


_ROWS: dict[str, Callable[[int], Any]] = {
    "agent": catalogue.agent,
    "team": catalogue.team,
    "priority": catalogue.priority,
    "status": catalogue.status,
    "canned": lambda key: CannedResponse.get_or_none(CannedResponse.id == key),
}


def choices(kind: str) -> list[tuple[str, str]]:
    """Return what an action's argument may name: stored value and label."""
    if kind == "place":
        places = [(str(row.id), str(row)) for row in catalogue.services() if not catalogue.departments(row.id)]
        return places + [(f"{row.service_id}/{row.id}", str(row)) for row in catalogue.departments()]
    sources: dict[str, Callable[[], Sequence[Any]]] = {
        "agent": catalogue.agents,
        "team": catalogue.teams,
        "priority": lambda: catalogue.priorities(enabled_only=True),
        "status": lambda: catalogue.statuses(enabled_only=True),
        "canned": lambda: list(CannedResponse.select().order_by(CannedResponse.name).limit(500)),
    }
    return [(str(row.id), str(row)) for row in sources[kind]()] if kind in sources else []


def matches(rule: Filter, facts: Facts) -> bool:
    """Tell whether a ticket fits the filter: all of its conditions, or any."""
    results = (
        OPERATORS[row.operator].test(getattr(facts, row.field), search.fold(row.value.strip()))
        for row in rule.conditions
        if row.field in FIELDS and row.operator in OPERATORS
    )
    return any(results) if rule.mode == "any" else all(results)


def apply_filters(ticket: Ticket) -> bool:
    """Run the filters on a new ticket; return whether the team is to be left in peace."""
    silent = False
    if ticket.is_spam:
        return silent
    for rule in Filter.select().where(Filter.enabled).order_by(Filter.position, Filter.id):
        if rule.conditions.count() == 0 or not matches(rule, Facts(ticket)):
            continue
        actions = list(rule.actions.order_by(FilterAction.id))
        silent = silent or any(row.action == "silent" for row in actions)
        if _run(rule, actions, ticket):
            break
    return silent


def _run(rule: Filter, actions: list[FilterAction], ticket: Ticket) -> bool:
    """Do what the filter says, in order; return whether the run ends here."""
    record(ticket, EventKind.FILTERED, actor=SYSTEM, name=rule.name, filter=rule.id)
    Filter.update(hits=Filter.hits + 1, last_hit_at=clock.now()).where(Filter.id == rule.id).execute()
    for row in actions:
        kind = ACTIONS[row.action]
        try:
            with database.atomic():
                kind.run(ticket, target(kind.argument, row.argument))
        except HelpdeskError as error:
            record(ticket, EventKind.FILTER_SKIPPED, actor=SYSTEM, name=rule.name, reason=str(error))
        if kind.ends_run:
            return True
    return False


def save_filter(rule: Filter | None, values: Mapping[str, Any], *, actor: Actor) -> Filter:
    """Store a filter with its conditions and actions, all or nothing.

    `values`: name, enabled, mode ("all" or "any"), position, conditions (list of field, operator, value) and
    actions (list of action, argument). Raises InvalidInput naming the field that is wrong.
    """
    access.require(actor, "configure")
    name = str(values.get("name") or "").strip()
    if not name:
        raise InvalidInput(lazy("This field is required."), field="name")
    conditions = [_checked_condition(row) for row in values.get("conditions") or []]
    actions = [_checked_action(row) for row in values.get("actions") or []]
    if not conditions:
        raise InvalidInput(lazy("Give at least one condition."), field="conditions")
    if not actions:
        raise InvalidInput(lazy("Give at least one action."), field="actions")
    with database.atomic():
        rule = rule or Filter()
        rule.name = name[:120]
        rule.enabled = bool(values.get("enabled", True))
        rule.mode = "any" if values.get("mode") == "any" else "all"
        rule.position = int(values.get("position") or 0)
        rule.save()
        FilterCondition.delete().where(FilterCondition.rule == rule).execute()
        FilterAction.delete().where(FilterAction.rule == rule).execute()
        FilterCondition.insert_many([{"rule": rule.id, **row} for row in conditions]).execute()
        FilterAction.insert_many([{"rule": rule.id, **row} for row in actions]).execute()
        Stamp.bump()
    return rule


def _checked_condition(row: Mapping[str, Any]) -> dict[str, str]:
    value = str(row.get("value") or "").strip()
    if row.get("field") not in FIELDS or row.get("operator") not in OPERATORS:
        raise InvalidInput(lazy("Choose an element and a condition."), field="conditions")
    if not value:
        raise InvalidInput(lazy("Say what the condition looks for."), field="conditions")
    return {"field": row["field"], "operator": row["operator"], "value": value[:500]}


def _checked_action(row: Mapping[str, Any]) -> dict[str, str]:
    argument = str(row.get("argument") or "").strip()
    chosen = ACTIONS.get(str(row.get("action")))
    if chosen is None:
        raise InvalidInput(lazy("Choose an action."), field="actions")
    if chosen.argument and not argument:
        raise InvalidInput(lazy("Say to whom or what the action applies."), field="actions")
    try:
        target(chosen.argument, argument)
    except TargetGone as error:
        raise InvalidInput(error.message, field="actions") from error
    return {"action": str(row["action"]), "argument": argument[:200] if chosen.argument else ""}
