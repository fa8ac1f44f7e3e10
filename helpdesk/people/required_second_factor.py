"""Who must have a second factor: by their role, or as an administrator; and the days they have to set it up.

`Agent.second_factor_due_at` says it on every page without a query: it is set exactly while one is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from peewee import CompoundSelectQuery, ModelSelect

from database import Stamp, database
from helpdesk import clock, settings
from helpdesk.lib import passwords
from helpdesk.settings import lookups
from models import Agent, Identity, IdentityProvider, Passkey, Role, SecondFactor

#: How long one may go on without, from the day on which it is required.
GRACE = timedelta(days=7)
#: The setting that requires it of administrators, whatever their role.
OF_ADMINISTRATORS = "administrators_second_factor"


def is_required(agent: Agent) -> bool:
    """Whether this agent must have a second factor."""
    role = lookups.role(agent.role_id)
    return bool(role is not None and role.requires_second_factor) or bool(
        agent.is_admin and settings.get(OF_ADMINISTRATORS)
    )


def days_left(agent: Agent) -> int | None:
    """Return the days left to set one up, begun ones counted; 0 when they are over, None when none is missing."""
    if agent.second_factor_due_at is None:
        return None
    return max(0, -((clock.now() - agent.second_factor_due_at) // timedelta(days=1)))


def is_overdue(agent: Agent) -> bool:
    """Whether one is missing and the days to set it up are over: nothing else may be done then."""
    return agent.second_factor_due_at is not None and agent.second_factor_due_at <= clock.now()


def owners() -> CompoundSelectQuery:
    """Return a query of the ids of the agents who have a second factor: a telephone, or a passkey."""
    phones = SecondFactor.select(SecondFactor.agent).where(SecondFactor.confirmed_at.is_null(False))
    return phones | Passkey.select(Passkey.agent)


def vouched_for() -> ModelSelect:
    """Return a query of the ids of the agents who come by providers alone, which all ask for a second factor."""
    linked = Identity.select(Identity.agent).join(IdentityProvider).where(IdentityProvider.enabled)
    others = linked.where(~IdentityProvider.vouches, Identity.agent.is_null(False))
    query = linked.switch(Identity).join(Agent)
    return query.where(IdentityProvider.vouches, Agent.password_hash == passwords.NONE, Agent.id.not_in(others))


def refresh() -> None:
    """Let the days begin for whoever must have a second factor and has none, and end for everybody else.

    Those of somebody invited begin when they come (`sign_ins.start_sign_in`). Call it in the transaction that changes
    who must have one, or who has one.
    """
    needs = Agent.role.in_(Role.select(Role.id).where(Role.requires_second_factor))
    if settings.get(OF_ADMINISTRATORS):
        needs |= Agent.is_admin
    comes = Agent.active & Agent.password_hash.is_null(False)
    is_missing = comes & needs & Agent.id.not_in(owners()) & Agent.id.not_in(vouched_for())
    due = Agent.second_factor_due_at
    with database.atomic():
        ended = Agent.update(second_factor_due_at=None).where(due.is_null(False), ~is_missing).execute()
        begun = Agent.update(second_factor_due_at=clock.now() + GRACE).where(due.is_null(), is_missing).execute()
        if ended or begun:
            Stamp.bump()


def follow_setting(changes: Mapping[str, tuple[Any, Any]], _actor: Agent | None) -> None:
    """Begin or end the days of administrators when the setting changes."""
    if OF_ADMINISTRATORS in changes:
        refresh()
