"""Headers on every answer, cookies as strict as the site address allows, and the hosts we answer to."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, g, has_request_context, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadData, URLSafeTimedSerializer
from peewee import InterfaceError, OperationalError

from helpdesk import links, settings
from helpdesk.lib import security_headers
from helpdesk.operations import proxy_headers
from helpdesk.settings import environment

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

#: What the wizard offers besides its steps.
SWITCHES = frozenset({"public.language", "choose_theme"})

POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


#: How old the signature of a cookie may be before an answer signs it anew, which makes it last longer.
SIGNED_EVERY = timedelta(days=1)


class Session(SecureCookieSession):
    """What a browser keeps, and when that was signed; None when it is new."""

    signed_at: datetime | None = None


class Cookies(SecureCookieSessionInterface):
    """The session cookie: ``Secure`` and ``__Host-`` exactly when the site address is https."""

    session_class = Session
    _serializer: tuple[object, URLSafeTimedSerializer] | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs cookies: one for all requests, because making it costs as much as a signature."""
        if self._serializer is None or self._serializer[0] != app.secret_key:
            made = super().get_signing_serializer(app)
            self._serializer = (app.secret_key, made) if made is not None else None
        return self._serializer[1] if self._serializer is not None else None

    def get_cookie_name(self, app: Flask) -> str:
        return "__Host-guichet" if is_https() else "guichet"

    def get_cookie_secure(self, app: Flask) -> bool:
        return is_https()

    def get_cookie_domain(self, app: Flask) -> None:
        return None

    def open_session(self, app: Flask, request: Request) -> Session | None:
        """Read the cookie; one that seems to come from the future is as good: the clock was set back."""
        serializer = self.get_signing_serializer(app)
        if serializer is None:
            return None
        try:
            values, signed_at = serializer.loads(
                request.cookies.get(self.get_cookie_name(app), ""), return_timestamp=True
            )
        except BadData:
            return self.session_class()
        is_old = signed_at < datetime.now(UTC) - app.permanent_session_lifetime
        session = self.session_class() if is_old else self.session_class(values)
        session.signed_at = signed_at
        return session

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Whether the answer sets the cookie: it holds something else, or was signed more than a day ago."""
        signed_at = session.signed_at if isinstance(session, Session) else None
        age = datetime.now(UTC) - signed_at if signed_at is not None else SIGNED_EVERY
        # One that seems to come from the future is signed by the clock of today.
        is_recent = timedelta(0) <= age < SIGNED_EVERY
        return session.modified or (session.permanent and not is_recent)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie. What is the same for everybody hangs on none: a browser keeps it when somebody signs in."""
        if request.blueprint != "assets":
            super().save_session(app, session, response)
        if response.headers.get("Cache-Control") == KEPT_FOR_BACK:
            # An answer may sign the cookie anew: with it, the page would be another one a second later.
            response.vary.discard("Cookie")


#: Whether the public address was an https one when a page last looked.
_was_https: bool | None = None


def is_https() -> bool:
    """Whether the public address of the desk is an https one."""
    global _was_https
    # Static files are sent while the database hangs: for them, what pages last read is new enough.
    if _was_https is None or not has_request_context() or not request.path.startswith("/static/"):
        _was_https = _read_https()
    return _was_https


def _read_https() -> bool:
    try:
        return settings.site_url().startswith("https://")
    except (OperationalError, InterfaceError):
        # Asked before and after every view: a lost database must not break the answer that says so.
        return (environment.current().site_url or "").startswith("https://")


def init_app(app: Flask) -> None:
    """Put the guards before and after every request."""
    app.session_interface = Cookies()
    app.before_request(check_host)
    app.before_request(remember_proxy)
    app.after_request(add_headers)


def nonce() -> str:
    """Return the nonce of this answer's scripts and styles."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce


def check_host() -> None:
    """Answer 400 to a host that is not ours: links and cookies would carry somebody else's name.

    Ours are the public address and loopback; before set-up, any host whose request carries the set-up token. What is
    the same for everybody (health, styles, scripts, the logo) is given whatever the name.
    """
    if request.endpoint == "public.health" or request.blueprint == "assets":
        return
    host = host_of(request.host)
    if host in LOOPBACK or host == urlsplit(settings.site_url()).hostname:
        return
    if not (links.setup_is_open() and links.check_setup_token(_setup_token())):
        abort(400, "host")


def remember_proxy() -> None:
    """Remember for the doctor that a proxy is in front which is not trusted."""
    if proxy_headers.MARK in request.environ and request.blueprint != "assets":
        proxy_headers.remember()


def host_of(netloc: str) -> str:
    """Return the name in a ``Host`` header, an empty one when it cannot be read."""
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


def _setup_token() -> str:
    """Return the set-up token that a request carries: in its address, or in the way back of the wizard's switches."""
    if request.blueprint == "setup":
        return str((request.view_args or {}).get("token", ""))
    way = urlsplit(safe_path(request.form.get("next"), "")).path if request.endpoint in SWITCHES else ""
    return way.removeprefix("/setup/") if way.startswith("/setup/") else ""


#: A browser may keep the page, for *Back* alone.
KEPT_FOR_BACK = "private, no-cache"
#: What a form answers that is shown again with what was typed.
SHOWN_AGAIN = frozenset({409, 422, 429})
#: Where nothing that was read stays behind.
SIGN_OUTS = frozenset({"account.sign_out", "public.sign_out"})


def keep_for_back(response: Response) -> Response:
    """Let a browser keep what answers a form: *Back* takes it from its own store, or ends in its error page."""
    response.headers.setdefault("Cache-Control", KEPT_FOR_BACK)
    return response


def add_headers(response: Response) -> Response:
    """Set the headers of a careful answer; a view may have set a stricter policy itself."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY.format(nonce=nonce()))
    for name, value in security_headers.HEADERS.items():
        headers.setdefault(name, value)
    if request.method == "POST" and response.status_code in SHOWN_AGAIN:
        keep_for_back(response)
    if not response.cache_control.max_age:
        headers.setdefault("Cache-Control", "no-store")
    if request.endpoint in SIGN_OUTS:
        headers.setdefault("Clear-Site-Data", '"cache"')
    if is_https():
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def safe_path(target: str | None, default: str) -> str:
    """Return `target` when it is a path of this desk, else `default`: nobody is sent elsewhere by a link of ours."""
    text = target or ""
    plain = text.isprintable() and "\\" not in text
    return text if plain and text.startswith("/") and not text.startswith("//") else default


def is_sound(address: str) -> bool:
    """Whether an address can be read and written into a header at all; not whether it is one of ours."""
    try:
        urlsplit(address)
    except ValueError:
        return False
    return address.isprintable()
