"""Whether the process answers at all: what containers and watchdogs ask, with ``/healthz?live``.

It is answered before the desk is asked anything: no session, no database, which may be away without any fault here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/healthz"
BODY = b"ok\n"
HEADERS = [
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Length", str(len(BODY))),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
]


class Liveness:
    """Answers ``/healthz?live`` by itself and leaves every other request to the application."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if not _asks_for_life(environ):
            return self._application(environ, start_response)
        start_response("200 OK", HEADERS)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [BODY]


def init_app(app: Flask) -> None:
    """Put the answer before everything else that a request meets."""
    app.wsgi_app = Liveness(app.wsgi_app)  # type: ignore[method-assign]  # as Flask's own documentation does it


def _asks_for_life(environ: WSGIEnvironment) -> bool:
    if environ.get("PATH_INFO") != PATH or environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
        return False
    return "live" in parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
