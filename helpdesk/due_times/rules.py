"""The rules of due times, as their screen stores them: the first that fits a ticket holds for it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from helpdesk import access
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, lazy
from helpdesk.lib import inputs, sort_position
from helpdesk.lib.cache import CachedValue, Trial
from helpdesk.settings import lookups
from models import Department, DueTime, Priority, Service, Ticket

#: What a rule may say, and how it is called.
TARGETS: dict[str, Any] = {
    "first_reply": lazy("First reply"),
    "next_reply": lazy("Next reply"),
    "resolution": lazy("Resolution"),
}
#: Rules of a desk, and minutes of a target: a year of days and nights.
MOST = 200
LONGEST = 366 * 24 * 60

_rules = CachedValue(lambda: list(DueTime.select().order_by(DueTime.position, DueTime.id)))
#: The stored rules, or those that stand in for them where a change is tried.
_holding = Trial(_rules)


def rules() -> list[DueTime]:
    """Return the rules in the owner's order."""
    return list(_holding())


def tried(rows: list[DueTime]) -> AbstractContextManager[None]:
    """Let these rules hold inside, for this thread alone: nothing is stored."""
    return _holding.holding(rows)


def exist() -> bool:
    """Whether tickets of this desk may have due times."""
    return bool(_holding())


def rule_for(ticket: Ticket) -> DueTime | None:
    """Return the first rule that fits a ticket's place and priority."""
    for rule in _holding():
        pairs = (
            (rule.service_id, ticket.service_id),
            (rule.department_id, ticket.department_id),
            (rule.priority_id, ticket.priority_id),
        )
        if all(asked is None or asked == own for asked, own in pairs):
            return rule
    return None


def name_of(rule: DueTime) -> str:
    """Return what a rule is for: its place and its priority."""
    place = lookups.department(rule.department_id) or lookups.service(rule.service_id)
    priority = lookups.priority(rule.priority_id)
    return " · ".join(str(row) for row in (place, priority) if row is not None) or _("Every ticket")


def save(rule: DueTime, values: Mapping[str, Any], *, actor: Actor) -> DueTime:
    """Store ``service``, ``department``, ``priority`` and the minutes of the targets; a new rule is put last.

    Raises NotAllowed, or InvalidInput at a field.
    """
    access.require(actor, "configure")
    fill(rule, values)
    rule.save()
    return rule


def fill(rule: DueTime, values: Mapping[str, Any]) -> None:
    """Set what a form says in a rule, without storing it. Raises InvalidInput at a field."""
    service = inputs.find_row(Service, values.get("service"), "service")
    department = inputs.find_row(Department, values.get("department"), "department")
    if department is not None and service is not None and department.service_id != service.id:
        raise InvalidInput(lazy("This department belongs to another service."), field="department")
    minutes = {name: values.get(name) for name in TARGETS}
    for name, value in minutes.items():
        if value is not None and not 1 <= value <= LONGEST:
            raise InvalidInput(lazy("Write at least a minute, and at most a year."), field=name)
    if not any(minutes.values()):
        raise InvalidInput(lazy("Write one of the three times at least."), field="first_reply")
    if rule.id is None:
        if DueTime.select().count() >= MOST:
            raise InvalidInput(lazy("There are too many rules already: delete some first."))
        rule.position = sort_position.after_last(DueTime)
    priority = inputs.find_row(Priority, values.get("priority"), "priority")
    inputs.set_attributes(rule, {"service": service, "department": department, "priority": priority, **minutes})


def delete(rule: DueTime, *, actor: Actor) -> None:
    """Delete a rule: the next one that fits holds for its tickets. Raises NotAllowed."""
    access.require(actor, "configure")
    rule.delete_instance()
