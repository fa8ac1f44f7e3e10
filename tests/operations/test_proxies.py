"""Caddy and nginx in front of the desk over https, by the files of ``deploy/``: what people and strangers send."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from helpdesk.settings import environment
from models import Agent, JournalEntry
from tests.conftest import skip
from tests.support import cast, connections, doors, fronts, sqlite_only
from tests.support.connections import Served
from tests.support.ports import free_port

pytestmark = sqlite_only

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Front:
    """The desk as the world sees it."""

    port: int
    folder: Path

    def line(self) -> ssl.SSLSocket:
        """Open a connection."""
        return fronts.connect(("127.0.0.1", self.port))

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask for a page over a connection of its own."""
        connection = HTTPSConnection("localhost", self.port, timeout=60, context=ssl._create_unverified_context())
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.body = answer.read().decode("utf-8", "replace")
        connection.close()
        return answer


@pytest.fixture(params=["caddy", "nginx"])
def front(request: pytest.FixtureRequest, app: Any, tmp_path: Path) -> Iterator[Front]:
    """The desk behind one of the two."""
    for program in (request.param, "openssl"):
        if shutil.which(program) is None:
            skip(f"{program} is missing")
    outside = free_port()
    site = f"https://localhost:{outside}"
    environment.use(replace(environment.current(), trusted_proxies=1, site_url=site))
    desk = Served(app)
    try:
        with fronts.running(request.param, tmp_path, outside, desk.place[1]):
            yield Front(outside, tmp_path)
    finally:
        desk.end()


def signed_in(front: Front, agent: Agent) -> dict[str, str]:
    """Sign in by the form, as a visitor of 203.0.113.9 says to be another; return the cookies."""
    page = front.ask("GET", "/admin/sign-in")
    sent = {"csrf_token": doors.printed_token(page.body), "email": agent.email, "password": cast.PASSWORD}
    origin = {"Referer": f"https://localhost:{front.port}/admin/sign-in", "Cookie": session_of(page), **FORM}
    answer = front.ask("POST", "/admin/sign-in", urlencode(sent), **origin, **{"X-Forwarded-For": "203.0.113.9"})
    assert answer.status in {302, 303}
    return {"Cookie": session_of(answer)}


def session_of(answer: Any) -> str:
    """Return the cookie of a session, which https alone carries."""
    [cookie] = [text for text in answer.headers.get_all("Set-Cookie") if text.startswith("__Host-guichet=")]
    assert "Secure" in cookie
    return str(cookie.split(";")[0])


def test_the_desk_is_signed_in_to_and_bears_strangers_behind_it(front: Front, root: Agent) -> None:
    cookies = signed_in(front, root)
    assert front.ask("GET", "/admin/tickets/", **cookies).status == 200
    addresses = {row.network for row in JournalEntry.select() if row.network}
    assert addresses == {"127.0.0.1"}
    bodies_have_a_limit(front)
    half_sent_requests_stop_nobody(front)


def bodies_have_a_limit(front: Front) -> None:
    """The largest form reaches the desk, which asks for its token; one above it is refused, unread."""
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.pdf"\r\n\r\n'
    answer = front.ask("POST", "/tickets/new", head + bytes(31 << 20) + b"\r\n--x--\r\n", **kind)
    assert (answer.status, "This form has expired" in answer.body) == (400, True)
    for size, pieces in ((b"Content-Length: 209715200", 64), (b"Transfer-Encoding: chunked", 200)):
        on_disk, piece = 0, bytes(1 << 20) if b"Length" in size else b"100000\r\n" + bytes(1 << 20) + b"\r\n"
        with front.line() as line:
            line.sendall(b"POST /tickets/new HTTP/1.1\r\nHost: localhost\r\n" + size + b"\r\n\r\n")
            with suppress(OSError):
                for number in range(pieces):
                    line.sendall(piece)
                    on_disk = max(on_disk, connections.in_files(front.folder) if number % 20 == 0 else 0)
            answer = b""
            with suppress(OSError):
                answer = line.recv(12)
            # Who does not listen while sending may meet the end of the line instead.
            assert answer in {b"", b"HTTP/1.1 413"}
        assert on_disk < 64 << 20


def half_sent_requests_stop_nobody(front: Front) -> None:
    """A hundred of them, and a page comes."""
    with connections.hold_open(("", 0), count=100, pause=0.5, connect=lambda _place: front.line()):
        assert front.ask("GET", "/sign-in").status == 200
