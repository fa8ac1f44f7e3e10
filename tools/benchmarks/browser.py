"""A browser of the benchmarks, which also reads how long the server's processor worked for an answer."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode


class Answer(NamedTuple):
    """What came back, after how many milliseconds, and how many of them the server's processor was at work."""

    status: int
    body: str
    took: float
    worked: float


def work_of(pid: int | None) -> float:
    """Return how many milliseconds a program and those it started have been at work: other load does not count.

    None stands for no program, whose work is 0.
    """
    work = 0
    for process in () if pid is None else (pid, *descendants(pid)):
        for task in Path(f"/proc/{process}/task").glob("*/schedstat"):
            work += int(task.read_text().split()[0])
    return work / 1_000_000


def descendants(pid: int) -> Iterator[int]:
    """Give the processes that a program started."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            yield child
            yield from descendants(child)


class Browser:
    """Just enough of one: cookies, forms, one connection for each request. `pid` is the server whose work counts."""

    def __init__(self, port: int, pid: int | None = None) -> None:
        self.port, self.pid = port, pid
        self.cookies: dict[str, str] = {}

    def ask(self, path: str, form: dict[str, str] | None = None) -> Answer:
        """Get a page, or post a form to it."""
        body = urlencode(form) if form is not None else None
        headers = {"Cookie": "; ".join(f"{key}={value}" for key, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        worked, started = work_of(self.pid), time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET" if body is None else "POST", path, body, headers)
        response = connection.getresponse()
        page = response.read()
        connection.close()
        took = (time.perf_counter() - started) * 1000
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _equals, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return Answer(response.status, page.decode(), took, work_of(self.pid) - worked)
