"""Errors as pages: the site's look, plain words, a way on. Never a traceback, never SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, render_template, request
from flask_wtf.csrf import CSRFError
from peewee import InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from helpdesk import i18n
from helpdesk.errors import HelpdeskError, NotAllowed, NotFound, TooMany
from helpdesk.i18n import lazy

TEXTS: dict[int, tuple[Any, Any]] = {
    400: (lazy("This request cannot be understood"), lazy("Go back, reload the page and try again.")),
    403: (lazy("You may not open this page"), lazy("Ask an administrator of the desk if you need it.")),
    404: (lazy("There is nothing here"), lazy("The page does not exist, or it is not yours.")),
    405: (lazy("This address is not a page"), lazy("It takes what a form sends.")),
    413: (lazy("This is too large"), lazy("Send less text or smaller files.")),
    429: (lazy("Too many tries"), lazy("Wait a little, then try again.")),
    500: (lazy("Something went wrong here"), lazy("Nothing you sent was kept. Try again in a moment.")),
    503: (lazy("The desk cannot answer now"), lazy("Its database does not answer. Try again in a moment.")),
}
HOST = lazy("This address is not the public address of the desk. Its administrator sets it under Configuration.")
EXPIRED = lazy("This form was open for too long, or your browser keeps no cookies. Reload the page and send it again.")

STATUS: dict[type[HelpdeskError], int] = {NotFound: 404, NotAllowed: 403, TooMany: 429}


def init_app(app: Flask) -> None:
    """Answer every error with a page."""
    handlers: dict[Any, Callable[..., Any]] = {
        HelpdeskError: refused,
        CSRFError: expired,
        HTTPException: failed,
        OperationalError: unreachable,
        InterfaceError: unreachable,
        500: broken,
    }
    for kind, handler in handlers.items():
        app.register_error_handler(kind, handler)


def for_programs(code: int, text: Any) -> Any:
    """Answer a program: JSON, in English whoever asks."""
    with i18n.in_language("en"):
        return {"error": str(text)}, code


def page(code: int, text: Any = None) -> Any:
    """Render the page of an error."""
    title, usual = TEXTS.get(code, TEXTS[400])
    if request.path.startswith("/api/"):
        return for_programs(code, text or title)
    in_desk = request.path.startswith("/admin")
    return render_template("errors/error.html", code=code, title=title, text=text or usual, in_desk=in_desk), code


def refused(error: HelpdeskError) -> Any:
    """Show what a rule said when it refused."""
    code = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
    answer = page(code, str(error) or None)
    return (*answer, {"Retry-After": str(error.wait)}) if isinstance(error, TooMany) else answer


def expired(_error: CSRFError) -> Any:
    """Explain a form whose token does not hold any more."""
    return page(400, EXPIRED)


def failed(error: HTTPException) -> Any:
    """Show an HTTP error; redirects pass."""
    if isinstance(error.response, Response) or (error.code or 500) < 400:
        return error
    answer = page(error.code or 500, HOST if error.description == "host" else None)
    methods: list[str] = getattr(error, "valid_methods", None) or []
    return (*answer, {"Allow": ", ".join(methods)}) if methods else answer


def unreachable(error: Exception) -> Any:
    """Say that the database does not answer; without a page of ours, which would ask it again."""
    current_app.logger.error("The database does not answer: %s", type(error).__name__)
    with i18n.in_language(request.accept_languages.best_match(i18n.LANGUAGES) or i18n.DEFAULT):
        title, text = map(str, TEXTS[503])
    if request.path.startswith("/api/"):
        return (*for_programs(503, TEXTS[503][1]), {"Retry-After": "10"})
    if request.endpoint == "public.health":
        return f"{text}\n", 503, {"Content-Type": "text/plain; charset=utf-8"}
    return f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{text}</p>", 503, {"Retry-After": "10"}


def broken(_error: Exception) -> Any:
    """Say that we failed; the cause is in the log."""
    return page(500)
