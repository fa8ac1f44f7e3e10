"""Whose word is taken about where a visitor comes from."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.request import Request, urlopen

import pytest

from helpdesk.operations import serving
from helpdesk.operations.http_server import HTTPServer
from helpdesk.settings import environment
from tests.support import sqlite_only
from tests.support.desks import Desk

FORGED = {
    "X-Forwarded-For": "192.0.2.1, 192.0.2.2",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "desk.example",
}


def echo(environ: dict[str, Any], start: Any) -> list[bytes]:
    """Answer what the application would believe."""
    start("200 OK", [])
    told = [environ["REMOTE_ADDR"], environ["wsgi.url_scheme"], environ.get("HTTP_HOST", "").split(":")[0]]
    return [json.dumps([*told, "HTTP_X_FORWARDED_FOR" in environ]).encode()]


@pytest.fixture
def believed(desk: Desk) -> Iterator[Callable[[int], list[Any]]]:
    """Gives what is believed of forged headers behind this many proxies."""
    servers = []

    def ask(proxies: int) -> list[Any]:
        environment.use(replace(environment.current(), port=0, trusted_proxies=proxies))
        servers.append(HTTPServer(echo, serving.listen(), 1_000_000))
        threading.Thread(target=servers[-1].run, daemon=True).start()
        url = f"http://127.0.0.1:{environment.current().port}/"
        with urlopen(Request(url, headers=FORGED), timeout=5) as answer:
            return list(json.load(answer))

    yield ask
    for server in servers:
        server.end()


@sqlite_only
def test_without_proxies_forwarded_headers_are_thrown_away(believed: Any) -> None:
    assert believed(0) == ["127.0.0.1", "http", "127.0.0.1", False]


@sqlite_only
@pytest.mark.parametrize(("proxies", "visitor"), [(1, "192.0.2.2"), (2, "192.0.2.1")])
def test_behind_proxies_their_word_is_taken_as_far_as_they_reach(believed: Any, proxies: int, visitor: str) -> None:
    assert believed(proxies)[:3] == [visitor, "https", "desk.example"]
