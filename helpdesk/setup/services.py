"""Services and departments, as the screens of set-up and the wizard store them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from database import Label, database
from helpdesk import access, i18n
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy, ngettext
from helpdesk.lib import inputs, sort_position
from models import Agent, Department, Permission, Service, Ticket

MAX_NAME = 120
#: Departments that the wizard takes with a new service.
MAX_DEPARTMENTS = 50


def save_service(service: Service, values: Mapping[str, Any], *, actor: Actor) -> Service:
    """Store ``name`` and ``enabled``; a new service is put last. Raises NotAllowed, or InvalidInput at a field."""
    access.require(actor, "configure")
    inputs.set_attributes(service, {"name": inputs.label(values.get("name"), "name", MAX_NAME)})
    if service.id is None:
        service.position = sort_position.after_last(Service)
    service.enabled = bool(values.get("enabled", True))
    service.save()
    return service


def delete_service(service: Service, *, actor: Actor) -> None:
    """Delete a service that nothing names any more, with its departments' permissions. Raises NotAllowed."""
    access.require(actor, "configure")
    service.delete_instance()


def save_department(department: Department, values: Mapping[str, Any], *, actor: Actor) -> Department:
    """Store ``service`` and ``name``; a new department is put last in its service.

    A department with tickets or permissions cannot change its service, which they name, too. Raises NotAllowed, or
    InvalidInput at a field.
    """
    access.require(actor, "configure")
    service = inputs.find_row(Service, values.get("service"), "service")
    if service is None:
        raise InvalidInput(lazy("Choose a service."), field="service")
    inputs.set_attributes(department, {"name": inputs.label(values.get("name"), "name", MAX_NAME)})
    with database.atomic():
        if department.id is not None and department.service_id != service.id:
            _refuse_in_use(department)
        if department.id is None or department.service_id != service.id:
            department.position = sort_position.after_last(Department, Department.service == service.id)
        department.service = service
        department.save()
    return department


def delete_department(department: Department, *, actor: Actor) -> None:
    """Delete a department that no ticket is in. Raises NotAllowed."""
    access.require(actor, "configure")
    department.delete_instance()


def _refuse_in_use(department: Department) -> None:
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


def add_service(name: str, departments: Iterable[str] = (), *, actor: Agent) -> Service:
    """Add a service and its departments in this order, with names in the actor's present language only.

    Raises NotAllowed, or InvalidInput naming ``name`` or ``departments``.
    """
    access.require(actor, "configure")
    service_name = _name(name, "name")
    rows = list(dict.fromkeys(_name(text, "departments") for text in departments if inputs.one_line(text, 1)))
    if len(rows) > MAX_DEPARTMENTS:
        raise InvalidInput(lazy("Add the first fifty now, and the others later."), field="departments")
    with database.atomic():
        service = Service.create(name=_label(service_name), position=sort_position.after_last(Service))
        for position, department in enumerate(rows):
            Department.create(service=service, name=_label(department), position=position)
    return service


def _name(text: str, field: str) -> str:
    name = inputs.one_line(text, MAX_NAME + 1)
    if not name:
        raise InvalidInput(lazy("Give the service a name."), field=field)
    if len(name) > MAX_NAME:
        raise InvalidInput(lazy("Use at most 120 characters for a name."), field=field)
    return name


def _label(text: str) -> Label:
    return Label({i18n.language(): text})
