"""The desk in several processes: one loop, one that dies is replaced, all end together; what systemd hears."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from helpdesk.lib import machine
from helpdesk.operations import serving, wakeups
from helpdesk.operations.service_manager import ServiceManager
from helpdesk.settings import environment
from tests.operations.test_commands import Served
from tests.support import connections
from tests.support.waiting import PATIENCE, wait_until


class Manager:
    """A service manager's end of the line: the words it hears."""

    def __init__(self, path: Path) -> None:
        self.words: list[str] = []
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.line.bind(str(path))
        self.variables = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "300000"}
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self) -> None:
        while word := self.line.recv(100):
            self.words.append(word.decode())

    def close(self) -> None:
        """Hear no more."""
        ServiceManager(self.variables)._send("")
        self.thread.join()
        self.line.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """Listens as systemd does."""
    made = Manager(tmp_path / "notify")
    yield made
    made.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Starts a desk and ends it."""
    started: list[Served] = []

    def start(**further: str) -> Served:
        started.append(Served(tmp_path / "data", **further))
        return started[-1]

    yield start
    for served in started:
        served.end(signal.SIGKILL)


def children(pid: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def family(desk: Served) -> list[int]:
    """Return the processes of a desk: two for the web, one for mail and timetable."""
    return wait_until(lambda: len(found := children(desk.process.pid)) == 3 and found)


linux_only = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the processes are found under /proc")


@linux_only
def test_several_processes_run_the_loop_once_and_end_together(serve: Any, manager: Manager, tmp_path: Path) -> None:
    desk = serve(GUICHET_PROCESSES="2", **manager.variables)
    first = family(desk)
    with closing(sqlite3.connect(tmp_path / "data" / "guichet.db")) as database:
        wait_until(lambda: database.execute("SELECT name FROM worker").fetchall())
        assert database.execute("SELECT count(*) FROM worker").fetchone() == (1,)
    assert len(list((tmp_path / "data" / "processes").iterdir())) == 1
    os.kill(first[0], signal.SIGKILL)
    wait_until(lambda: len(set(children(desk.process.pid)) - set(first)) == 1)
    place = ("127.0.0.1", desk.port)
    assert connections.page(place)[1] == 200
    wait_until(lambda: manager.words.count("WATCHDOG=1") >= 2)
    at_work = children(desk.process.pid)
    assert connections.answers_at_end(place, desk.process.pid, count=8) == 8
    assert desk.process.wait(PATIENCE) == 0
    assert [pid for pid in at_work if Path(f"/proc/{pid}").exists()] == []
    # From one process alone: systemd takes no word from another.
    assert [word for word in manager.words if word != "WATCHDOG=1"] == ["READY=1", "STOPPING=1"]
    assert [entry for entry in desk.log() if not entry.startswith("ERROR The process web 1 ended (-9)")] == []


@linux_only
def test_one_process_does_all_and_tells_the_same(serve: Any, manager: Manager, tmp_path: Path) -> None:
    desk = serve(GUICHET_PROCESSES="1", **manager.variables)
    assert children(desk.process.pid) == []
    wait_until(lambda: manager.words.count("WATCHDOG=1") >= 2)
    with closing(sqlite3.connect(tmp_path / "data" / "guichet.db")) as database:
        wait_until(lambda: database.execute("SELECT name FROM worker").fetchall())
    assert connections.answers_at_end(("127.0.0.1", desk.port), desk.process.pid, count=8) == 8
    assert desk.process.wait(PATIENCE) == 0
    assert (manager.words[0], manager.words[-1]) == ("READY=1", "STOPPING=1")
    assert desk.log() == []


@linux_only
def test_when_the_first_process_is_killed_the_others_end(serve: Any) -> None:
    desk = serve(GUICHET_PROCESSES="2")
    others = family(desk)
    desk.end(signal.SIGKILL)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in others))


#: A desk whose new processes are told to end before they know what that means for them.
TOO_EARLY = """
import os, signal, time
from helpdesk.operations.service_manager import ServiceManager
from helpdesk.settings import environment
from helpdesk.operations.supervisor import Member, Supervisor
os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))
Supervisor([Member("web 1", lambda _beat: time.sleep(5))], ServiceManager({}), lambda: True).run()
"""


def test_a_process_that_is_ended_while_it_begins_ends() -> None:
    command = [sys.executable, "-c", TOO_EARLY]
    with subprocess.Popen(command, cwd=environment.ROOT, stderr=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stderr is not None
        line = supervisor.stderr.readline()
        supervisor.send_signal(signal.SIGTERM)
        assert (line.partition(") ")[0], supervisor.wait(PATIENCE)) == ("The process web 1 ended (-15", 0)


#: A desk one of whose processes gives no sign of life when it is started first, as if all of it hung.
SILENT = """
import pathlib, sys, time
from helpdesk.operations import supervisor
from helpdesk.operations.service_manager import ServiceManager
supervisor.LOOK, supervisor.SILENCE = 0.1, 2
first, second = (pathlib.Path(sys.argv[1]) / name for name in ("first", "second"))
def in_vain():
    time.sleep(600)
def work(beat):
    if not first.exists():
        first.touch()
        in_vain()
    second.touch()
    while True:
        beat()
        time.sleep(0.1)
supervisor.Supervisor([supervisor.Member("web 1", work)], ServiceManager({}), lambda: True).run()
"""


def test_a_process_that_gives_no_sign_of_life_says_where_it_hangs_and_is_replaced(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SILENT, str(tmp_path)]
    with subprocess.Popen(command, cwd=environment.ROOT, stderr=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stderr is not None
        lines = iter(supervisor.stderr.readline, "")
        words = [next(lines)]
        while not words[-1].startswith("The process web 1 ended"):
            words.append(next(lines))
        wait_until((tmp_path / "second").exists)
        supervisor.send_signal(signal.SIGTERM)
        assert supervisor.wait(PATIENCE) == 0
    assert words[0] == "The process web 1 gives no sign of life; what it was doing follows.\n"
    assert any("in in_vain" in line for line in words)
    assert "ended (-9)" in words[-1]


def test_without_a_service_manager_nobody_is_told() -> None:
    silent = ServiceManager({"WATCHDOG_USEC": "300000"})
    silent.ready()
    assert silent.period is None
    assert ServiceManager({"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "300000", "WATCHDOG_PID": "1"}).period is None
    assert ServiceManager({"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "300000"}).period == 0.1


def test_the_desk_is_one_process_where_memory_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 8)
    counts = []
    for mebibytes in (512, 1_000, 1_024, 2_048, 64_000):
        monkeypatch.setattr(machine, "memory", lambda size=mebibytes << 20: size)
        counts.append(serving.default_processes())
    assert counts == [1, 1, 2, 4, 8]


def test_a_container_counts_as_a_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "CGROUPS", tmp_path)
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    (tmp_path / "memory.max").write_text("536870912\n")
    assert (machine.cores(), machine.memory()) == (1, 512 << 20)
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.memory() > 512 << 20


def test_a_process_of_the_web_wakes_the_one_with_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wakeups, "bells", set())
    monkeypatch.setattr(wakeups, "_pipe", None)
    heard = threading.Event()
    wakeups.share()
    wakeups.follow_siblings(heard.set)
    for _again in range(100_000):  # more than a pipe holds, should nobody look
        wakeups.wake()
    assert heard.wait(PATIENCE)
    assert wakeups._pipe is not None
    os.close(wakeups._pipe[1])


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the system's library is not glibc")
def test_threads_take_memory_from_one_place() -> None:
    """Asked of the library itself: each place of its own is a heap that it names."""
    code = """if True:
        import ctypes, os, threading
        from helpdesk.lib import machine
        machine.share_one_heap()
        library, path = ctypes.CDLL(None), "/proc/self/fd"
        library.malloc.restype = ctypes.c_void_p
        threads = [threading.Thread(target=library.malloc, args=(100_000,)) for _ in range(4)]
        [thread.start() for thread in threads], [thread.join() for thread in threads]
        library.malloc_info(0, ctypes.c_void_p.in_dll(library, "stdout"))
        library.fflush(None)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.count("<heap nr=") <= 1
