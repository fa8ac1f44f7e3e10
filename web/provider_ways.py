"""What a browser keeps while somebody is at a provider, and how both doors send them there and take them back.

A way is begun by a link that carries the token of the session: no other site begins one. It is a link and no form, as
the strict policy lets no form lead elsewhere. The state belongs to this browser alone, and is used once.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import redirect, request, session
from flask_wtf.csrf import generate_csrf, validate_csrf
from werkzeug.wrappers import Response
from wtforms import ValidationError

from helpdesk.errors import NotFound
from helpdesk.single_sign_on import attempts, linking
from helpdesk.single_sign_on.attempts import OPEN, Attempt, Proof
from models import Agent, IdentityProvider
from web import sessions

#: Where the session has the ways that are open.
WAYS = "ways_to_providers"


def token() -> str:
    """Return what the address of a link carries that begins a way."""
    return str(generate_csrf())


def is_own_link() -> bool:
    """Whether a page of this browser has led here."""
    try:
        validate_csrf(request.args.get("token"))
    except ValidationError:
        return False
    return True


def leave(
    provider: IdentityProvider | None, purpose: str, *, path: str, after: str = "", agent: Agent | None = None
) -> Response:
    """Lead to a provider, and remember for what. Raises NotFound, or Refused where it cannot be asked."""
    if provider is None:
        raise NotFound()
    url, attempt = attempts.begin(provider, purpose, path=path, after=after, agent=agent.id if agent is not None else 0)
    session[WAYS] = [*_ways(), asdict(attempt)][-OPEN:]
    return redirect(url, 303)


def _ways() -> list[dict[str, Any]]:
    stored = session.get(WAYS)
    return stored if isinstance(stored, list) else []


def take() -> Attempt | None:
    """Return the way that this answer belongs to, which this browser has not any more then."""
    state = request.args.get("state", "")
    chosen = next((way for way in _ways() if way["state"] == state), None)
    if chosen is None:
        return None
    session[WAYS] = [way for way in _ways() if way["state"] != state]
    return Attempt(**chosen)


def come_back(attempt: Attempt | None, *, path: str) -> Proof:
    """Return who came back. Raises Refused or TooMany."""
    return attempts.finish(attempt, request.args, path=path, visitor=sessions.visitor())


def wait_to_link(proof: Proof) -> None:
    """Let the next sign-in of another kind in this browser link this account, if both have one address."""
    if proof.email and proof.is_verified:
        stored = {"provider": proof.provider.id, "sub": proof.sub, "email": proof.email, "since": attempts.now()}
        session[sessions.WAITING] = stored


def waiting() -> tuple[IdentityProvider, str] | None:
    """Return the provider and the address of the account that is linked by the next sign-in of another kind."""
    found = linking.waiting_of(session.get(sessions.WAITING))
    return (found[0], found[2]) if found is not None else None
