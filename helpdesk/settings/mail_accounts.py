"""The sign-ins of mailboxes at Google and Microsoft: their tokens, encrypted, renewed in time, and refused ones named.

Incoming mail and the mail server sign in with the same token. A token is renewed some minutes before its end and not
at each use, as providers take that for abuse; the new refresh token is stored with it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib
import json
import threading
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

from helpdesk import clock
from helpdesk.lib.cache import CachedValue
from helpdesk.settings import encryption, environment
from helpdesk.settings.environment import MailServer
from helpdesk.settings.mail_providers import ANY_TENANT, PROVIDERS, Provider
from models import Mailbox

#: How long before its end a token is renewed.
BEFORE_END = timedelta(minutes=5)
#: A refused sign-in is tried again after this.
RETRY = timedelta(hours=1)
#: Seconds in which somebody may sign in at the provider.
WINDOW = 900
_renewing = threading.Lock()
_accounts = CachedValue(
    lambda: {row.id: row for row in Mailbox.select().where(Mailbox.auth != "password").order_by(Mailbox.position)}
)


class SignInNeeded(OSError):
    """Somebody must sign in at the provider again; the message is the provider's name and its word for it."""


def protocol() -> ModuleType:
    """Return the module that knows the libraries of OAuth: read only once a mailbox needs it."""
    return importlib.import_module("helpdesk.lib.oauth")


def provider_of(mailbox: Mailbox) -> Provider | None:
    """Return who a mailbox signs in at; None for one with a password."""
    return PROVIDERS.get(mailbox.auth)


def imap_server_of(mailbox: Mailbox) -> tuple[str, int, str]:
    """Return host, port and encryption of a mailbox: a token goes to its provider alone, whatever its row holds."""
    provider = provider_of(mailbox)
    if provider is None:
        return mailbox.host, mailbox.port, mailbox.security
    return provider.imap_host, provider.imap_port, provider.imap_security


def accounts() -> list[Mailbox]:
    """Return the mailboxes that sign in at a provider."""
    return list(_accounts().values())


def server_of(key: str) -> MailServer | None:
    """Return the server that sends by the account of this mailbox; None where there is no such account."""
    mailbox = _accounts().get(int(key)) if key else None
    if mailbox is None:
        return None
    provider = PROVIDERS[mailbox.auth]
    return MailServer(
        provider.smtp_host, provider.smtp_port, mailbox.username, tls=provider.smtp_tls, account=mailbox.id
    )


def _client(mailbox: Mailbox, provider: Provider, redirect_url: str = "") -> Any:
    return protocol().Client(
        mailbox.client_id,
        encryption.decrypt(mailbox.client_secret),
        provider.token_url.format(tenant=mailbox.tenant or ANY_TENANT),
        provider.application_scope if mailbox.as_application else provider.scope,
        redirect_url,
    )


# --- Signing in -----------------------------------------------------------------------------------------------------


def _states() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(environment.current().secret_key, salt="sign-in of a mailbox")


def _bound(nonce: str, browser: str, purpose: str) -> str:
    """Return what only the desk can make of a number used once and the sign-in of a browser."""
    key = environment.current().secret_key.encode()
    digest = hmac.new(key, f"mailbox {purpose}|{nonce}|{browser}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def sign_in_url(mailbox: Mailbox, provider: Provider, *, nonce: str, browser: str, redirect_url: str) -> str:
    """Return the address at the provider where this browser signs a mailbox in."""
    state = _states().dumps([mailbox.id, nonce, _bound(nonce, browser, "state")])
    parameters = dict(provider.parameters)
    if mailbox.auth == "google":
        parameters["login_hint"] = mailbox.username
    return str(
        _client(mailbox, provider, redirect_url).sign_in_url(
            provider.authorize_url.format(tenant=mailbox.tenant or ANY_TENANT),
            str(state),
            _bound(nonce, browser, "verifier"),
            **parameters,
        )
    )


def read_state(text: str, *, browser: str) -> tuple[int, str] | None:
    """Return the mailbox and number of a state that this very browser was given some minutes ago, else None."""
    try:
        key, nonce, mark = _states().loads(text, max_age=WINDOW)
    except (BadData, ValueError, TypeError):
        return None
    if not hmac.compare_digest(str(mark), _bound(str(nonce), browser, "state")):
        return None
    return int(key), str(nonce)


def redeem(mailbox: Mailbox, provider: Provider, code: str, *, nonce: str, browser: str, redirect_url: str) -> None:
    """Store the tokens that a code brings. Raises SignInNeeded, or OSError when the provider cannot be reached."""
    try:
        tokens = _client(mailbox, provider, redirect_url).redeem(code, _bound(nonce, browser, "verifier"))
    except protocol().Refused as error:
        raise SignInNeeded(f"{provider.name}: {error}") from None
    if not tokens.refresh:
        # Such an access would end within the hour.
        raise SignInNeeded(f"{provider.name}: refresh_token")
    values = {"tokens": _written(tokens), "failing_since": None, "last_error": ""}
    Mailbox.update(**values).where(Mailbox.id == mailbox.id).execute()


# --- Tokens ---------------------------------------------------------------------------------------------------------


def _written(tokens: Any) -> str:
    now = clock.now()
    values = {
        "access": tokens.access, "refresh": tokens.refresh,
        "since": now.isoformat(), "until": (now + timedelta(seconds=min(tokens.seconds, 86_400))).isoformat(),
    }  # fmt: skip
    return encryption.encrypt(json.dumps(values))


def _stored(mailbox: Mailbox) -> dict[str, str]:
    text = encryption.decrypt(mailbox.tokens)
    return dict(json.loads(text)) if text else {}


def is_signed_in(mailbox: Mailbox) -> bool:
    """Whether a mailbox has tokens that nobody has refused, or an application that brings them."""
    stored = _stored(mailbox)
    is_ready = bool(stored) or (mailbox.as_application and bool(encryption.decrypt(mailbox.client_secret)))
    return is_ready and "refused" not in stored


def _good(stored: dict[str, str]) -> str:
    """Return the access token where it is good for some minutes more, by a clock that did not jump."""
    if "access" not in stored:
        return ""
    now, since, until = clock.now(), datetime.fromisoformat(stored["since"]), datetime.fromisoformat(stored["until"])
    return stored["access"] if since - BEFORE_END < now < until - BEFORE_END else ""


def access_token(key: int) -> str:
    """Return a token for the mailbox with this id, renewed if need be.

    Raises SignInNeeded, or OSError when the provider cannot be reached.
    """
    if token := _good(_stored(Mailbox.get_by_id(key))):
        return token
    # Of several threads one asks; the others find what it has stored.
    with _renewing:
        mailbox = Mailbox.get_by_id(key)
        stored = _stored(mailbox)
        return _good(stored) or _renewed(mailbox, stored)


def _renewed(mailbox: Mailbox, stored: dict[str, str]) -> str:
    provider = provider_of(mailbox)
    if provider is None or not (stored or mailbox.as_application):
        raise SignInNeeded(provider.name if provider is not None else "")
    if "refused" in stored and abs(clock.now() - datetime.fromisoformat(stored["refused"])) < RETRY:
        raise SignInNeeded(f"{provider.name}: {stored['reason']}")
    try:
        client = _client(mailbox, provider)
        tokens = client.of_application() if mailbox.as_application else client.renew(stored["refresh"])
    except protocol().Refused as error:
        if token := _of_another(mailbox):
            return token
        reason = {"refresh": stored.get("refresh", ""), "refused": clock.now().isoformat(), "reason": str(error)}
        _replace(mailbox, encryption.encrypt(json.dumps(reason)))
        raise SignInNeeded(f"{provider.name}: {error}") from None
    _replace(mailbox, _written(tokens))
    return str(tokens.access)


def _of_another(mailbox: Mailbox) -> str:
    """Return the token that another process has just renewed with the same refresh token, which is used up then."""
    return _good(_stored(Mailbox.get_by_id(mailbox.id)))


def _replace(mailbox: Mailbox, tokens: str) -> None:
    """Store tokens in the place of those that were read, unless somebody has signed in meanwhile."""
    Mailbox.update(tokens=tokens).where(Mailbox.id == mailbox.id, Mailbox.tokens == mailbox.tokens).execute()


def try_anew(key: int) -> None:
    """Have a refused sign-in tried at its next use: what was refused may have been the client secret of before."""
    mailbox = Mailbox.get_by_id(key)
    stored = _stored(mailbox)
    if "refused" in stored:
        _replace(mailbox, encryption.encrypt(json.dumps({"refresh": stored["refresh"]})))


def doubt(key: int) -> None:
    """Have a token renewed at its next use, as its mail server refuses it; one that is new stays."""
    mailbox = Mailbox.get_by_id(key)
    stored = _stored(mailbox)
    if "since" in stored and clock.now() - datetime.fromisoformat(stored["since"]) > BEFORE_END:
        _replace(mailbox, encryption.encrypt(json.dumps({"refresh": stored["refresh"]})))
