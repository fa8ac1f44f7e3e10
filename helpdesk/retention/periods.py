"""The periods of each place, as their screen stores them: the row of the narrowest place holds alone (RULES 2)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import IntegrityError

from helpdesk import access, clock
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import inputs
from helpdesk.lib.cache import CachedValue, Trial
from helpdesk.settings import lookups
from helpdesk.tickets import merge_undo
from models import Department, RetentionRule, Service, Ticket

#: Months of a period at the most: fifty years.
LONGEST = 600
#: A month is never shorter than a merge may be undone: February is.
SHORTEST = timedelta(days=merge_undo.DAYS + 1)
#: What closed tickets may meet, the strongest first; each is the column `<act>_months` of a rule.
DELETE, ANONYMISE, FILES = "delete", "anonymise", "files"
OF_TICKETS = (DELETE, ANONYMISE, FILES)
#: What the row of the whole desk alone may say.
SPAM, CUSTOMERS = "spam", "customer"
OF_DESK = (SPAM, CUSTOMERS)
ACTS = (*OF_TICKETS, *OF_DESK)

_rules = CachedValue(lambda: list(RetentionRule.select().order_by(RetentionRule.service, RetentionRule.department)))
#: The stored rules, or those that stand in for them where a change is tried.
_holding = Trial(_rules)


def rules() -> list[RetentionRule]:
    """Return the rules of all places."""
    return list(_holding())


def tried(rows: list[RetentionRule]) -> AbstractContextManager[None]:
    """Let these rules hold inside, for this thread alone: nothing is stored."""
    return _holding.holding(rows)


def months_of(rule: RetentionRule | None, act: str) -> int | None:
    """Return after how many months a rule does this; None where it never does."""
    return getattr(rule, f"{act}_months") if rule is not None else None


def cutoff(months: int, now: datetime | None = None) -> datetime:
    """Return the moment (UTC) so many months of the calendar ago; what is older is due."""
    now = now or clock.now()
    count = now.year * 12 + now.month - 1 - months
    year, month = count // 12, count % 12 + 1
    # The 31st is the 30th in shorter months, and the 28th in February.
    for day in range(now.day, 27, -1):
        try:
            return min(now.replace(year=year, month=month, day=day), now - SHORTEST)
        except ValueError:
            continue
    return min(now.replace(year=year, month=month), now - SHORTEST)


@dataclass(frozen=True)
class Place:
    """Where one rule holds: a service (`only` one department of it, or without these `others`)."""

    rule: RetentionRule
    service_id: int
    only: int | None = None
    others: tuple[int, ...] = ()


def places() -> list[Place]:
    """Return each service with the rule that holds there, its departments with rules of their own apart."""
    stored = rules()
    desk = of_desk()
    services = {row.service_id: row for row in stored if row.service_id is not None and row.department_id is None}
    found: list[Place] = []
    for service in lookups.services():
        own = [row for row in stored if row.department_id is not None and row.service_id == service.id]
        found += [Place(row, service.id, row.department_id) for row in own]
        rule = services.get(service.id, desk)
        if rule is not None:
            found.append(Place(rule, service.id, None, tuple(row.department_id for row in own)))
    return found


def of_desk() -> RetentionRule | None:
    """Return the row of the whole desk."""
    return next((row for row in rules() if row.service_id is None), None)


def rule_for(ticket: Ticket) -> RetentionRule | None:
    """Return the rule that holds for a ticket: of its department, its service or the desk."""
    by_place = {(row.service_id, row.department_id): row for row in rules()}
    own = (ticket.service_id, ticket.department_id)
    return by_place.get(own) or by_place.get((ticket.service_id, None)) or by_place.get((None, None))


# --- Storing ------------------------------------------------------------------------------------------------------


def save(rule: RetentionRule, values: Mapping[str, Any], *, actor: Actor) -> RetentionRule:
    """Store ``service``, ``department``, ``blanks_replies`` and the months of each act (None: it stays).

    Raises NotAllowed, or InvalidInput at a field.
    """
    access.require(actor, "administer")
    fill(rule, values)
    try:
        rule.save()
    except IntegrityError as error:
        raise InvalidInput(lazy("This place has its periods already: change those."), field="service") from error
    return rule


def fill(rule: RetentionRule, values: Mapping[str, Any]) -> None:
    """Set what a form says in a rule, without storing it. Raises InvalidInput at a field."""
    service = inputs.find_row(Service, values.get("service"), "service")
    department = inputs.find_row(Department, values.get("department"), "department")
    if department is not None and service is not None and department.service_id != service.id:
        raise InvalidInput(lazy("This department belongs to another service."), field="department")
    if department is not None:
        service = department.service
    months = {act: values.get(f"{act}_months") for act in ACTS}
    for act, value in months.items():
        _check(act, value, has_place=service is not None)
    _check_order(months)
    place = (service.id if service is not None else None, department.id if department is not None else None)
    if any((row.service_id, row.department_id) == place and row.id != rule.id for row in _rules()):
        raise InvalidInput(lazy("This place has its periods already: change those."), field="service")
    columns = {f"{act}_months": value for act, value in months.items()}
    blanks = bool(values.get("blanks_replies"))
    inputs.set_attributes(rule, {"service": service, "department": department, "blanks_replies": blanks, **columns})


def _check(act: str, value: int | None, *, has_place: bool) -> None:
    if value is not None and not 1 <= value <= LONGEST:
        raise InvalidInput(
            lazy("Write 1 to %(most)s months, or nothing: then it stays.", most=LONGEST), field=f"{act}_months"
        )
    if value is not None and has_place and act in OF_DESK:
        raise InvalidInput(lazy("Only the row of the whole desk can say this."), field=f"{act}_months")


def _check_order(months: Mapping[str, int | None]) -> None:
    files, anonymise, delete = (months[act] for act in (FILES, ANONYMISE, DELETE))
    if anonymise is not None and delete is not None and delete <= anonymise:
        raise InvalidInput(
            lazy("Tickets are anonymised before they are deleted: write more months than there."),
            field="delete_months",
        )
    first = min((value for value in (anonymise, delete) if value is not None), default=None)
    if files is not None and first is not None and files >= first:
        raise InvalidInput(
            lazy("The files go with their tickets after %(months)s months: write fewer, or nothing.", months=first),
            field="files_months",
        )


def delete(rule: RetentionRule, *, actor: Actor) -> None:
    """Delete a rule: that of the wider place holds from now on, if there is one. Raises NotAllowed."""
    access.require(actor, "administer")
    rule.delete_instance()
