"""Whose word is taken about where a visitor comes from."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.request import Request, urlopen

import pytest

from helpdesk.operations import http_server, request_threads, serving
from helpdesk.operations.http_server import HTTPServer
from helpdesk.settings import environment
from tests.support import sqlite_only
from tests.support.connections import read_all
from tests.support.desks import Desk
from tests.support.waiting import wait_until

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
        with urlopen(Request(url, headers=FORGED), timeout=60) as answer:
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


@sqlite_only
def test_an_answer_that_breaks_off_writes_no_path_into_the_log(desk: Desk, caplog: Any) -> None:
    environment.use(replace(environment.current(), port=0))

    def broken(_environ: dict[str, Any], start: Any) -> Iterator[bytes]:
        start("200 OK", [("Content-Length", "2")])
        yield b"1"
        raise RuntimeError("the file went away")

    server = HTTPServer(broken, serving.listen(), 1_000_000)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        with socket.create_connection(("127.0.0.1", environment.current().port), timeout=60) as line:
            line.sendall(b"GET /t/the-token-of-a-link HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            read_all(line)
        wait_until(lambda: "the file went away" in caplog.text)
        assert "while serving a request" in caplog.text
        assert "the-token" not in caplog.text
    finally:
        server.end()
        thread.join(30)


def _waits(server: HTTPServer) -> bool:
    return len(server._lanes._pages._at_work) == request_threads.THREADS


@sqlite_only
def test_a_server_whose_threads_are_all_stuck_gives_no_sign_of_life(desk: Desk, monkeypatch: Any) -> None:
    environment.use(replace(environment.current(), port=0))
    released, beats = threading.Event(), [0]

    def stuck(environ: dict[str, Any], start: Any) -> list[bytes]:
        if environ["PATH_INFO"] != "/healthz":
            released.wait(60)
        return echo(environ, start)

    def beat() -> None:
        beats[0] += 1

    def ask(path: str) -> socket.socket:
        line = socket.create_connection(("127.0.0.1", environment.current().port), timeout=60)
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        return line

    server = HTTPServer(stuck, serving.listen(), 1_000_000, beat)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    waiting: list[socket.socket] = []
    try:
        waiting += [ask("/") for _number in range(request_threads.THREADS)]
        wait_until(lambda: _waits(server))
        # Busy is not stuck: somebody may wait for a database.
        with ask("/healthz?live") as line:
            assert "200" in read_all(line)
        wait_until(lambda: beats[0])
        monkeypatch.setattr(request_threads, "STUCK", -1)
        wait_until(lambda: server._lanes.is_stuck)
        # Whoever asks whether the desk lives waits behind those that hang.
        waiting.append(ask("/healthz?live"))
        wait_until(lambda: len(server._lanes._pages.queue) == 1)
        before = beats[0]
        # Each of its turns would be a sign of life.
        monkeypatch.setattr(http_server, "BEAT", 0)
        waiting.append(ask("/healthz?live"))
        wait_until(lambda: len(server._lanes._pages.queue) == 2)
        assert beats[0] == before
        monkeypatch.setattr(request_threads, "STUCK", 120)
        wait_until(lambda: beats[0] > before)
        released.set()
        assert all("200" in read_all(line) for line in waiting)
    finally:
        for line in waiting:
            line.close()
        released.set()
        server.end()
        thread.join(30)
