"""What a new ticket may be addressed to: the departments of enabled services, and services without departments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from flask_babel.speaklater import LazyString

from helpdesk.i18n import lazy
from helpdesk.settings import lookups
from models import Department, Service


@dataclass(frozen=True)
class Unit:
    """A department, or a service that takes tickets itself."""

    service: Service
    department: Department | None

    @property
    def key(self) -> str:
        """The value that stands for it in the form."""
        return f"d{self.department.id}" if self.department is not None else f"s{self.service.id}"


def offered() -> list[Unit]:
    """Return the units that visitors may choose, in the owner's order."""
    return [Unit(service, department) for service, department in lookups.places(enabled_only=True)]


def by_service(units: Iterable[Unit]) -> list[tuple[Service, list[Unit]]]:
    """Return the units under their services."""
    return [(rows[0].service, rows) for rows in (list(group) for _key, group in groupby(units, lambda u: u.service.id))]


def unit_of_link(units: list[Unit], service: str, department: str) -> tuple[str, int | None]:
    """Return the unit that a link asks for (or ""), and its service; unknown ids ask for nothing."""
    of_service = [unit for unit in units if str(unit.service.id) == service]
    exact = [unit for unit in of_service if unit.department is not None and str(unit.department.id) == department]
    one = exact or (of_service if len(of_service) == 1 else [])
    return one[0].key if one else "", of_service[0].service.id if of_service else None


def label_of(units: list[Unit]) -> LazyString:
    """Return how the choice among these is called: as its label on the page, and in what is said about it."""
    services, has_departments = {unit.service.id for unit in units}, any(unit.department for unit in units)
    if not has_departments:
        return lazy("Service")
    return lazy("Service and department") if len(services) > 1 else lazy("Department")
