"""The rows of a list of departments: a name a line, or a service and names in each language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from peewee import IntegrityError

from database import Label, Stamp, database
from helpdesk import access, folding, i18n
from helpdesk.errors import InvalidInput
from helpdesk.i18n import LANGUAGES, lazy
from helpdesk.imports import DELIMITERS, Column, Kind, by_name
from helpdesk.lib import inputs
from helpdesk.orders import Stored
from helpdesk.settings import lookups
from helpdesk.setup import services
from models import Agent, Department, Permission, Service

MAX_ROWS = 200
#: What the column of names is called: of the reader's language, and of each.
NAMES = ("name", "department", "nom", "département", "libellé")
HEADERS = {
    "en": ("name en", "name english", "nom en", "nom anglais"),
    "fr": ("name fr", "name french", "nom fr", "nom français"),
}
SERVICE = Column("service", lazy("Service"), ("service",), needed=True)


@dataclass(frozen=True)
class NewDepartment:
    """A checked row of the list."""

    service: Service
    name: Label

    @property
    def key(self) -> tuple[int, str]:
        """What identifies the department."""
        return self.service.id, folding.fold(str(self.name))


def kind(service: Service | None) -> Kind:
    """Return the import of departments of this service; of those that the lines name where there is none."""
    names = tuple(_column(code) for code in sorted(LANGUAGES, key=lambda code: code != i18n.language()))
    return Kind(
        f"departments-{service.id}" if service is not None else "departments",
        lazy("Departments"),
        lazy("Add several departments"),
        names if service is not None else (SERVICE, *names),
        partial(read, service),
        store,
        partial(cells, service),
        max_rows=MAX_ROWS,
        shown=MAX_ROWS,
        # One a line, whatever it holds; in the file of a spreadsheet a comma may part cells.
        pasted=DELIMITERS.replace(",", "") if service is not None else DELIMITERS,
        take_back=take_back,
    )


def _column(code: str) -> Column:
    headers = HEADERS.get(code, (f"name {code}", f"nom {code}"))
    is_own = code == i18n.language()
    label = lazy("Name") if is_own else lazy("Name (%(language)s)", language=i18n.language_name(code))
    return Column(f"name-{code}", label, (*(NAMES if is_own else ()), *headers), needed=is_own)


def read(service: Service | None, values: Mapping[str, str]) -> NewDepartment:
    """Check a row. Raises InvalidInput at the column that is wrong."""
    if service is None:
        text = inputs.required(values.get("service"), "service", services.MAX_NAME)
        service = by_name.find(lookups.services(), text, lambda row: row.name, "service")
    texts = {code: inputs.one_line(values.get(f"name-{code}"), services.MAX_NAME + 1) for code in LANGUAGES}
    for code, text in texts.items():
        if len(text) > services.MAX_NAME:
            raise InvalidInput(lazy("Use at most 120 characters for a name."), field=f"name-{code}")
    if not any(texts.values()):
        raise InvalidInput(lazy("This field is required."), field=f"name-{i18n.language()}")
    return NewDepartment(service, Label({code: text for code, text in texts.items() if text}))


def cells(service: Service | None, new: NewDepartment) -> Sequence[str]:
    """Return a row as the preview shows it."""
    names = [new.name.get(code, "") for code in sorted(LANGUAGES, key=lambda code: code != i18n.language())]
    return names if service is not None else [str(new.service), *names]


def store(rows: Sequence[NewDepartment], actor: Agent, write: bool) -> Stored:
    """Add these departments, each last in its service; without `write`, only count.

    One that is there already gets the names it lacks, and keeps those it has. Raises NotAllowed, or InvalidInput when
    a service has just gone.
    """
    access.require(actor, "configure")
    total = Stored()
    with database.atomic():
        if write:
            # A list that is sent twice at once waits here, and finds its departments.
            Stamp.bump()
        present = list(Department.select().where(Department.service.in_({row.service.id for row in rows})))
        for row in rows:
            total += _store(row, present, actor, write=write)
    return total


def _store(row: NewDepartment, present: list[Department], actor: Agent, *, write: bool) -> Stored:
    texts = {folding.fold(text) for text in row.name.values()}
    same = (
        one for one in present
        if one.service_id == row.service.id and texts & {folding.fold(text) for text in one.name.values()}
    )  # fmt: skip
    stored = next(same, None)
    if stored is None:
        new = Department(service=row.service, name=row.name)
        present.append(new)
        if write:
            services.save_department(new, {"service": row.service, "name": row.name}, actor=actor)
        return Stored(made=1, new=((new.id, _known_by(new)),) if write else ())
    if row.name.keys() <= stored.name.keys():
        return Stored(same=1)
    if write:
        name = Label({**row.name, **stored.name})
        services.save_department(stored, {"service": row.service, "name": name}, actor=actor)
    return Stored(changed=1)


def _known_by(department: Department) -> str:
    return f"{department.service_id} {department.name}"


def take_back(added: Mapping[int, str], actor: Agent) -> int:
    """Delete these departments again; return how many. One that a ticket, a permission or a mailbox names stays.

    Raises NotAllowed.
    """
    access.require(actor, "configure")
    count = 0
    with database.atomic():
        Stamp.bump()
        for department in Department.select().where(Department.id.in_(list(added))).order_by(Department.id):
            is_named = Permission.select().where(Permission.department == department.id).exists()
            if is_named or added[department.id] != _known_by(department):
                continue
            with suppress(IntegrityError), database.atomic():
                services.delete_department(department, actor=actor)
                count += 1
    return count
