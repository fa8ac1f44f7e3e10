"""Whole sentences of mails about accounts: who did it decides which one it is."""

from __future__ import annotations

from database import Label
from models import Agent

RESET = Label(
    en="%(name)s reset the two-factor authentication of the account %(email)s.",
    fr="%(name)s a réinitialisé la double authentification du compte %(email)s.",
)
RESET_BY_MACHINE = Label(
    en="The two-factor authentication of the account %(email)s was reset on the machine of the desk, by somebody with "
    "access to it.",
    fr="La double authentification du compte %(email)s a été réinitialisée sur la machine du support, par une personne "
    "qui y a accès.",
)


def of_reset(agent: Agent, actor: Agent | None, locale: str) -> str:
    """Return who reset the second factor of an agent; `actor` is None at the command line of the machine."""
    words = {"email": agent.email, "name": actor.name if actor is not None else ""}
    return (RESET_BY_MACHINE if actor is None else RESET).text(locale, "en") % words
