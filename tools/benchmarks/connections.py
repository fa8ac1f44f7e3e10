"""How the desk bears connections: idle and half-sent ones, bodies that are too large, an end in the middle of answers.

    .venv/bin/python -m tools.benchmarks.connections [--seconds 10] [--command "another server on {port}"]
    .venv/bin/python -m tools.benchmarks.connections --front caddy

It starts a desk of its own in a temporary folder, prints a table and ends with 1 when a promise is not kept. `faults`
and the tests use its parts: `hold_open`, `slowest_page`, `refusal_of`, `answers_at_end`.
"""

from __future__ import annotations

import argparse
import os
import re
import selectors
import shlex
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from tests.support import fronts

ROOT = Path(__file__).resolve().parent.parent.parent
Place = tuple[str, int]

#: The connections that are held: a third of them of each kind.
HELD = 500
#: Seconds between two bytes of a slow one (the issue's: one byte each 3 s).
PAUSE = 3.0
#: Seconds within which a page must come all the same.
LONGEST_PAGE = 1.0
#: Bodies that are refused: what is announced, and what is sent in pieces without a word of its size.
ANNOUNCED, IN_PIECES = 2 << 30, 200 << 20
CLIENTS = 8

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
    return socket.create_connection(place, timeout=10)


def page(place: Place, path: str = "/") -> tuple[float, int]:
    """Ask for a page over a new connection; return the seconds it took and its status, 0 for none."""
    begun = time.perf_counter()
    connection = HTTPConnection(*place, timeout=15)
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
    with socket.create_connection(place, timeout=10) as line, selectors.DefaultSelector() as selector:
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
    lines = [socket.create_connection(place, timeout=30) for _number in range(count)]
    for line in lines:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    time.sleep(0.1)
    os.kill(pid, signal.SIGTERM)
    return sum(_is_whole(line) for line in lines)


def _is_whole(line: socket.socket) -> bool:
    came = b""
    with suppress(OSError), line:
        while piece := line.recv(1 << 16):
            came += piece
    head, _blank, body = came.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return b" 200 " in head[:20] and (length is None or len(body) == int(length[1]))


def pages_a_second(place: Place, seconds: float, path: str = "/") -> float:
    """Return how many pages eight clients get in a second, each over a connection of its own that stays."""
    until = time.monotonic() + seconds

    def client() -> int:
        count, connection = 0, HTTPConnection(*place, timeout=15)
        while time.monotonic() < until:
            connection.request("GET", path)
            count += connection.getresponse().read() != b""
        return count

    with ThreadPoolExecutor(CLIENTS) as pool:
        return sum(pool.map(lambda _number: client(), range(CLIENTS))) / seconds


def family(pid: int) -> set[int]:
    """Return a process and its descendants (Linux)."""
    members = {pid}
    for status in sorted(Path("/proc").glob("[0-9]*/status"), key=lambda path: int(path.parent.name)):
        with suppress(OSError):
            parent = re.search(r"PPid:\t(\d+)", status.read_text())
            if parent and int(parent[1]) in members:
                members.add(int(status.parent.name))
    return members


def memory(pid: int) -> float:
    """Return the proportional memory of a process and its descendants, in MiB (Linux)."""
    total = 0
    for member in family(pid):
        with suppress(OSError):
            rollup = Path(f"/proc/{member}/smaps_rollup").read_text()
            total += sum(int(size) for size in re.findall(r"^Pss: +(\d+)", rollup, re.M))
    return total / 1024


def processor_time(pid: int) -> float:
    """Return the seconds of processors that a process and its descendants have used (Linux)."""
    ticks = 0
    for member in family(pid):
        with suppress(OSError):
            user, system = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()[11:13]
            ticks += int(user) + int(system)
    return ticks / os.sysconf("SC_CLK_TCK")


def cost_of_a_page(place: Place, pid: int, count: int = 500, path: str = "/") -> float:
    """Return the seconds of processors for a page over a new connection: the same whatever else the machine does."""
    for _number in range(20):
        page(place, path)
    before = processor_time(pid)
    for _number in range(count):
        page(place, path)
    return (processor_time(pid) - before) / count


@dataclass
class Started:
    """A server that runs: where it listens, its first process, where it keeps temporary files."""

    place: Place
    process: subprocess.Popen[bytes]
    temporary: Path
    seconds: float
    variables: dict[str, str] = field(default_factory=dict)


@contextmanager
def started(command: str, **variables: str) -> Iterator[Started]:
    """Start a server in a folder of its own; ``{port}`` of its command is a free port."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as free:
        place = ("127.0.0.1", free.getsockname()[1])
        free.close()
        temporary = Path(folder) / "temporary"
        temporary.mkdir()
        environ = {
            **os.environ,
            "GUICHET_DATA_DIR": f"{folder}/data",
            "GUICHET_CAPTCHA": "off",
            "TMPDIR": str(temporary),
        }
        environ |= {"GUICHET_PORT": str(place[1]), **variables}
        subprocess.run([sys.executable, "app.py", "migrate"], cwd=ROOT, env=environ, check=True, capture_output=True)
        begun = time.monotonic()
        words = shlex.split(command.format(port=place[1]))
        with subprocess.Popen(
            words, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                while page(place)[1] != 200 and time.monotonic() < begun + 30:
                    time.sleep(0.02)
                yield Started(place, process, temporary, time.monotonic() - begun)
            finally:
                with suppress(ProcessLookupError):
                    process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(45)
                process.kill()


def measured(server: Started, seconds: float) -> dict[str, str]:
    """Return what is measured, by its name; what breaks a promise ends with an exclamation mark."""
    place = server.place
    quiet = statistics.median(page(place)[0] for _number in range(30))
    rows = {"start to first page": f"{server.seconds:.2f} s", "a page": f"{quiet * 1000:.0f} ms"}
    rows["pages a second, 8 clients"] = f"{pages_a_second(place, 3):.0f}"
    rows["processor time of a page"] = f"{cost_of_a_page(place, server.process.pid) * 1000:.1f} ms"
    rows["memory (PSS)"] = f"{memory(server.process.pid):.0f} MiB"
    with hold_open(place):
        slowest = slowest_page(place, seconds)
        rows[f"slowest page beside {HELD} idle and half-sent"] = f"{slowest:.2f} s" + "!" * (slowest > LONGEST_PAGE)
    time.sleep(1)
    for name, size, announced in (("2 GB announced", ANNOUNCED, True), ("200 MB in pieces", IN_PIECES, False)):
        answer = refusal_of(place, size, announced=announced, folder=server.temporary)
        is_kept = answer.status == 413 and answer.on_disk < 64 << 20
        rows[f"{name}: answer"] = f"{answer.status} after {answer.seconds:.2f} s" + "!" * (not is_kept)
        rows[f"{name}: sent, on disk at most"] = f"{answer.sent >> 20} MB, {answer.on_disk >> 20} MB"
    came = answers_at_end(place, server.process.pid)
    rows["answers in flight at SIGTERM"] = f"{came} of 16" + "!" * (came < 16)
    begun = time.monotonic()
    code = server.process.wait(45)
    rows["ended"] = f"with {code} after {time.monotonic() - begun:.1f} s"
    return rows


def measured_behind(name: str, seconds: float) -> dict[str, str]:
    """Return what is measured of the desk behind Caddy or nginx, over https."""
    outside = fronts.free_port()
    site = {"GUICHET_SITE_URL": f"https://localhost:{outside}", "GUICHET_TRUSTED_PROXIES": "1"}
    with tempfile.TemporaryDirectory() as text, started(f"{sys.executable} app.py", **site) as server:
        folder, place = Path(text), ("127.0.0.1", outside)
        fronts.write_certificate(folder)
        words = getattr(fronts, name)(folder, outside, server.place[1])
        environ = {**os.environ, "HOME": str(folder)}
        with subprocess.Popen(words, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                time.sleep(3)
                return _behind(place, server, folder, seconds)
            finally:
                process.terminate()


def _behind(place: Place, server: Started, folder: Path, seconds: float) -> dict[str, str]:
    slowest, on_disk, until = 0.0, 0, time.monotonic() + seconds
    with hold_open(place, 900, connect=fronts.connect):
        while time.monotonic() < until:
            begun = time.perf_counter()
            with fronts.connect(place) as line:
                line.sendall(f"GET / HTTP/1.1\r\nHost: localhost:{place[1]}\r\nConnection: close\r\n\r\n".encode())
                came = line.recv(12)
            slowest = max(slowest, time.perf_counter() - begun if came == b"HTTP/1.1 200" else float("inf"))
            on_disk = max(on_disk, in_files(folder), in_files(server.temporary))
    name = "slowest page beside 900 idle and half-sent, 300 of them bodies"
    return {
        name: f"{slowest:.2f} s" + "!" * (slowest > LONGEST_PAGE),
        "of these on disk at most": f"{on_disk >> 20} MB" + "!" * (on_disk > 64 << 20),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--seconds", type=float, default=10, help="how long pages are asked for beside held connections"
    )
    parser.add_argument("--command", default=f"{sys.executable} app.py", help="the server, with {port}")
    parser.add_argument("--front", choices=("caddy", "nginx"), help="measure the desk behind this, over https")
    arguments = parser.parse_args()
    if arguments.front:
        rows = measured_behind(arguments.front, arguments.seconds)
    else:
        with started(arguments.command) as server:
            rows = measured(server, arguments.seconds)
    print("\n".join(f"| {name} | {value} |" for name, value in rows.items()))
    sys.exit(any(value.endswith("!") for value in rows.values()))


if __name__ == "__main__":
    main()
