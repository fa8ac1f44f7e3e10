"""Sign-ins whose password was right and whose code is still to come: they open nothing but the page that takes it."""

from __future__ import annotations

import secrets
from datetime import timedelta

from helpdesk import clock, links
from helpdesk.errors import NotFound
from helpdesk.i18n import lazy
from helpdesk.lib import throttle
from helpdesk.people.sign_in_limits import Visitor
from helpdesk.two_factor import code_tries
from models import Agent, PendingSignIn

LIFETIME = timedelta(minutes=10)
TOO_LATE = lazy("Sign in again: the code must be entered within 10 minutes.")


def begin(agent: Agent) -> str:
    """Return the random token of a browser whose password was right; only the token's hash is stored."""
    token = secrets.token_urlsafe(32)
    PendingSignIn.create(token_hash=links.hash_token(token), agent=agent, expires_at=clock.now() + LIFETIME)
    return token


def agent_of(token: str) -> Agent | None:
    """Return the active agent whose code this browser may give, or None when its ten minutes are over."""
    row = _row(token)
    return row.agent if row is not None else None


def complete(token: str, code: str, *, visitor: Visitor) -> Agent:
    """Return the agent whose sign-in is whole with this code, which is used up.

    Raises NotFound when the ten minutes are over, InvalidInput at ``code``, or TooMany.
    """
    row = _row(token)
    if row is None:
        raise NotFound(TOO_LATE)
    agent: Agent = row.agent
    code_tries.require(agent, code, visitor=visitor)
    if not PendingSignIn.delete().where(PendingSignIn.id == row.id).execute():
        raise NotFound(TOO_LATE)
    return agent


def end(token: str) -> None:
    """Let a browser wait no longer."""
    PendingSignIn.delete().where(PendingSignIn.token_hash == links.hash_token(token)).execute()


def _row(token: str) -> PendingSignIn | None:
    query, now = PendingSignIn.select(PendingSignIn, Agent).join(Agent), clock.now()
    chosen = PendingSignIn.token_hash == links.hash_token(token)
    # One that a clock which was ahead has left would wait until that time comes.
    waits = (PendingSignIn.expires_at > now) & (PendingSignIn.expires_at <= now + LIFETIME + throttle.APART)
    row: PendingSignIn | None = query.where(chosen, waits, Agent.active).first()
    return row
