"""The settings as the screen of configuration stores them, each by who may change it (RULES 41)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpdesk import access, settings
from helpdesk.events import transaction
from helpdesk.settings import DECLARED
from helpdesk.setup import erasure_second
from models import Agent


def may_set(agent: Agent, key: str) -> bool:
    """Whether this agent may change this setting."""
    return access.can(agent, _verb(key))


def save(values: Mapping[str, Any], *, actor: Agent) -> dict[str, Any]:
    """Store these settings, all or none, and return those that changed; one waits for a second administrator.

    Raises NotAllowed, also for one that belongs to administrators, or InvalidInput with the key as its field.
    """
    for verb in {_verb(key) for key in values}:
        access.require(actor, verb)
    with transaction():
        return settings.save(erasure_second.held_back(values, actor=actor), actor=actor)


def _verb(key: str) -> str:
    return "administer" if DECLARED[key].is_for_administrators else "configure"
