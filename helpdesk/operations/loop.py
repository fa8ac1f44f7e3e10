"""The loop: it waits until the next thing is due or it is woken, and does what is due.

Each source has a thread of its own, so that a mail server that is slow and an upkeep that is long hold nothing else
up; one more says that the process is alive and listens to others. Nothing rests in the loop: what is due stands in the
database, is claimed there by one process, and is free again when that process is dead.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from database import database
from helpdesk import clock
from helpdesk.lib import cache, process
from helpdesk.operations import outage, wakeups, workers

logger = logging.getLogger(__name__)

#: Seconds after which a source looks by itself: other processes wake nobody on SQLite, and clocks jump.
LOOK = 2
#: The same where PostgreSQL wakes whoever waits.
LOOK_LISTENING = 15
#: Seconds to rest when what was due could not be done.
REST = 15
#: Seconds to rest after an error that nobody foresaw, and after one of a database that is away.
REST_FAILED, REST_LOST = 60, 2
#: The same after a collision with another act.
REST_COLLIDED = 0.2
#: Seconds a stopping loop waits for what it is doing.
PATIENCE = 10


class Application(Protocol):
    """What the loop needs of the application."""

    def app_context(self) -> AbstractContextManager[Any]:
        """Open the context in which mails are rendered."""


@dataclass(frozen=True)
class Source:
    """Something that comes due.

    `next_due` tells when the next thing may be done, None for nothing; `run` does some of what is due, a few seconds'
    worth, and says whether it did. Each thing is claimed in the name of the process; `claimants` are the processes that
    have claimed something, `release` frees what one of them had.
    """

    name: str
    next_due: Callable[[], datetime | None]
    run: Callable[[threading.Event], object]
    #: What claims nothing has nothing to free.
    claimants: Callable[[], Iterable[str]] = tuple
    release: Callable[[str], object] = lambda _name: None
    #: Whether something stored may be due at once.
    is_woken: bool = True


class Loop:
    """Carries out what comes due in threads of this process, until it is stopped."""

    def __init__(self, app: Application, sources: Sequence[Source]) -> None:
        self._app = app
        self._sources = sources
        self._stopping = threading.Event()
        self._bells = {source.name: threading.Event() for source in sources}
        self._listener = wakeups.Listener()
        self._keeper: threading.Thread | None = None
        self._carriers: list[threading.Thread] = []

    def start(self) -> None:
        """Begin, beside whatever else the process does."""
        workers.begin()
        wakeups.bells |= {self._bells[source.name] for source in self._sources if source.is_woken}
        wakeups.follow_siblings(self._ring)
        self._carriers = [
            threading.Thread(target=self._carry_out, args=(source,), name=source.name, daemon=True)
            for source in self._sources
        ]
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        for thread in (self._keeper, *self._carriers):
            thread.start()

    @property
    def is_whole(self) -> bool:
        """Whether none of its threads has died."""
        return self._keeper is not None and all(thread.is_alive() for thread in (self._keeper, *self._carriers))

    def stop(self) -> None:
        """Let what is being done end, for some seconds at most, and stop."""
        self._stopping.set()
        for bell in self._bells.values():
            bell.set()
        wakeups.bells -= set(self._bells.values())
        if self._keeper is not None:
            self._keeper.join()

    # --- What the threads do ---

    def _carry_out(self, source: Source) -> None:
        """Do what is due of a source, wait for the next, and go on after any failure."""
        bell, is_whole = self._bells[source.name], True
        while True:
            bell.clear()
            if self._stopping.is_set():
                return
            try:
                with self._desk():
                    if not is_whole:
                        source.release(process.name())
                    is_whole = True
                    pause = self._turn(source)
                outage.over()
            except Exception as error:
                # What was claimed may still be, by this process: no other one would free it.
                is_whole, pause = False, _report(error, source.name)
            bell.wait(pause)

    def _turn(self, source: Source) -> float:
        """Do what is due now; return for how many seconds to wait."""
        due, now = source.next_due(), clock.now()
        if due is not None and due <= now:
            return 0 if source.run(self._stopping) else REST
        look = LOOK_LISTENING if self._listener.is_on else LOOK
        return look if due is None else min(look, (due - now).total_seconds())

    def _ring(self) -> None:
        """Let the sources look at once that are woken by what is stored."""
        for source in self._sources:
            if source.is_woken:
                self._bells[source.name].set()

    def _keep(self) -> None:
        """Say that this process lives, free what the dead had claimed, listen to other processes; end last."""
        watch, is_started = workers.Watch(), False
        while not self._stopping.is_set():
            try:
                with database.connection_context():
                    # A process whose sources have died is dead, too, and health tells it.
                    if all(thread.is_alive() for thread in self._carriers) or not is_started:
                        workers.beat()
                    if not is_started:
                        workers.free_ended(self._sources)
                    is_started = True
                    workers.free_dead(watch, self._sources)
                self._listener.wait(workers.BEAT, self._ring, self._stopping)
            except Exception as error:
                self._stopping.wait(min(workers.BEAT, _report(error, "keeper")))
        self._listener.close()
        until = time.monotonic() + PATIENCE
        for thread in self._carriers:
            if thread.ident is not None:  # a signal may come amid the start
                thread.join(max(0, until - time.monotonic()))
        # What is still being done keeps its claim: the next start frees it, once this process is dead.
        if not any(thread.is_alive() for thread in self._carriers):
            with suppress(*outage.ERRORS), database.connection_context():
                workers.end()

    @contextmanager
    def _desk(self) -> Iterator[None]:
        """Give a turn a connection of its own, what others changed in the meantime, and the application."""
        with database.connection_context(), self._app.app_context():
            cache.refresh()
            yield


def _report(error: Exception, name: str) -> float:
    """Log what stopped a thread's turn; return for how many seconds it rests."""
    if outage.is_lost(error):
        outage.tell(error)
        return REST_LOST
    if outage.is_collision(error):
        logger.warning("The loop (%s) collided with another act, and tries again.", name)
        return REST_COLLIDED
    logger.error("The loop (%s) failed, and goes on in a moment.", name, exc_info=error)
    return REST_FAILED
