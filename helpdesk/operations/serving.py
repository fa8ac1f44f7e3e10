"""The desk at work in one process: web server, deliverer of mail, timetable; ended by a signal."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

from waitress import create_server

from database import database
from helpdesk import links, settings
from helpdesk.errors import HelpdeskError
from helpdesk.lib import sizes
from helpdesk.operations import jobs
from helpdesk.operations.loop import Loop
from helpdesk.settings import environment

THREADS = 4

#: Addresses that mean "every address of this machine" and cannot be visited.
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # nosec B104 # noqa: S104 — compared with, not listened on


class CannotListen(HelpdeskError):
    """The address of the desk cannot be listened on; the message names the remedy."""


def end_on_signals() -> None:
    """Let SIGTERM and SIGINT end the process cleanly, with exit code 0."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)


def _end(_number: int, _frame: Any) -> NoReturn:
    sys.exit(0)


def work(application: Any) -> None:
    """Carry out what comes due, without web pages, until a signal comes."""
    loop = Loop(application, jobs.SOURCES)
    try:
        loop.start()
        threading.Event().wait()
    finally:
        loop.stop()


def serve(application: Any) -> None:
    """Listen, tell the address, and answer until a signal comes. Raises CannotListen."""
    server = listen(application)
    loop = Loop(application, jobs.SOURCES)
    try:
        if environment.current().worker == "embedded":
            loop.start()
        with database.connection_context():
            print(_opening_line(), flush=True)
        server.run()
    finally:
        server.close()
        loop.stop()


def listen(application: Callable[..., Any]) -> Any:
    """Bind the address of the environment and return the server; port 0 takes a free one. Raises CannotListen."""
    env = environment.current()
    # Its warning about a full queue of requests is no news to who reads one line.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        server = create_server(
            application, host=env.host, port=env.port, threads=THREADS, ident=None,
            max_request_body_size=2 * sizes.LARGEST, **_proxies(env.trusted_proxies),
        )  # fmt: skip
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not an address of this machine"
        raise CannotListen(
            f"Guichet cannot listen on {env.host}:{env.port} ({reason}): choose GUICHET_HOST and GUICHET_PORT."
        ) from error
    if env.port == 0:
        environment.use(replace(env, port=_port(server)))
    return server


def _proxies(count: int) -> dict[str, Any]:
    """Say whose word about the visitor's address is taken: that of `count` proxies in front, or nobody's."""
    if count == 0:
        return {"clear_untrusted_proxy_headers": True}
    return {
        "trusted_proxy": "*",
        "trusted_proxy_count": count,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
        "clear_untrusted_proxy_headers": True,
    }


def _port(server: Any) -> int:
    if hasattr(server, "effective_listen"):
        return int(server.effective_listen[0][1])
    return int(server.effective_port)


def _opening_line() -> str:
    site = settings.site_url()
    for anywhere, here in ANYWHERE.items():
        site = site.replace(f"//{anywhere}:", f"//{here}:")
    if not links.setup_is_open():
        return f"Guichet is open at {site}"
    return f"Guichet is open at {site} - set it up with this one-time link: {site}/setup/{links.setup_token()}"
