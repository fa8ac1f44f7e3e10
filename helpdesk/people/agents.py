"""The accounts of agents as an administrator changes them: stored, disabled, deleted; and one's own profile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from peewee import IntegrityError

from database import Stamp
from helpdesk import access, events, journal, links
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput, StillInUse
from helpdesk.i18n import lazy
from helpdesk.lib import email_syntax, inputs
from helpdesk.locking import lock_account, lock_all
from helpdesk.people import invitations, required_second_factor, sign_ins, teams
from models import BACK, NEXT, STAY, Agent, Role

#: Which mails about due times an agent wants.
DUE_MAILS = ("mail_on_warning", "mail_on_overdue", "mail_on_due_list")


def save_agent(agent: Agent, values: Mapping[str, Any], *, actor: Actor) -> Agent:
    """Store the columns of an account, as far as given: ``name``, ``email``, ``role``, ``is_admin``, ``active`` …

    A new agent is invited. Disabling unassigns all tickets (RULES 7). Whoever changes their own e-mail address gives
    ``current``, their password. Raises NotAllowed, StillInUse for the last administrator, or InvalidInput at a field.
    """
    access.require(actor, "administer")
    if agent.id is None:
        return _invite(values, actor)
    before, noted = Agent.get_by_id(agent.id), journal.snapshot(agent)
    clean = _checked(before, values)
    if isinstance(actor, Agent) and actor.id == before.id and clean.get("email", before.email) != before.email:
        sign_ins.check_current(before, str(values.get("current") or ""))
    inputs.set_attributes(agent, clean)
    with events.transaction():
        lock_account(agent, actor=actor)
        if before.active and not agent.active:
            lock_all(teams.assigned_to(agent))
        # Whoever changes a catalogue table waits here: two administrators cannot disable each other at once.
        Stamp.bump()
        if not (agent.active and agent.is_admin):
            keep_one_administrator(agent)
        _store(agent)
        _end_what_changed(before, agent, actor)
        required_second_factor.refresh()
        journal.saved(agent, noted, actor=actor)
    return agent


def _invite(values: Mapping[str, Any], actor: Actor) -> Agent:
    return invitations.invite(
        actor,
        str(values.get("email") or ""),
        str(values.get("name") or ""),
        values.get("role"),
        is_admin=bool(values.get("is_admin")),
        locale=values.get("locale"),
    )


def _checked(agent: Agent, values: Mapping[str, Any]) -> dict[str, Any]:
    checks: dict[str, Callable[[Any], Any]] = {
        "name": lambda value: inputs.required(value, "name"),
        "email": lambda value: email_syntax.normalise(str(value or "")),
        "role": lambda value: inputs.find_row(Role, value, "role") or agent.role,
        "is_admin": bool,
        "active": bool,
        "takes_tickets": bool,
        "locale": inputs.language,
        "timezone": inputs.timezone,
    }
    return {key: check(values[key]) for key, check in checks.items() if key in values}


def _store(agent: Agent) -> None:
    try:
        with events.transaction():
            agent.save()
    except IntegrityError as error:
        raise InvalidInput(lazy("There is an account with this e-mail address."), field="email") from error


def _end_what_changed(before: Agent, after: Agent, actor: Actor) -> None:
    if before.active and not after.active:
        sign_ins.end_all_sign_ins(after)
        links.forget_links_of(after)
        journal.record(journal.Act.DISABLED, actor=actor, subject=after.name)
        teams.unassign(teams.assigned_to(after), actor=actor, why="agent-disabled", name=after.name)
    if before.email != after.email:
        # Links mailed to the old address must not open the account of its new holder.
        links.forget_links_of(after)
    if _rights(before) != _rights(after) and not _is_own(after, actor):
        sign_ins.end_all_sign_ins(after)


def _rights(agent: Agent) -> tuple[int, bool]:
    return agent.role_id, agent.is_admin


def _is_own(agent: Agent, actor: Actor) -> bool:
    return isinstance(actor, Agent) and actor.id == agent.id


def signs_out(agent: Agent, values: Mapping[str, Any], *, actor: Actor) -> bool:
    """Whether storing these values ends sign-ins of the agent: other rights, or none."""
    clean = _checked(agent, values)
    role, is_admin = clean.get("role", agent.role), clean.get("is_admin", agent.is_admin)
    changed = _rights(agent) != (role.id, is_admin) and not _is_own(agent, actor)
    closed = agent.active and not clean.get("active", True)
    return (changed or closed) and bool(sign_ins.list_sign_ins(agent))


def disable_agent(agent: Agent, *, actor: Actor) -> Agent:
    """Close an account: signed out everywhere, all tickets unassigned, what was written stays.

    Raises NotAllowed, or StillInUse for the last administrator.
    """
    return save_agent(agent, {"active": False}, actor=actor)


def delete_agent(agent: Agent, *, actor: Actor) -> int:
    """Delete an account; return how many tickets it leaves unassigned. The name stays on what was written.

    Raises NotAllowed, or StillInUse for the last administrator.
    """
    access.require(actor, "administer")
    with events.transaction():
        lock_account(agent, actor=actor)
        lock_all(teams.assigned_to(agent))
        Stamp.bump()
        keep_one_administrator(agent)
        count = teams.unassign(teams.assigned_to(agent), actor=actor, why="agent-deleted", name=agent.name)
        # Before it goes: whoever deletes their own account still signs this line.
        journal.deleted(agent, agent.name, actor=actor)
        agent.delete_instance()
    return count


def keep_one_administrator(agent: Agent) -> None:
    """Raise StillInUse when this is the last administrator who can sign in: who was only invited cannot yet."""
    administrators = Agent.select().where(Agent.is_admin, Agent.active, Agent.password_hash.is_null(False))
    ids = [row.id for row in administrators]
    if ids == [agent.id]:
        raise StillInUse(lazy("This is the last active administrator: appoint another one first."))


def save_profile(agent: Agent, values: Mapping[str, Any]) -> Agent:
    """Store what the profile of the agent who asks holds: ``name``, ``locale``, ``timezone``, ``shortcuts`` and so on.

    Raises InvalidInput at a field.
    """
    clean = _checked(agent, {key: value for key, value in values.items() if key in {"name", "locale", "timezone"}})
    inputs.set_attributes(agent, clean)
    agent.shortcuts = bool(values.get("shortcuts", agent.shortcuts))
    for name in ("answers_by_mail", *DUE_MAILS):
        setattr(agent, name, bool(values.get(name, getattr(agent, name))))
    if values.get("after_act") in (STAY, NEXT, BACK):
        agent.after_act = values["after_act"]
    agent.save()
    return agent
