"""The rows of automatic closing, as their screen stores them: the one of the narrowest place holds for a ticket."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from database import Stamp
from helpdesk import access, clock
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.events import transaction
from helpdesk.i18n import lazy
from helpdesk.lib import inputs
from helpdesk.lib.cache import CachedValue
from helpdesk.links import LIFETIMES
from helpdesk.settings import lookups
from models import PENDING, AutomaticClosing, ClosingStatus, Department, Service, Status, Ticket

#: Days until a ticket is closed, the announcement among them; and rows of a desk.
FEWEST_DAYS, MOST_DAYS = 2, 365
#: Days of announcement: the private link in that e-mail works for so long.
MOST_WARNING = LIFETIMES["ticket"].days
MOST = 200

_rows = CachedValue(lambda: list(AutomaticClosing.select().order_by(AutomaticClosing.id)))


def _read_statuses() -> dict[int, frozenset[int]]:
    pairs = list(ClosingStatus.select(ClosingStatus.closing, ClosingStatus.status).tuples())
    keys = {key for key, _status in pairs}
    return {key: frozenset(status for own, status in pairs if own == key) for key in keys}


_statuses = CachedValue(_read_statuses)


def rows() -> list[AutomaticClosing]:
    """Return all rows. They must not be changed."""
    return list(_rows())


def exist() -> bool:
    """Whether tickets are closed by themselves anywhere in this desk."""
    return any(row.enabled for row in _rows())


def row_of(ticket: Ticket) -> AutomaticClosing | None:
    """Return the row of the narrowest place that a ticket is in, also one that is off."""
    return narrowest(ticket.service_id, ticket.department_id)


def narrowest(service_id: int | None, department_id: int | None, *, but: int | None = None) -> AutomaticClosing | None:
    """Return the row that holds for a place, of all `but` the one with this id."""
    by_place = {(row.service_id, row.department_id): row for row in _rows() if row.id != but}
    keys = ((service_id, department_id), (service_id, None), (None, None))
    return next((by_place[key] for key in keys if key in by_place), None)


def ticked(row: AutomaticClosing) -> frozenset[int]:
    """Return the ids of the statuses that were chosen for a row."""
    return _statuses().get(row.id, frozenset()) if row.id is not None else frozenset()


def counting(row: AutomaticClosing) -> list[Status]:
    """Return those of them that count: one that is disabled, or pending no more, does not."""
    chosen = ticked(row)
    return [status for status in lookups.statuses() if status.id in chosen and counts(status)]


def counts(status: Status) -> bool:
    """Whether tickets of this status may be closed by themselves at all."""
    return bool(status.enabled and status.category == PENDING)


def offered() -> list[Status]:
    """Return the statuses that one may choose: those that count, and those chosen before."""
    chosen = {key for row in _rows() for key in ticked(row)}
    return [status for status in lookups.statuses() if counts(status) or status.id in chosen]


def save(row: AutomaticClosing, values: Mapping[str, Any], *, actor: Actor) -> AutomaticClosing:
    """Store ``service``, ``department``, ``enabled``, ``after_days``, ``warning_days`` and ``statuses`` (ids).

    What was due before it was switched on, or before it was changed so that it reaches other tickets, is left alone
    (`includes_older`). Raises NotAllowed, or InvalidInput at a field.
    """
    access.require(actor, "configure")
    place = _place(row, values)
    after_days, warning_days = _days(values)
    statuses = _chosen(values.get("statuses") or ())
    if row.id is None and AutomaticClosing.select().count() >= MOST:
        raise InvalidInput(lazy("There are too many rows already: delete some first."))
    enabled = bool(values.get("enabled"))
    former = (row.service_id, row.department_id)
    before = (former, row.after_days, ticked(row), row.enabled)
    with transaction():
        days = {"after_days": after_days, "warning_days": warning_days}
        inputs.set_attributes(row, {**place, "enabled": enabled, **days})
        present = (row.service_id, row.department_id)
        if row.id is not None and present != former:
            _begin_anew(narrowest(*former, but=row.id))
        if before != (present, after_days, frozenset(statuses), enabled):
            row.acts_from, row.includes_older = (clock.now() if enabled else None), False
        row.save()
        ClosingStatus.delete().where(ClosingStatus.closing == row.id).execute()
        ClosingStatus.insert_many([{"closing": row.id, "status": key} for key in statuses]).execute()
        Stamp.bump()
    return row


def _place(row: AutomaticClosing, values: Mapping[str, Any]) -> dict[str, Any]:
    service = inputs.find_row(Service, values.get("service"), "service")
    department = inputs.find_row(Department, values.get("department"), "department")
    if department is not None and service is not None and department.service_id != service.id:
        raise InvalidInput(lazy("This department belongs to another service."), field="department")
    if department is not None:
        service = department.service
    same = AutomaticClosing.select().where(
        AutomaticClosing.id != (row.id or 0),
        AutomaticClosing.service.is_null() if service is None else AutomaticClosing.service == service.id,
        AutomaticClosing.department.is_null() if department is None else AutomaticClosing.department == department.id,
    )
    if same.exists():
        field = "service" if department is None else "department"
        raise InvalidInput(lazy("There is a row for this place already: change that one."), field=field)
    return {"service": service, "department": department}


def _days(values: Mapping[str, Any]) -> tuple[int, int]:
    after, warning = values.get("after_days"), values.get("warning_days")
    if not isinstance(after, int) or not FEWEST_DAYS <= after <= MOST_DAYS:
        message = lazy("Write a number of days from %(least)s to %(most)s.", least=FEWEST_DAYS, most=MOST_DAYS)
        raise InvalidInput(message, field="after_days")
    if not isinstance(warning, int) or not 1 <= warning <= MOST_WARNING or warning >= after:
        message = lazy("Write 1 day to %(most)s, fewer than until the ticket is closed.", most=MOST_WARNING)
        raise InvalidInput(message, field="warning_days")
    return after, warning


def _chosen(keys: Collection[int | None]) -> list[int]:
    """Return the ids of the statuses that a form ticks, one of which must count. Raises InvalidInput."""
    allowed = {status.id: status for status in offered()}
    if any(key not in allowed for key in keys):
        raise InvalidInput(lazy("Choose one from the list."), field="statuses")
    chosen = sorted({key for key in keys if key is not None})
    if not any(counts(allowed[key]) for key in chosen):
        raise InvalidInput(lazy("Tick at least one pending status that is enabled."), field="statuses")
    return chosen


def include_older(row: AutomaticClosing, *, actor: Actor) -> None:
    """Let a row that is on reach what was due before it was switched on, too: announced first. Raises NotAllowed."""
    access.require(actor, "configure")
    if row.enabled and not row.includes_older:
        row.includes_older = True
        row.save()


def delete(row: AutomaticClosing, *, actor: Actor) -> None:
    """Delete a row: that of the wider place, if there is one, holds for its tickets from now on. Raises NotAllowed."""
    access.require(actor, "configure")
    with transaction():
        _begin_anew(narrowest(row.service_id, row.department_id, but=row.id))
        row.delete_instance()


def _begin_anew(wider: AutomaticClosing | None) -> None:
    """Let a row that gets tickets of a narrower one leave alone what was due before that."""
    if wider is not None and wider.enabled:
        anew = {"acts_from": clock.now(), "includes_older": False}
        AutomaticClosing.update(**anew).where(AutomaticClosing.id == wider.id).execute()
        Stamp.bump()
