"""Challenges for passkeys: random bytes that carry their time and purpose under a seal, so that none is stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, timedelta

from helpdesk import clock
from helpdesk.lib import throttle
from helpdesk.settings import environment

#: How long a page that asks for a passkey may stay open.
LIFETIME = timedelta(hours=1)
#: Bytes of the time, of chance, and of the seal. WebAuthn (section 13.4.3) asks for sixteen of chance at least.
TIME, CHANCE, SEAL = 8, 16, 32


def make(purpose: str) -> bytes:
    """Return a challenge for this purpose."""
    body = now().to_bytes(TIME, "big") + secrets.token_bytes(CHANCE)
    return body + _seal(purpose, body)


def made_at(purpose: str, challenge: bytes) -> int | None:
    """Return when a challenge was made, in milliseconds since 1970; None for one that is not ours, or too old."""
    body, seal = challenge[: TIME + CHANCE], challenge[TIME + CHANCE :]
    if not hmac.compare_digest(seal, _seal(purpose, body)):
        return None
    made = int.from_bytes(body[:TIME], "big")
    # What a clock that was ahead has left would be good until that time comes.
    return made if -_milliseconds(throttle.APART) <= now() - made <= _milliseconds(LIFETIME) else None


def user_handle(agent_id: int) -> bytes:
    """Return the name under which a device stores the passkey of an agent; it tells nobody who that is.

    A device has one passkey a name and host, and writes a new one over it: two desks under one host must not share it.
    """
    return _seal(f"user {agent_id}", b"")


def now() -> int:
    """Return the present time in milliseconds since 1970."""
    return int(clock.now().replace(tzinfo=UTC).timestamp() * 1000)


def latest() -> int:
    """Return up to when a challenge can have been made: a mark beyond it was left by a clock that was ahead."""
    return now() + _milliseconds(throttle.APART)


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def _seal(purpose: str, body: bytes) -> bytes:
    key = b"passkey challenge" + environment.current().secret_key.encode()
    return hmac.new(key, purpose.encode() + b"\0" + body, hashlib.sha256).digest()
