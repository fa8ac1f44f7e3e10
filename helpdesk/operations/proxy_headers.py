"""Headers by which a proxy names its visitors, where none is trusted: thrown away, and remembered for the doctor.

Behind a proxy that is not counted all visitors are one network, and slow each other down without anybody knowing why.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

from helpdesk import clock
from helpdesk.settings import run_state
from models import Setting

HEADERS = (
    *("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_PORT"),
    *("HTTP_X_FORWARDED_BY", "HTTP_FORWARDED", "HTTP_X_REAL_IP"),
)
#: What tells a request from a proxy to the pages, which have a database at hand.
MARK = "guichet.untrusted_proxy"
#: Where it is remembered, and how often: who sends the headers may be anybody on this network.
SEEN, SEEN_EVERY = "untrusted_proxy", 600
#: How long a proxy is thought to be there.
RECENT = timedelta(days=1)

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _Seen:
    """When this process last remembered a proxy, by a clock that nobody sets."""

    at: float | None = None


def without(application: Application) -> Application:
    """Return an application that sees none of the headers; it is told of those that a proxy can have sent."""

    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        sent = [environ.pop(name) for name in HEADERS if name in environ]
        if sent and _may_be_proxy(environ.get("REMOTE_ADDR", "")):
            environ[MARK] = True
        return application(environ, start_response)

    return guarded


def _may_be_proxy(address: str) -> bool:
    """Whether a proxy of ours may have this address; strangers of the internet may send any header."""
    try:
        return ip_address(address).is_private
    except ValueError:
        return True


def remember() -> None:
    """Remember that a proxy is there which is not trusted."""
    now = time.monotonic()
    if _Seen.at is None or now - _Seen.at >= SEEN_EVERY:
        run_state.write(SEEN, True)
        _Seen.at = now


def was_seen() -> bool:
    """Whether a proxy was there lately which is not trusted."""
    since = clock.now() - RECENT
    return Setting.select().where(Setting.key == SEEN, Setting.changed_at > since).exists()
