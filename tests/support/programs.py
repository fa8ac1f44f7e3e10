"""Commands of the desk in processes of their own, without the second it takes to read the program.

A process that has read all of it waits, and forks for each command: words, variables, folder and streams are those of
``python3 app.py …``. What starts Python itself is tried by `tests/operations/test_bootstrap.py` and by the tests of
`tests/operations/test_commands.py` that say so.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import app
from helpdesk import cli
from helpdesk.settings import environment
from tests.support.waiting import PATIENCE

#: Bytes that an order may have: the words and the variables of a program.
MOST = 1 << 20

_reader: Reader | None = None


class Reader:
    """The process that has read the program, and the line to it."""

    def __init__(self) -> None:
        self.line, theirs = socket.socketpair()
        command = [sys.executable, "-m", "tests.support.programs", str(theirs.fileno())]
        pipe = subprocess.DEVNULL
        self.process = subprocess.Popen(
            command, cwd=environment.ROOT, pass_fds=[theirs.fileno()], stdin=pipe, stdout=pipe
        )
        theirs.close()

    def order(self, order: dict[str, Any], numbers: list[int]) -> None:
        """Ask for a program with these open files: the line to it, and its three streams."""
        text = json.dumps(order).encode() + b"\n"
        sent = socket.send_fds(self.line, [text], numbers)
        self.line.sendall(text[sent:])

    def end(self) -> None:
        """End it; what it has started goes on."""
        self.line.close()
        self.process.wait(PATIENCE)


def reader() -> Reader:
    """Return the one of this process, started when it is first needed."""
    global _reader
    if _reader is None:
        _reader = Reader()
    return _reader


def end() -> None:
    """End the process that waits."""
    global _reader
    if _reader is not None:
        _reader.end()
        _reader = None


class Program:
    """A command of the desk that runs: `words` as they are typed, or `code` as ``python -c`` takes it.

    `stdin`, `stdout` and `stderr` are file numbers, or None for a pipe to this process.
    """

    def __init__(
        self,
        *words: str,
        env: Mapping[str, str],
        cwd: Path = environment.ROOT,
        code: str = "",
        stdin: int | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> None:
        self.returncode: int | None = None
        self.stdin: IO[bytes] | None = None
        self.stdout: IO[str] | None = None
        self.stderr: IO[str] | None = None
        self._line, theirs = socket.socketpair()
        order = {"words": words, "env": dict(env), "cwd": str(cwd), "code": code}
        opened: list[int] = []
        given = []
        for name, number in (("stdin", stdin), ("stdout", stdout), ("stderr", stderr)):
            if number is None:
                reading, writing = os.pipe()
                ours, number = (writing, reading) if name == "stdin" else (reading, writing)
                setattr(self, name, os.fdopen(ours, "wb" if name == "stdin" else "r"))
                opened.append(number)
            given.append(number)
        reader().order(order, [theirs.fileno(), *given])
        for number in opened:
            os.close(number)
        theirs.close()
        self._line.settimeout(PATIENCE)
        self._came = b""
        self.pid = self._number()

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
        self.wait()

    def close(self) -> None:
        """Close the pipes."""
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()

    def poll(self) -> int | None:
        """Return the exit code, minus the signal that ended it, or None while it runs."""
        if self.returncode is None:
            self._line.settimeout(0)
            with suppress(BlockingIOError):
                self._ended()
        return self.returncode

    def wait(self, timeout: float = PATIENCE) -> int:
        """Wait until it has ended, and return its exit code. Raises TimeoutError, and ends what goes on for longer."""
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                self._ended()
            except TimeoutError:
                self.kill()
                raise
        assert self.returncode is not None
        return self.returncode

    def _ended(self) -> None:
        self.returncode = self._number()
        self._line.close()

    def _number(self) -> int:
        """Return the next number that is told: its own, then how it ended. Raises BlockingIOError and TimeoutError."""
        while b"\n" not in self._came:
            piece = self._line.recv(20)
            assert piece, "the process that starts programs has ended"
            self._came += piece
        number, _end, self._came = self._came.partition(b"\n")
        return int(number)

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def run(
    *words: str, env: Mapping[str, str], cwd: Path = environment.ROOT, code: str = "", content: bytes = b""
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end with this on its standard input; return its exit code and what it printed."""
    with TemporaryFile() as stdin, TemporaryFile() as stdout, TemporaryFile() as stderr:
        stdin.write(content)
        stdin.seek(0)
        streams = {"stdin": stdin.fileno(), "stdout": stdout.fileno(), "stderr": stderr.fileno()}
        answer = Program(*words, env=env, cwd=cwd, code=code, **streams).wait()
        out, err = (file.seek(0) or file.read().decode() for file in (stdout, stderr))
    return subprocess.CompletedProcess(words, answer, out, err)


# --- The process that waits ---------------------------------------------------------------------------------------


def serve(line: socket.socket) -> dict[str, Any] | None:
    """Fork for each order that comes, and say how it ended; return the order in the process that is to follow it."""
    waking, woken = socket.socketpair()
    for one in (waking, woken):
        one.setblocking(False)
    signal.set_wakeup_fd(woken.fileno())
    signal.signal(signal.SIGCHLD, lambda *_signal: None)
    running: dict[int, socket.socket] = {}
    selector = selectors.DefaultSelector()
    selector.register(line, selectors.EVENT_READ)
    selector.register(waking, selectors.EVENT_READ)
    while True:
        for key, _events in selector.select():
            if key.fileobj is waking:
                waking.recv(1000)
                _report(running)
                continue
            order, numbers, _flags, _address = socket.recv_fds(line, MOST, 4)
            if not order:
                return None
            while not order.endswith(b"\n"):
                order += line.recv(MOST)
            child = os.fork()
            if child == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for one in (*running.values(), line, waking, woken, selector):
                    one.close()
                os.close(numbers[0])
                for place, number in enumerate(numbers[1:]):
                    os.dup2(number, place)
                    os.close(number)
                return dict(json.loads(order))
            running[child] = socket.socket(fileno=numbers[0])
            for number in numbers[1:]:
                os.close(number)
            running[child].sendall(f"{child}\n".encode())


def _report(running: dict[int, socket.socket]) -> None:
    """Say of each that has ended how it did."""
    while running:
        child, status = os.waitpid(-1, os.WNOHANG)
        if not child:
            return
        with running.pop(child) as line, suppress(OSError):
            line.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def follow(order: dict[str, Any]) -> None:
    """Be the program that was asked for."""
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    sys.argv = ["-c" if order["code"] else "app.py", *order["words"]]
    time.tzset()
    if order["code"]:
        exec(compile(order["code"], "<string>", "exec"), {"__name__": "__main__"})
    else:
        cli.main(order["words"], app.create_app)


if __name__ == "__main__":
    gc.freeze()
    wanted = serve(socket.socket(fileno=int(sys.argv[1])))
    if wanted is not None:
        follow(wanted)
