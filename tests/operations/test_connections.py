"""What strangers do to connections stops no page: idle and half-sent ones, bodies without end, an end amid answers."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from helpdesk import settings
from helpdesk.files import file_store
from helpdesk.lib import machine
from helpdesk.operations import http_server, serving
from helpdesk.operations.request_threads import THREADS
from tests.support import connections, sqlite_only
from tests.support.connections import Served, read_all
from tests.support.waiting import wait_until

pytestmark = sqlite_only

GUARDED = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Cache-Control: no-store")


@pytest.fixture
def serve(app: Any) -> Iterator[Callable[..., Served]]:
    """Serves the desk, or another application, until the test ends."""
    started: list[Served] = []

    def start(application: Any = app) -> Served:
        started.append(Served(application))
        return started[-1]

    yield start
    for one in started:
        one.end()


def channels(desk: Served) -> list[Any]:
    """Return the connections of a desk."""
    return [one for server in desk.server._servers for one in list(server.active_channels.values())]


def test_500_idle_and_half_sent_connections_leave_the_pages(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.allow_open_files(4_000)
    # None is given up while a page is waited for. The number promised is measured by tools/benchmarks/connections.py.
    monkeypatch.setattr(http_server, "PATIENCE", 1_000)
    monkeypatch.setattr(http_server, "IDLE", 1_000)
    desk = serve()
    with connections.hold_open(desk.place, pause=0.1):
        assert [connections.page(desk.place)[1] for _page in range(5)] == [200] * 5
        assert len(channels(desk)) >= connections.HELD


def test_at_the_limit_those_that_wait_longest_make_room(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "CONNECTIONS", 30)
    desk = serve()
    with connections.hold_open(desk.place, count=200, pause=0.1):
        assert connections.page(desk.place)[1] == 200


def test_a_request_that_never_ends_is_given_up(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "PATIENCE", 0)
    desk = serve()
    ended = threading.Event()
    with socket.create_connection(desk.place, timeout=60) as line:
        line.sendall(connections.BEGINNINGS[2])

        def drip() -> None:
            with suppress(OSError):
                while not ended.wait(0.05):
                    line.send(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        assert read_all(line) == ""
        ended.set()
        thread.join()


def test_bodies_in_transit_have_a_limit_that_two_of_the_largest_keep(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "IN_TRANSIT", 50_000)
    # Two of them would have room; the beginning announces 100,000 bytes.
    monkeypatch.setattr(file_store, "largest_body", lambda: 100_000)
    desk = serve()
    lines = [socket.create_connection(desk.place, timeout=60) for _number in range(3)]

    def received() -> int:
        return sum(one.request.body_bytes_received for one in channels(desk) if one.request)

    for line, before in zip(lines, (0, 90_000, 180_000), strict=True):
        wait_until(lambda before=before: received() >= before)
        line.sendall(connections.BEGINNINGS[2] + bytes(90_000))
    assert read_all(lines[0]) == ""
    for line in lines[1:]:
        line.setblocking(False)
        with pytest.raises(BlockingIOError):
            line.recv(1)
    for line in lines:
        line.close()


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_above_the_limit_is_refused_before_it_is_stored(serve: Any, tmp_path: Path, announced: bool) -> None:
    desk = serve()
    answer = connections.refusal_of(desk.place, 2 << 30, announced=announced)
    assert answer.status == 413
    most = (1 << 24) if announced else 2 * file_store.largest_body()
    assert answer.sent < most


def test_a_refused_body_is_told_in_words_that_arrive(serve: Any) -> None:
    head = b"POST /tickets/new HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    desk = serve()
    answer = desk.say(head + b"Content-Length: 40000000\r\n\r\n" + bytes(40_000_000))
    assert answer.startswith("HTTP/1.1 413 ")
    assert "may have 32" in answer
    assert "Connection: close" in answer
    # Nobody is asked to send what is not wanted.
    asked = desk.say(head + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: 40000000\r\n\r\n")
    assert asked.startswith("HTTP/1.1 413 ")


def test_a_body_that_finds_no_room_on_the_disk_is_told_in_words(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    head = b"POST /tickets/new HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    desk = serve()
    for size in (http_server.IN_MEMORY, 4 * http_server.IN_MEMORY):
        answer = desk.say(head + b"Content-Length: %d\r\n\r\n" % size + bytes(size))
        assert answer.startswith("HTTP/1.1 503 ")
        assert "The desk has no room left" in answer
    answer = desk.say(
        b"POST /api/v1/orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000\r\n\r\n" + bytes(300_000)
    )
    assert '"error"' in answer
    # Nobody says so by a header, and what fits into memory is taken.
    assert "503" not in desk.say(b"GET / HTTP/1.1\r\nHost: localhost\r\nNo-Room: 1\r\nConnection: close\r\n\r\n")[:20]
    assert "400" in desk.say(b"GET / HTTP/1.1\r\nHost: localhost\r\nNO ROOM: 1\r\nConnection: close\r\n\r\n")[:20]
    small = head + b"Connection: close\r\nContent-Length: 2000\r\n\r\n"
    assert " 503 " not in desk.say(small + bytes(2_000))[:20]


def test_the_limit_is_the_forms_as_owners_set_it(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "LOOK", 0.01)
    desk, ended = serve(), threading.Event()
    thread = threading.Thread(target=serving._follow_limit, args=(desk.server, ended))
    thread.start()
    settings.save({"max_total_size": "60M", "max_file_size": "60M"})
    wait_until(lambda: desk.server.adj.max_request_body_size == file_store.largest_body() + 1)
    assert file_store.largest_body() == 64 << 20
    ended.set()
    thread.join()


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"GET / HTTP/1.1\r\nno header\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nLong: " + b"x" * 300_000 + b"\r\n\r\n", "431"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "501"),
    ],
)
def test_the_servers_own_answers_are_guarded(serve: Any, text: bytes, status: str) -> None:
    answer = serve().say(text)
    assert answer.split(" ")[1] == status
    assert [header for header in GUARDED if header not in answer] == []
    assert "Server:" not in answer


class Stuck:
    """An application whose pages hang until they are let go."""

    def __init__(self, rest: Any) -> None:
        self.rest = rest
        self.count = 0
        self.go_on = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"] != "/stuck":
            return self.rest(environ, start_response)
        self.count += 1
        assert self.go_on.wait(60)
        start_response("200 OK", [("Content-Length", "100000")])
        return [b"x" * 100_000]


@pytest.fixture
def stuck(app: Any, serve: Any) -> Iterator[tuple[Served, Stuck, list[socket.socket]]]:
    """A desk whose threads all hang in pages, and the lines of those who wait for them."""
    application = Stuck(app)
    desk = serve(application)
    lines = [socket.create_connection(desk.place, timeout=60) for _number in range(THREADS + 2)]
    for line in lines:
        line.sendall(b"GET /stuck HTTP/1.1\r\nHost: localhost\r\n\r\n")
    wait_until(lambda: application.count == THREADS)
    yield desk, application, lines
    application.go_on.set()
    for line in lines:
        line.close()


def test_static_files_and_the_sign_of_life_come_while_every_thread_hangs(stuck: Any) -> None:
    desk, _application, _lines = stuck
    assert [connections.page(desk.place, path)[1] for path in ("/healthz?live", "/static/desk.css")] == [200, 200]


def test_the_end_waits_for_the_answers_that_are_being_made(stuck: Any) -> None:
    desk, application, lines = stuck
    with socket.create_connection(desk.place, timeout=60) as idle:
        desk.server.end()
        assert read_all(idle) == ""
    assert connections.page(desk.place)[1] == 0
    application.go_on.set()
    assert [len(read_all(line)) > 100_000 for line in lines] == [True] * len(lines)
    desk.thread.join(60)
    assert not desk.thread.is_alive()
