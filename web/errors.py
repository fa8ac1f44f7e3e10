"""Errors as pages: the site's look, plain words, a way on. Never a traceback, never SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
from flask import Flask, current_app, flash, g, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from peewee import IntegrityError, InterfaceError, InternalError, OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from helpdesk import i18n
from helpdesk.errors import HelpdeskError, Merged, NotAllowed, NotFound, TooMany
from helpdesk.i18n import _, lazy
from helpdesk.lib import throttle
from helpdesk.operations import outage
from web import collisions
from web.kept_input import SentForm, read_form

TEXTS: dict[int, tuple[Any, Any]] = {
    400: (lazy("This request cannot be understood"), lazy("Go back, reload the page and try again.")),
    401: (lazy("You are signed out"), lazy("Nothing was sent. Sign in, then send it again from here.")),
    403: (lazy("You may not open this page"), lazy("Ask an administrator of the desk if you need it.")),
    404: (lazy("There is nothing here"), lazy("The page does not exist, or it is not yours.")),
    405: (lazy("This address is not a page"), lazy("It takes what a form sends.")),
    413: (lazy("This is too large"), lazy("Send less text or smaller files.")),
    429: (lazy("A little patience"), lazy("Wait a little, then try again.")),
    500: (lazy("Something went wrong here"), lazy("Nothing you sent was kept. Try again in a moment.")),
    503: (lazy("The desk cannot answer now"), lazy("Its database does not answer. Try again in a moment.")),
}
FULL = (
    lazy("The desk has no room left"),
    lazy("The disk of its server is full. Nothing you sent was stored: keep it, and tell whoever runs the desk."),
)
GONE = (
    lazy("The desk has lost its database"),
    lazy(
        "The file of its database is not the one it was started with. Nothing you sent was stored: keep it, and tell "
        "whoever runs the desk."
    ),
)
READ_ONLY = (
    lazy("The desk may only read its database"),
    lazy("Nothing you sent was stored: keep it, and tell whoever runs the desk."),
)
COLLIDED = (
    lazy("Somebody else was there at the same moment"),
    lazy("What this is about was changed or deleted just now. Nothing you sent was stored: send it once more."),
)
#: What may be the matter with the database: how it is known, its line in the log, its page.
FAILURES: tuple[tuple[Callable[[BaseException | None], bool], str, tuple[Any, Any]], ...] = (
    (outage.is_full, "The disk is full", FULL),
    (outage.is_gone, "The file of the database is missing or another", GONE),
    (outage.is_read_only, "The database may only be read", READ_ONLY),
    (outage.is_collision, "Two requests collided, twice", COLLIDED),
)
AWAY = ("The database does not answer", TEXTS[503])
HOST = lazy(
    "This address is not the public address of the desk. Its administrator sets it under Configuration, or starts the "
    "desk with GUICHET_SITE_URL=https://the-right-address."
)
EXPIRED_TITLE = lazy("This form has expired")
EXPIRED = lazy("This form was open for too long, or your browser keeps no cookies. Reload the page and send it again.")
AGAIN = lazy(
    "This form was open for too long, or your browser keeps no cookies. What you typed is kept: send it again."
)

#: The key of the application's extensions under which the door of agents leaves what makes their menu.
FRAME = "desk_frame"
#: The key under which it leaves what says where to sign in first: None on pages that need it not, or that have it.
SIGN_IN = "desk_sign_in"
#: Where sending once more may help; a refusal of the size cannot be read a second time.
GIVES_BACK = frozenset({404, 429, 500})

STATUS: dict[type[HelpdeskError], int] = {NotFound: 404, NotAllowed: 403, TooMany: 429}


def init_app(app: Flask) -> None:
    """Answer every error with a page."""
    handlers: dict[Any, Callable[..., Any]] = {
        HelpdeskError: refused,
        Merged: merged,
        CSRFError: expired,
        HTTPException: failed,
        OperationalError: unreachable,
        InterfaceError: unreachable,
        IntegrityError: refers_to_nothing,
        # What the drivers say where peewee does not stand between.
        InternalError: unreachable,
        sqlite3.OperationalError: unreachable,
        sqlite3.InterfaceError: unreachable,
        psycopg.OperationalError: unreachable,
        psycopg.InterfaceError: unreachable,
        OSError: unwritable,
        500: broken,
    }
    for kind, handler in handlers.items():
        app.register_error_handler(kind, handler)


def for_programs(code: int, text: Any) -> Any:
    """Answer a program: JSON, in English whoever asks."""
    with i18n.in_language("en"):
        return {"error": str(text)}, code


def page(code: int, text: Any = None, sent_form: SentForm | None = None, title: Any = None) -> Any:
    """Render the page of an error, with what was typed (`sent_form`) to be sent again."""
    named, usual = TEXTS.get(code, TEXTS[400])
    if request.path.startswith("/api/"):
        return for_programs(code, text or named)
    sent_form = sent_form or (read_form() if code in GIVES_BACK else None)
    in_desk = request.path.startswith("/admin")
    texts = {"title": title or named, "text": text or usual}
    frame = _frame() if in_desk and code < 500 else None
    if frame is not None:
        return render_template("errors/desk.html", code=code, sent_form=sent_form, **texts, **frame), code
    return render_template("errors/error.html", code=code, sent_form=sent_form, in_desk=in_desk, **texts), code


def _frame() -> dict[str, Any] | None:
    """Return the menu of the desk for the agent who meets an error; None where it cannot be had."""
    make: Callable[[], dict[str, Any] | None] | None = current_app.extensions.get(FRAME)
    try:
        return make() if make is not None else None
    except (OperationalError, InterfaceError):
        return None


def refused(error: HelpdeskError) -> Any:
    """Show what a rule said when it refused."""
    code = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
    if not isinstance(error, TooMany):
        return page(code, str(error) or None)
    text = str(error) or str(throttle.too_many_error(timedelta(seconds=error.wait)))
    return (*page(code, text), {"Retry-After": str(error.wait)})


def again(page: str, error: Exception | None = None) -> tuple[str, int, dict[str, str]]:
    """Answer a form that is shown again: 422, or 429 with the wait when it was tried too often."""
    if isinstance(error, TooMany):
        return page, 429, {"Retry-After": str(error.wait)}
    return page, 422, {}


def merged(error: Merged) -> Any:
    """Lead from the page of a ticket that is part of another one now to that one; what was asked of it is not done."""
    place = request.view_args or {}
    if "number" not in place or request.endpoint is None:
        return refused(error)
    if request.method == "POST":
        # A script sends the form once more, for its page.
        if request.accept_mimetypes.best != "application/json":
            flash(_("%(said)s Nothing was changed.", said=str(error)), "warning")
        return redirect(url_for("desk_ticket.ticket_view", number=error.number))
    flash(str(error), "info")
    # The query as it came: among the arguments of `url_for`, some of its names would mean something.
    query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
    return redirect(url_for(request.endpoint, **{**place, "number": error.number}) + query)


def expired(_error: CSRFError) -> Any:
    """Explain a form whose token does not hold any more, and offer to send it with a fresh one.

    Where the sign-in has ended as well, that is the reason: a fresh token would only be refused for it.
    """
    sign_in: str | None = current_app.extensions.get(SIGN_IN, lambda: None)()
    if sign_in is not None:
        return signed_out(sign_in)
    sent_form = read_form()
    return page(400, AGAIN if sent_form else EXPIRED, sent_form, EXPIRED_TITLE)


def signed_out(sign_in: str, sent_form: SentForm | None = None) -> Any:
    """Answer a form of somebody whose sign-in has ended: the page to sign in, or what was typed given back."""
    sent_form = sent_form or read_form()
    if sent_form is None:
        return redirect(sign_in)
    title, text = TEXTS[401]
    texts = {"title": title, "text": text}
    return render_template("errors/signed_out.html", code=401, sent_form=sent_form, sign_in=sign_in, **texts), 401


def too_large() -> str:
    """Name the limits of one request."""
    size, words = i18n.size(request.max_content_length or 0), i18n.size(request.max_form_memory_size or 0)
    return _(
        "All that is sent at once may have %(size)s at most, its text %(words)s. Send less.", size=size, words=words
    )


def failed(error: HTTPException) -> Any:
    """Show an HTTP error; redirects pass."""
    if isinstance(error.response, Response) or (error.code or 500) < 400:
        return error
    text = {"host": HOST}.get(str(error.description)) or (too_large() if error.code == 413 else None)
    answer = page(error.code or 500, text)
    methods: list[str] = getattr(error, "valid_methods", None) or []
    return (*answer, {"Allow": ", ".join(methods)}) if methods else answer


def unreachable(error: Exception) -> Any:
    """Say that the database does not answer, or has no room; what was typed comes back to be sent again."""
    answer = collisions.second_answer(error)
    if answer is not None:
        return answer
    line, (title, text) = next((page for is_it, *page in FAILURES if is_it(error)), AWAY)
    current_app.logger.error("%s: %s", line, type(error).__name__)
    if request.path.startswith("/api/"):
        return (*for_programs(503, text), {"Retry-After": "10"})
    with i18n.in_language(_language_without_database()):
        if request.endpoint == "public.health":
            return f"{text}\n", 503, {"Content-Type": "text/plain; charset=utf-8"}
        return _bare(503, str(title), str(text), read_form()), 503, {"Retry-After": "10"}


def _language_without_database() -> str:
    """Return the reader's language: of the account if it was read before, else of the switch, else of the browser."""
    person = getattr(g.get(collisions.SIGNED_IN), "person", None)
    chosen = (getattr(person, "locale", None), request.cookies.get("language"))
    by_browser = request.accept_languages.best_match(i18n.LANGUAGES) or i18n.DEFAULT
    return next((code for code in chosen if code in i18n.LANGUAGES), by_browser)


def refers_to_nothing(error: IntegrityError) -> Any:
    """Answer once more when what this refers to was just deleted; every other broken constraint is our fault."""
    if not outage.is_collision(error):
        raise error
    return unreachable(error)


def unwritable(error: OSError) -> Any:
    """Say that a file found no room; every other failure of the system is ours."""
    if not outage.is_full(error):
        raise error
    return unreachable(error)


def _bare(code: int, title: str, text: str, sent_form: SentForm | None = None) -> str:
    """Render an error without asking who reads: no context processor runs, as it would ask the database again."""
    template = current_app.jinja_env.get_template("errors/error.html")
    in_desk = request.path.startswith("/admin")
    return template.render(code=code, title=title, text=text, in_desk=in_desk, sent_form=sent_form)


def broken(_error: Exception) -> Any:
    """Say that we failed; the cause is in the log."""
    return page(500)
