"""Services and their departments, as the set-up wizard stores them."""

from __future__ import annotations

from collections.abc import Iterable

from database import Label, database
from helpdesk import access, i18n
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import sort_position
from models import Agent, Department, Service

MAX_LENGTH = 120
MAX_DEPARTMENTS = 50


def add_service(name: str, departments: Iterable[str] = (), *, actor: Agent) -> Service:
    """Add a service and its departments in this order, with names in the actor's present language only.

    Raises NotAllowed, or InvalidInput naming ``name`` or ``departments``.
    """
    access.require(actor, "configure")
    service_name = _name(name, "name")
    rows = list(dict.fromkeys(_name(text, "departments") for text in departments if text.strip()))
    if len(rows) > MAX_DEPARTMENTS:
        raise InvalidInput(lazy("Add the first fifty now, and the others later."), field="departments")
    with database.atomic():
        service = Service.create(name=_label(service_name), position=sort_position.after_last(Service))
        for position, department in enumerate(rows):
            Department.create(service=service, name=_label(department), position=position)
    return service


def _name(text: str, field: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise InvalidInput(lazy("Give the service a name."), field=field)
    if len(name) > MAX_LENGTH:
        raise InvalidInput(lazy("Use at most 120 characters for a name."), field=field)
    return name


def _label(text: str) -> Label:
    return Label({i18n.language(): text})
