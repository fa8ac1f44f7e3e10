"""A process that hangs: all of it, or every thread of it that makes pages. Its siblings answer, and it is replaced."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from helpdesk.operations import request_threads, supervisor
from tests.support.postgres import Missing
from tests.support.waiting import wait_until
from tools.benchmarks.mishaps.desk import BROKEN, Desk

#: Questions that hang: more than all threads of all processes.
QUESTIONS = 40
#: Seconds that a busy machine may add.
BUSY = 40
Hang = Callable[[], list[int]]


def run() -> Iterator[tuple[str, object]]:
    """Stop a process as a whole, and hang the threads of all."""
    if not Path("/proc/self/task").exists():
        raise Missing("the processes are found under /proc, which is not here")
    desk = Desk(GUICHET_PROCESSES="2").make().start()
    wait_until(lambda: len(children(desk)) == 3)
    *_web, mail = children(desk)
    try:
        yield from hung("a stopped process", desk, lambda: stop_one(desk), supervisor.SILENCE)
        patience = supervisor.SILENCE + request_threads.STUCK
        yield from hung("threads that hang", desk, lambda: hang_threads(desk, mail), patience)
    finally:
        desk.end()


def children(desk: Desk) -> list[int]:
    """Return the processes that the first one has started, the oldest first."""
    assert desk.process is not None
    return [int(pid) for pid in Path(f"/proc/{desk.process.pid}/task/{desk.process.pid}/children").read_text().split()]


def stop_one(desk: Desk) -> list[int]:
    """Stop a process of the web where it stands."""
    (pid, *_others) = children(desk)
    os.kill(pid, signal.SIGSTOP)
    return [pid]


def hang_threads(desk: Desk, mail: int) -> list[int]:
    """Put what nobody writes to in the place of a file that health reads: to open it takes for ever."""
    mark = desk.data / "desk.json"
    content = mark.read_text()
    mark.unlink()
    os.mkfifo(mark)
    for _number in range(QUESTIONS):
        line = socket.create_connection(("127.0.0.1", desk.port))
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        line.detach()
    time.sleep(5)
    mark.unlink()
    mark.write_text(content)
    return [pid for pid in children(desk) if pid != mail]


def hung(name: str, desk: Desk, hang: Hang, patience: float) -> Iterator[tuple[str, object]]:
    """Hang something; ask for pages until the processes that hang are others."""
    over, slowest, missing = threading.Event(), [0.0], [0]

    def ask() -> None:
        while not over.wait(0.5):
            began = time.monotonic()
            try:
                desk.get("/static/desk.css", timeout=10)
            except BROKEN:
                missing[0] += 1
            slowest[0] = max(slowest[0], time.monotonic() - began)

    begun = len(desk.output())
    pids = hang()
    began = time.monotonic()
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    while set(pids) & set(children(desk)) and time.monotonic() - began < patience + BUSY:
        time.sleep(0.2)
    took = time.monotonic() - began
    over.set()
    asking.join(30)
    answers = False
    with suppress(*BROKEN):
        answers = desk.answers("/", seconds=30)
    yield f"{name}: still there after {patience + BUSY:.0f} s (0)", len(set(pids) & set(children(desk)))
    yield f"{name}: seconds until it was replaced", took
    yield f"{name}: slowest static file meanwhile, and how many came late", f"{slowest[0]:.1f} s, {missing[0]}"
    yield f"{name}: the log says where (yes)", "most recent call first" in desk.output(begun) or len(pids) == 1
    yield f"{name}: pages come again (yes)", answers
