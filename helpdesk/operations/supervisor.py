"""The processes of a desk on several cores: forked from one that has read the program, started again when they end.

The first process does nothing else, so that it has no thread and no connection that a fork would tear: it also answers
to the service manager. When it is killed, the others end at once. Each of them proves its life by a beat through a
pipe; one that gives none is ended and starts again, while its siblings answer.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

from helpdesk.operations.service_manager import ServiceManager

logger = logging.getLogger(__name__)

#: Seconds a process must have lived to be started again at once; else one waits, at most `LONGEST_REST` seconds.
SOUND, LONGEST_REST = 10, 30
#: Seconds the processes have to end: answers that are being made, and the mail that is just going out.
PATIENCE = 40
#: Seconds between two looks at the processes and the clock.
LOOK = 1.0
#: Seconds without a sign of life after which a process is ended. Measured at two at most, on two cores with the work of
#: twenty-seven.
SILENCE = 60
#: Seconds an ended process has to say where it hangs.
LAST_WORDS = 0.5
#: The signals that end a desk.
ENDINGS = (signal.SIGTERM, signal.SIGINT)


def open_pipe() -> tuple[int, int]:
    """Return the two ends of a pipe that nobody waits for."""
    ends = os.pipe()
    for end in ends:
        os.set_blocking(end, False)
    return ends


def _ring(pipe: int) -> None:
    with suppress(BlockingIOError):  # full: rung often enough
        os.write(pipe, b"!")


def _hear(pipe: int) -> bool:
    with suppress(BlockingIOError):
        return bool(os.read(pipe, 4096))
    return False


@dataclass
class Member:
    """One of the processes: what it does, and how it fares."""

    name: str
    work: Callable[[Callable[[], None]], None]
    pid: int = 0
    started_at: float = field(default=float("-inf"))
    rest: float = 0
    #: Seconds without a sign of life.
    silence: float = 0
    pulse: tuple[int, int] = field(default_factory=open_pipe)

    def beat(self) -> None:
        """Give a sign of life; called in the process itself."""
        _ring(self.pulse[1])

    def has_beaten(self) -> bool:
        """Whether signs of life came since the last question."""
        return _hear(self.pulse[0])

    def is_due(self, now: float) -> bool:
        """Whether the process must be started."""
        return self.pid == 0 and now >= self.started_at + self.rest


class Supervisor:
    """Starts the processes, starts again those that end, and ends all of them."""

    def __init__(self, members: Sequence[Member], manager: ServiceManager, is_live: Callable[[], bool]) -> None:
        self._members = members
        self._manager = manager
        self._is_live = is_live
        self._signals = 0
        # A pipe and not an event: a signal may come while an event is locked by whom it interrupts.
        self._bell = open_pipe()
        self._looked_at = time.monotonic()
        self._asked_at = time.monotonic()
        self._lifeline = os.pipe()

    def run(self) -> None:
        """Run until a signal comes."""
        signal.signal(signal.SIGCHLD, self._ring)
        for number in ENDINGS:
            signal.signal(number, self._end)
        self._start()
        self._manager.ready()
        while not self._signals:
            self._rest()
            self._reap()
            if not self._signals:
                self._end_silent()
                self._start()
                self._say_alive()
        self._manager.ending()
        self._stop()

    def _end(self, *_signal: object) -> None:
        self._signals += 1
        self._ring()

    def _ring(self, *_signal: object) -> None:
        _ring(self._bell[1])

    def _rest(self) -> None:
        """Wait for a signal, a moment at most."""
        select.select([self._bell[0]], [], [], LOOK)
        _hear(self._bell[0])

    def _start(self) -> None:
        now = time.monotonic()
        for member in self._members:
            if member.is_due(now):
                member.started_at, member.silence = now, 0
                member.pid = self._fork()
                if member.pid == 0:
                    self._become(member)

    def _fork(self) -> int:
        """Fork; a signal that comes meanwhile waits until each process knows what it means there.

        The new process has this one's handlers for a moment: they would only count the signal, and it would be lost.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            # Ctrl+C reaches every process of a terminal; the first one tells the others.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
        return pid

    def _become(self, member: Member) -> NoReturn:
        """Be this member, in a process of its own."""
        code = 1
        try:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(self._lifeline[1])
            threading.Thread(target=_end_with, args=(self._lifeline[0],), name="lifeline", daemon=True).start()
            faulthandler.register(signal.SIGUSR1)
            member.work(member.beat)
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        except BaseException:
            logger.exception("The process %s failed.", member.name)
        finally:
            sys.stdout.flush()
            os._exit(code)

    def _reap(self) -> None:
        """Note who has ended."""
        while any(member.pid for member in self._members):
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            for member in self._members:
                if member.pid == pid:
                    self._note_end(member, os.waitstatus_to_exitcode(status))

    def _note_end(self, member: Member, code: int) -> None:
        member.pid = 0
        lived = time.monotonic() - member.started_at
        member.rest = 0 if lived >= SOUND else min(LONGEST_REST, max(1, 2 * member.rest))
        if not self._signals:
            logger.error("The process %s ended (%d) after %d seconds; it starts again.", member.name, code, lived)

    def _end_silent(self) -> None:
        """End who gives no sign of life: its threads hang, or all of it does."""
        now = time.monotonic()
        # A machine that slept, or was too busy for this process as well, is nobody's silence.
        awake, self._looked_at = min(now - self._looked_at, 2 * LOOK), now
        for member in self._members:
            member.silence = 0 if member.has_beaten() else member.silence + awake
            if member.pid and member.silence > SILENCE:
                logger.error("The process %s gives no sign of life; what it was doing follows.", member.name)
                os.kill(member.pid, signal.SIGUSR1)
                time.sleep(LAST_WORDS)
                os.kill(member.pid, signal.SIGKILL)
                member.silence = 0

    def _say_alive(self) -> None:
        period = self._manager.period
        if period is not None and time.monotonic() >= self._asked_at + period:
            self._asked_at = time.monotonic()
            if self._is_live():
                self._manager.alive()

    def _stop(self) -> None:
        """End every process: in peace, or at once after a second signal or too long a time."""
        self._send(signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        while any(member.pid for member in self._members):
            if time.monotonic() > until or self._signals > 1:
                self._send(signal.SIGKILL)
            self._rest()
            self._reap()

    def _send(self, number: int) -> None:
        for member in self._members:
            if member.pid:
                os.kill(member.pid, number)


def _end_with(lifeline: int) -> None:
    """End this process at once when the first one is gone."""
    os.read(lifeline, 1)
    os._exit(1)
