"""Step-up: what hurts most asks for the password once more, and for the code, when the sign-in is some time ago."""

from __future__ import annotations

from datetime import timedelta

from helpdesk import clock, links
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import passwords, throttle
from helpdesk.people import sign_ins
from helpdesk.people.sign_in_limits import Visitor
from helpdesk.two_factor import code_tries, second_factors
from models import Agent, SignIn

#: How long a sign-in, or what was given since, is good for acts that hurt.
FRESH = timedelta(minutes=15)


def is_fresh(token: str | None) -> bool:
    """Whether password and code were given in the browser with this token a short while ago."""
    now = clock.now()
    # What a clock that was ahead has left would be fresh until that time comes.
    span = now - FRESH, now + throttle.APART
    chosen = SignIn.token_hash == links.hash_token(token or "")
    is_recent = SignIn.created_at.between(*span) | SignIn.confirmed_at.between(*span)
    return SignIn.select().where(chosen, is_recent).exists()


def asks_code(agent: Agent, token: str | None) -> bool:
    """Whether the code must be given beside the password: there is a second factor, and it is some time ago."""
    return not is_fresh(token) and second_factors.is_on(agent)


def confirm(
    agent: Agent,
    current: str | None,
    code: str | None,
    *,
    token: str | None,
    visitor: Visitor,
    by_provider: bool = False,
) -> None:
    """Make the sign-in of the browser with this token fresh again, by the password and, if it is asked for, the code.

    In place of a password that was never chosen stands what their provider has just confirmed (`by_provider`).
    Raises InvalidInput at ``current`` or ``code``, or TooMany.
    """
    if agent.password_hash == passwords.NONE:
        if is_fresh(token):
            return
        if not by_provider:
            raise InvalidInput(lazy("Confirm first that it is you."))
    sign_ins.check_current(agent, current)
    if asks_code(agent, token):
        code_tries.require(agent, code or "", visitor=visitor)
    refresh(token)


def refresh(token: str | None) -> None:
    """Make the sign-in of the browser with this token fresh: who is there has just shown that it is them."""
    SignIn.update(confirmed_at=clock.now()).where(SignIn.token_hash == links.hash_token(token or "")).execute()
