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
        self.line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-m", "tests.support.programs", str(theirs.fileno())]
        pipe = subprocess.DEVNULL
        self.process = subprocess.Popen(
            command, cwd=environment.ROOT, pass_fds=[theirs.fileno()], stdin=pipe, stdout=pipe
        )
        theirs.close()

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
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        order = json.dumps({"words": words, "env": dict(env), "cwd": str(cwd), "code": code}).encode()
        opened: list[int] = []
        given = []
        for name, number in (("stdin", stdin), ("stdout", stdout), ("stderr", stderr)):
            if number is None:
                reading, writing = os.pipe()
                ours, number = (writing, reading) if name == "stdin" else (reading, writing)
                setattr(self, name, os.fdopen(ours, "wb" if name == "stdin" else "r"))
                opened.append(number)
            given.append(number)
        socket.send_fds(reader().line, [order], [theirs.fileno(), *given])
        for number in opened:
            os.close(number)
        theirs.close()
        self._line.settimeout(PATIENCE)
        self.pid = int(self._line.recv(20))

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
        """Wait until it has ended, and return its exit code. Raises TimeoutError."""
        if self.returncode is None:
            self._line.settimeout(timeout)
            self._ended()
        assert self.returncode is not None
        return self.returncode

    def _ended(self) -> None:
        self.returncode = int(self._line.recv(20))
        self._line.close()

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
    folder = Path(os.environ.get("TMPDIR", "/tmp"))
    flags = os.O_TMPFILE | os.O_RDWR
    streams = [os.open(folder, flags, 0o600) for _stream in range(3)]
    try:
        os.write(streams[0], content)
        os.lseek(streams[0], 0, os.SEEK_SET)
        program = Program(*words, env=env, cwd=cwd, code=code, stdin=streams[0], stdout=streams[1], stderr=streams[2])
        answer = program.wait()
        out, err = (_content(number) for number in streams[1:])
    finally:
        for number in streams:
            os.close(number)
    return subprocess.CompletedProcess(words, answer, out, err)


def _content(number: int) -> str:
    os.lseek(number, 0, os.SEEK_SET)
    with os.fdopen(os.dup(number), "rb") as file:
        return file.read().decode()


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
            running[child].sendall(str(child).encode())


def _report(running: dict[int, socket.socket]) -> None:
    """Say of each that has ended how it did."""
    while running:
        child, status = os.waitpid(-1, os.WNOHANG)
        if not child:
            return
        with running.pop(child) as line, suppress(OSError):
            line.sendall(str(os.waitstatus_to_exitcode(status)).encode())


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
