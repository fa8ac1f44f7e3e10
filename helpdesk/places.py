"""Services and departments, as an administrator changes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpdesk import access, inputs
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy, ngettext
from models import Department, Permission, Service, Ticket, database

MAX_NAME = 120


def save_service(service: Service, values: Mapping[str, Any], *, actor: Actor) -> Service:
    """Store ``name``, ``enabled`` and ``position``. Raises NotAllowed, or InvalidInput at a field."""
    access.require(actor, "configure")
    _name_and_place(service, values)
    service.enabled = bool(values.get("enabled", True))
    service.save()
    return service


def _name_and_place(row: Any, values: Mapping[str, Any]) -> None:
    row.name = inputs.label(values.get("name"), "name", MAX_NAME)
    row.position = int(values.get("position") or 0)


def save_department(department: Department, values: Mapping[str, Any], *, actor: Actor) -> Department:
    """Store ``service``, ``name`` and ``position``. Raises NotAllowed, or InvalidInput at a field.

    A department with tickets or permissions stays in its service: they name both.
    """
    access.require(actor, "configure")
    service = inputs.chosen(Service, values.get("service"), "service")
    if service is None:
        raise InvalidInput(lazy("Choose a service."), field="service")
    _name_and_place(department, values)
    with database.atomic():
        if department.id is not None and department.service_id != service.id:
            _refuse_uprooting(department)
        department.service = service
        department.save()
    return department


def _refuse_uprooting(department: Department) -> None:
    count = Ticket.select().where(Ticket.department == department.id).count()
    if count:
        text = ngettext(
            "%(num)d ticket is in this department: move it first.",
            "%(num)d tickets are in this department: move them first.",
            count,
        )
        raise InvalidInput(text, field="service")
    if Permission.select().where(Permission.department == department.id).exists():
        raise InvalidInput(lazy("Agents have a permission for this department: remove it first."), field="service")
