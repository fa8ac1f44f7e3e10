"""The cookie of a browser that signed in before: whoever attacks an account from elsewhere does not shut it out.

It signs nobody in. It is signed and holds a random key and a mark of each account that signed in there.
"""

from __future__ import annotations

import secrets

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadData, URLSafeSerializer

from helpdesk.people.sign_in_limits import Browser
from web.security import is_https

YEAR = 31_536_000


def present() -> Browser | None:
    """Return the browser of this request, if it signed in before."""
    try:
        key, *accounts = _serializer().loads(request.cookies.get(_name(), ""))
    except (BadData, ValueError, TypeError):
        return None
    return Browser(str(key), tuple(str(mark) for mark in accounts))


def remember(account: str) -> None:
    """Let this browser be known for this account from now on."""
    browser = (present() or Browser(secrets.token_urlsafe(16))).with_account(account)
    value = str(_serializer().dumps([browser.key, *browser.accounts]))

    @after_this_request
    def give(response: Response) -> Response:
        response.set_cookie(_name(), value, max_age=YEAR, secure=is_https(), httponly=True, samesite="Lax", path="/")
        return response


def _name() -> str:
    return "__Host-known" if is_https() else "known"


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="known browser")
