"""What strangers do to the connections of a desk: held open, half sent, bodies without end, asked amid its end."""

from __future__ import annotations

import os
import re
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from helpdesk.files import file_store
from helpdesk.operations import serving
from helpdesk.operations.http_server import HTTPServer
from helpdesk.settings import environment

Place = tuple[str, int]

#: The connections that are held: a third of them of each kind.
HELD = 500
#: Seconds between two bytes of a slow one (the issue's: one byte each 3 s).
PAUSE = 3.0

BEGINNINGS = (
    b"",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    b"POST /tickets/new HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 100000\r\n\r\nsubject=",
)


@contextmanager
def hold_open(
    place: Place, count: int = HELD, pause: float = PAUSE, connect: Callable[[Place], socket.socket] | None = None
) -> Iterator[list[socket.socket]]:
    """Hold so many connections open: idle, with half a head, with half a body; these two send a byte each pause."""
    lines = [(connect or _connect)(place) for _number in range(count)]
    for number, line in enumerate(lines):
        line.sendall(BEGINNINGS[number % len(BEGINNINGS)])
    ended = threading.Event()

    def drip() -> None:
        while not ended.wait(pause):
            for number, line in enumerate(lines):
                if BEGINNINGS[number % len(BEGINNINGS)]:
                    with suppress(OSError):
                        line.send(b"x")

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield lines
    finally:
        ended.set()
        thread.join()
        for line in lines:
            line.close()


def _connect(place: Place) -> socket.socket:
    return socket.create_connection(place, timeout=60)


def page(place: Place, path: str = "/") -> tuple[float, int]:
    """Ask for a page over a new connection; return the seconds it took and its status, 0 for none."""
    begun = time.perf_counter()
    connection = HTTPConnection(*place, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return time.perf_counter() - begun, answer.status
    except OSError:
        return time.perf_counter() - begun, 0
    finally:
        connection.close()


def slowest_page(place: Place, seconds: float, path: str = "/") -> float:
    """Ask for a page again and again, so long; return the slowest in seconds, infinity when one did not come."""
    until, slowest = time.monotonic() + seconds, 0.0
    while time.monotonic() < until:
        took, status = page(place, path)
        slowest = max(slowest, took if status == 200 else float("inf"))
        time.sleep(0.05)
    return slowest


@dataclass
class Refusal:
    """How a body was answered: with which status, after how many bytes, and what of it was on the disk at most."""

    status: int = 0
    sent: int = 0
    seconds: float = 0.0
    on_disk: int = 0
    head: str = ""


def refusal_of(place: Place, size: int, *, announced: bool, folder: Path | None = None) -> Refusal:
    """Send a body of zeros until somebody answers; `folder` is where the server keeps temporary files."""
    result, begun = Refusal(), time.perf_counter()
    how = f"Content-Length: {size}" if announced else "Transfer-Encoding: chunked"
    kind = "Content-Type: multipart/form-data; boundary=x"
    head = f"POST /tickets/new HTTP/1.1\r\nHost: localhost\r\n{kind}\r\n{how}\r\n\r\n"
    piece = bytes(1 << 16)
    piece = piece if announced else b"10000\r\n" + piece + b"\r\n"
    with socket.create_connection(place, timeout=60) as line, selectors.DefaultSelector() as selector:
        line.sendall(head.encode())
        line.setblocking(False)
        selector.register(line, selectors.EVENT_READ | selectors.EVENT_WRITE)
        came = b""
        with suppress(OSError):
            while b"\r\n\r\n" not in came and result.sent < size and time.perf_counter() - begun < 60:
                for _key, events in selector.select(5):
                    if events & selectors.EVENT_READ:
                        came += line.recv(4096)
                    elif events & selectors.EVENT_WRITE:
                        result.sent += line.send(piece)
                if folder is not None and result.sent % (1 << 24) < 1 << 17:
                    result.on_disk = max(result.on_disk, in_files(folder))
    result.seconds = time.perf_counter() - begun
    result.head = came.decode("latin-1")
    match = re.match(rb"HTTP/1\.[01] (\d+)", came)
    result.status = int(match[1]) if match else 0
    return result


def in_files(folder: Path) -> int:
    """Return the bytes in the open files of a folder, those without a name too (Linux)."""
    total = 0
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if os.readlink(link).startswith(str(folder)):
                total += link.stat().st_size
    return total


def answers_at_end(place: Place, pid: int, count: int = 16, path: str = "/") -> int:
    """Ask for so many pages at once, end the desk, and return how many came whole."""
    lines = [socket.create_connection(place, timeout=60) for _number in range(count)]
    for line in lines:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    os.kill(pid, signal.SIGTERM)
    return sum(_is_whole(line) for line in lines)


def _is_whole(line: socket.socket) -> bool:
    with line:
        came = received(line)
    head, _blank, body = came.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return b" 200 " in head[:20] and (length is None or len(body) == int(length[1]))


class Served:
    """An application over HTTP, in a thread of this process."""

    def __init__(self, application: Any) -> None:
        environment.use(replace(environment.current(), port=0))
        self.server = HTTPServer(application, serving.listen(), file_store.largest_body())
        self.place = ("127.0.0.1", environment.current().port)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()

    def say(self, text: bytes) -> str:
        """Send some bytes and return all that comes until the connection ends."""
        with socket.create_connection(self.place, timeout=60) as line:
            line.sendall(text)
            return read_all(line)

    def end(self) -> None:
        """End it, once what was asked is answered."""
        self.server.end()
        self.thread.join(60)
        assert not self.thread.is_alive()


def read_all(line: socket.socket) -> str:
    """Return all that comes until the connection ends."""
    return received(line).decode("utf-8", "replace")


def received(line: socket.socket) -> bytes:
    """Return the bytes that come until the connection ends."""
    came = b""
    with suppress(OSError):
        while piece := line.recv(1 << 16):
            came += piece
    return came
