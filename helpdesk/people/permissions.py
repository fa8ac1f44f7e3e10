"""What agents cover (permissions) and what they may do there (roles)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import IntegrityError

from database import Stamp, database
from helpdesk import access, journal
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput, NotAllowed, StillInUse
from helpdesk.i18n import lazy, ngettext
from helpdesk.lib import inputs, link_addresses, richtext
from helpdesk.lib.cache import CachedValue
from helpdesk.people import required_second_factor
from helpdesk.settings import lookups
from models import CAPABILITIES, Agent, Department, Permission, Role, Service

MAX_SIGNATURE = 20_000
#: Names of agents in the error when a role is still in use.
NAMED = 5


def save_permission(
    agent: Agent, values: Mapping[str, Any], *, actor: Actor, permission: Permission | None = None
) -> Permission:
    """Add a permission to an agent, or change `permission`: ``service``, ``department``, ``signature``, ``notify``.

    No service means the whole support. A new one without ``notify`` takes that of the wider one which ruled there
    until now (RULES 37). Raises NotAllowed, or InvalidInput at the field that is wrong.
    """
    access.require(actor, "administer")
    row = permission or Permission(agent=agent)
    if row.agent_id != agent.id:
        raise NotAllowed(lazy("This permission is another agent’s."))
    before = journal.snapshot(row)
    row.service, row.department = _scope(row, values)
    if row.id is None:
        wider = access.deciding_permission(agent, row.service_id, row.department_id)
        row.notify = wider is not None and wider.notify
    _set_own(row, values)
    try:
        with database.atomic():
            row.save()
            journal.saved(row, before, actor=actor)
    except IntegrityError as error:
        is_own = isinstance(actor, Agent) and actor.id == agent.id
        message = (
            lazy("You have a permission for the same place already.")
            if is_own
            else lazy("This agent has a permission for the same place already.")
        )
        raise InvalidInput(message, field="department") from error
    return row


def offered_notify(agent: Agent) -> bool:
    """Whether the switch of a new permission stands on at first: where one that covers a whole service notifies."""
    return any(row.notify for row in lookups.permissions_of(agent.id) if row.department_id is None)


def _scope(row: Permission, values: Mapping[str, Any]) -> tuple[Service | None, Department | None]:
    service = inputs.find_row(Service, values.get("service", row.service_id), "service")
    department = inputs.find_row(Department, values.get("department", row.department_id), "department")
    if department is not None and (service is None or department.service_id != service.id):
        raise InvalidInput(lazy("This department belongs to another service."), field="department")
    return service, department


def _set_own(row: Permission, values: Mapping[str, Any]) -> None:
    if "signature" in values:
        signature = str(values["signature"] or "")
        if len(signature) > MAX_SIGNATURE:
            raise InvalidInput(lazy("This signature is too long."), field="signature")
        link_addresses.require_kept(signature, field="signature")
        row.signature = richtext.clean(signature)
    if "notify" in values:
        row.notify = bool(values["notify"])


def save_own_permission(permission: Permission, values: Mapping[str, Any], *, actor: Actor) -> Permission:
    """Change ``signature`` and ``notify`` of one's own permission; other keys are ignored (RULES 3).

    Raises NotAllowed, or InvalidInput at ``signature``.
    """
    if not (isinstance(actor, Agent) and actor.active and actor.id == permission.agent_id):
        access.require(actor, "administer")
    _set_own(permission, values)
    permission.save()
    return permission


def delete_permission(permission: Permission, *, actor: Actor) -> None:
    """Delete a permission; tickets assigned to the agent stay assigned. Raises NotAllowed."""
    access.require(actor, "administer")
    with database.atomic():
        journal.deleted(permission, journal.name_of(permission), actor=actor)
        permission.delete_instance()


def remove_from_support(agent: Agent, *, actor: Actor) -> int:
    """Delete all permissions of an agent but not the account; return how many there were. Raises NotAllowed."""
    access.require(actor, "administer")
    with database.atomic():
        count = Permission.delete().where(Permission.agent == agent.id).execute()
        Stamp.bump()
        if count:
            journal.record(journal.Act.LEFT_SUPPORT, actor=actor, subject=agent.name)
    return int(count)


def save_role(role: Role, values: Mapping[str, Any], *, actor: Actor) -> Role:
    """Store ``name`` (one text per language) and the switches of a new or known role: ``can_…``, and whether a second
    factor is required.

    Raises NotAllowed, or InvalidInput at ``name``.
    """
    access.require(actor, "administer")
    switches = ["requires_second_factor", *(f"can_{capability}" for capability in CAPABILITIES)]
    clean: dict[str, Any] = {column: bool(values[column]) for column in switches if column in values}
    if "name" in values or role.id is None:
        clean["name"] = inputs.label(values.get("name"), "name", 80)
    before = journal.snapshot(role)
    inputs.set_attributes(role, clean)
    with database.atomic():
        role.save()
        required_second_factor.refresh()
        journal.saved(role, before, actor=actor)
    return role


def delete_role(role: Role, *, actor: Actor) -> None:
    """Delete a role. Raises NotAllowed, or StillInUse naming who has it, or that it is the last one."""
    access.require(actor, "administer")
    try:
        with database.atomic():
            # Two deletions at once wait for each other here, or they could take the last two roles.
            Stamp.bump()
            refuse_role_in_use(role)
            role.delete_instance()
            journal.deleted(role, str(role), actor=actor)
    except IntegrityError as error:
        raise StillInUse(lazy("Somebody was given this role just now.")) from error


def refuse_role_in_use(role: Role) -> None:
    """Raise StillInUse while somebody has this role, or when it is the last one."""
    names = [row.name for row in Agent.select(Agent.name).where(Agent.role == role.id).order_by(Agent.name, Agent.id)]
    if names:
        text = ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
        raise StillInUse(
            ngettext(
                "%(num)d account has this role: %(names)s.", "%(num)d accounts have this role: %(names)s.",
                len(names), names=text,
            )
        )  # fmt: skip
    if not Role.select().where(Role.id != role.id).exists():
        raise StillInUse(lazy("One role must remain."))


def take_over(row: Permission, to: Agent, *, actor: Actor) -> Permission | None:
    """Let another agent cover what this permission covers, and be notified there if it notifies; return what was
    stored, None when nothing had to be. Their signature there stays. Raises NotAllowed.
    """
    rows = lookups.permissions_of(to.id)
    same = [own for own in rows if (own.service_id, own.department_id) == (row.service_id, row.department_id)]
    wider = access.deciding_permission(to, row.service_id, row.department_id)
    if wider is not None and (wider.notify or not row.notify):
        return None
    values = {
        "service": row.service_id,
        "department": row.department_id,
        "signature": wider.signature if wider is not None else "",
        "notify": row.notify,
    }
    stored = Permission.get_by_id(same[0].id) if same else None
    return save_permission(to, values, actor=actor, permission=stored)


def places_left_by(leaving: Agent) -> tuple[list[Service | Department], list[Service | Department]]:
    """Return the places that nobody else covers by a permission, and those where nobody else is notified."""
    others = [agent for agent in lookups.agents() if agent.id != leaving.id]
    places = [department or service for service, department in lookups.places(enabled_only=True)]
    served = [place for place in places if access.covers(leaving, *_ids(place))]
    notified = [place for place in places if _is_notified(leaving, place)]
    return (
        [place for place in served if not any(access.covers(agent, *_ids(place)) for agent in others)],
        [place for place in notified if not any(_is_notified(agent, place) for agent in others)],
    )


def places_without_notification() -> list[Service | Department]:
    """Return the offered departments, and services without any, where no agent is notified of a new ticket."""
    return list(_places_without_notification())


@CachedValue
def _places_without_notification() -> list[Service | Department]:
    places = [department or service for service, department in lookups.places(enabled_only=True)]
    return [place for place in places if not any(_is_notified(agent, place) for agent in lookups.agents())]


def _is_notified(agent: Agent, place: Service | Department) -> bool:
    permission = access.deciding_permission(agent, *_ids(place))
    return permission is not None and permission.notify


def _ids(place: Service | Department) -> tuple[int, int | None]:
    return (place.service_id, place.id) if isinstance(place, Department) else (place.id, None)
