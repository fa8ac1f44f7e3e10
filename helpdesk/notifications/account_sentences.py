"""Whole sentences of mails about accounts, in the language that is set: who did it decides which one it is."""

from __future__ import annotations

from helpdesk.i18n import translate
from models import Agent


def of_reset(agent: Agent, actor: Agent | None) -> str:
    """Return who reset the second factor of an agent; `actor` is None at the command line of the machine."""
    if actor is not None:
        return translate(
            "%(name)s reset the two-factor authentication of the account %(email)s.",
            name=actor.name,
            email=agent.email,
        )
    return translate(
        "The two-factor authentication of the account %(email)s was reset on the machine of the desk, by somebody with "
        "access to it.",
        email=agent.email,
    )
