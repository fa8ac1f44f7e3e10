"""How the desk bears connections: idle and half-sent ones, bodies that are too large, an end in the middle of answers.

    python3 tools/benchmarks/connections.py --seconds 10
    python3 tools/benchmarks/connections.py --command "another server on {port}"
    python3 tools/benchmarks/connections.py --front caddy

It starts a desk of its own in a temporary folder, prints a table and ends with 1 when a promise is not kept. What it
does to connections stands in `tests/support/connections.py`, for the tests, too.
"""

# ruff: noqa: E402  What is measured lies one folder up, in an environment that may have to be made first.
from __future__ import annotations

import argparse
import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import bootstrap

if __name__ == "__main__":
    bootstrap.enter(bootstrap.DEVELOPMENT)

from tests.support import fronts
from tests.support.connections import (
    HELD,
    Place,
    answers_at_end,
    hold_open,
    in_files,
    page,
    refusal_of,
    slowest_page,
)
from tests.support.ports import free_port

#: Seconds within which a page must come all the same.
LONGEST_PAGE = 1.0
#: Bodies that are refused: what is announced, and what is sent in pieces without a word of its size.
ANNOUNCED, IN_PIECES = 2 << 30, 200 << 20
CLIENTS = 8


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


@contextmanager
def started(command: str, **variables: str) -> Iterator[Started]:
    """Start a server in a folder of its own; ``{port}`` of its command is a free port."""
    with tempfile.TemporaryDirectory() as folder:
        place = ("127.0.0.1", free_port())
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
    outside = free_port()
    site = {"GUICHET_SITE_URL": f"https://localhost:{outside}", "GUICHET_TRUSTED_PROXIES": "1"}
    with (
        tempfile.TemporaryDirectory() as folder,
        started(f"{sys.executable} app.py", **site) as server,
        fronts.running(name, Path(folder), outside, server.place[1]),
    ):
        return _behind(("127.0.0.1", outside), server, Path(folder), seconds)


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
