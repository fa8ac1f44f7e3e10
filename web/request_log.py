"""A line of the log for each request: method, path, status, milliseconds and who asked."""

from __future__ import annotations

import re
import time
from types import TracebackType
from typing import Any

from flask import Flask, Response, g, request

from helpdesk.lib import log

#: Parts of an address that are written as they came; whole numbers are, too, and all others by their name alone.
PLAIN = frozenset({"number", "act", "shop"})
#: A part of an address without a page that may be a mistyped token.
LONG = re.compile(r"[^/]{16,}")
#: What is asked for with every page, or by programs that watch: logged when it fails.
QUIET = frozenset({"assets.static_file", "assets.labels", "assets.logo_file", "public.health"})


def init_app(app: Flask) -> None:
    """Log every request of this application. Comes before whatever else looks at requests, to measure it, too."""
    app.before_request(begin)
    app.after_request(note)
    # Flask's own would write the whole path.
    app.log_exception = note_failure  # type: ignore[method-assign]


def begin() -> None:
    """Look at the clock."""
    g.begun = time.perf_counter()


def note(response: Response) -> Response:
    """Log one request."""
    if request.endpoint in QUIET and response.status_code < 400:
        return response
    milliseconds = round((time.perf_counter() - g.begun) * 1000)
    who = g.get("who", "-")
    log.event("request", method=request.method, path=path(), status=response.status_code, ms=milliseconds, who=who)
    return response


def note_failure(exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None]) -> None:
    """Log what nobody foresaw."""
    log.failure("request failed", exc_info, method=request.method, path=path(), endpoint=request.endpoint)


def path() -> str:
    """Return the path of the request without what could open something: tokens, queries, names of files."""
    rule = request.url_rule
    if rule is None:
        return LONG.sub("…", request.path)
    arguments: dict[str, Any] = request.view_args or {}
    shown = {name: value for name, value in arguments.items() if name in PLAIN or isinstance(value, int)}
    return re.sub(r"<(?:[^<>:]+:)?(\w+)>", lambda match: str(shown.get(match[1], f"<{match[1]}>")), rule.rule)
