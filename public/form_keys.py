"""The key of a form, signed with its time: what it sends twice is stored once."""

from __future__ import annotations

import secrets
import time

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

#: Seconds above which a key is too old.
OLDEST = 7 * 86_400


def new() -> str:
    """Return the signed key of a form that is shown."""
    return _serializer().dumps(secrets.token_urlsafe(24))


def read(text: str | None) -> tuple[str | None, float]:
    """Return the key of a form and its age in seconds; no key when it is not ours or too old."""
    if not text:
        return None, 0.0
    try:
        key, made = _serializer().loads(text, return_timestamp=True)
    except BadData:
        return None, 0.0
    age = time.time() - made.timestamp()
    if age > OLDEST:
        return None, 0.0
    # A form from the future is no robot's: the clock was set back.
    return str(key), age if age >= 0 else float(OLDEST)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="ticket form")
