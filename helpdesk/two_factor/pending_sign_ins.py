"""Sign-ins whose password was right and whose code is still to come: they open nothing but the page that takes it."""

from __future__ import annotations

import secrets
from datetime import timedelta

from helpdesk import clock, events, journal, links
from helpdesk.errors import InvalidInput, NotFound, TooMany
from helpdesk.i18n import lazy
from helpdesk.lib import log
from helpdesk.people import sign_in_limits, sign_ins
from helpdesk.people.sign_in_limits import Visitor
from helpdesk.two_factor import second_factors
from models import Agent, PendingSignIn

LIFETIME = timedelta(minutes=10)


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
        raise NotFound(lazy("Sign in again: the code must be entered within 10 minutes."))
    agent: Agent = row.agent
    account = sign_ins.account_of(agent)
    try:
        sign_in_limits.admit_code(account, visitor)
    except TooMany:
        log.sign_in_refused("agent", "blocked", visitor.address)
        raise
    with events.transaction():
        is_right = second_factors.use(agent, code) and bool(
            PendingSignIn.delete().where(PendingSignIn.id == row.id).execute()
        )
    if not is_right:
        log.sign_in_refused("agent", "code", visitor.address)
        journal.sign_in_refused(agent.email, visitor.address)
        raise InvalidInput(lazy("This code is not right, or it was used already."), field="code")
    sign_in_limits.forget_codes(account, visitor)
    return agent


def end(token: str) -> None:
    """Let a browser wait no longer."""
    PendingSignIn.delete().where(PendingSignIn.token_hash == links.hash_token(token)).execute()


def _row(token: str) -> PendingSignIn | None:
    query = PendingSignIn.select(PendingSignIn, Agent).join(Agent)
    chosen = PendingSignIn.token_hash == links.hash_token(token)
    row: PendingSignIn | None = query.where(chosen, PendingSignIn.expires_at > clock.now(), Agent.active).first()
    return row
