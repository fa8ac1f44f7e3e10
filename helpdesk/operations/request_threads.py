"""The threads of one HTTP server: those that make pages, and one that answers while all of them are stuck."""

from __future__ import annotations

import threading
import time

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ThreadedTaskDispatcher

#: Threads that make pages, in each process. More are slower: Python runs one at a time.
THREADS = 4
#: Seconds after which a thread that made nothing of a page, and sent nothing, is stuck. Nothing that the desk waits for
#: may take as long: a database has 45 (`engines.DEADLINE`), and other servers half a minute.
STUCK = 120


class Answer:
    """The answer to the first request of a connection; known to its lane while a thread is making it."""

    def __init__(self, channel: HTTPChannel, at_work: dict[int, Answer]) -> None:
        self._channel = channel
        self._at_work = at_work
        self._begun = 0.0

    def service(self) -> None:
        """Make and send it."""
        self._begun = time.monotonic()
        self._at_work[threading.get_ident()] = self
        try:
            self._channel.service()
        finally:
            self._at_work.pop(threading.get_ident(), None)

    def cancel(self) -> None:
        """Never make it."""
        self._channel.cancel()

    @property
    def is_stuck(self) -> bool:
        """Whether neither its making nor its sending has come anywhere for long."""
        is_silent = time.time() - self._channel.last_activity > STUCK
        return is_silent and time.monotonic() - self._begun > STUCK


class Lane(ThreadedTaskDispatcher):
    """Some threads, and what each of them is making."""

    def __init__(self, threads: int) -> None:
        super().__init__()
        self._threads = threads
        self._at_work: dict[int, Answer] = {}
        self.set_thread_count(threads)

    def add_task(self, channel: HTTPChannel) -> None:
        """Have the first request of a connection answered."""
        super().add_task(Answer(channel, self._at_work))

    @property
    def is_stuck(self) -> bool:
        """Whether no thread of it will ever answer again, as far as one can tell."""
        answers = list(self._at_work.values())
        return len(answers) == self._threads and all(answer.is_stuck for answer in answers)


class Lanes:
    """Threads for pages, and one for what asks no database and is answered while all others are stuck."""

    def __init__(self) -> None:
        self._pages, self._quick = Lane(THREADS), Lane(1)
        # Its warning about a full queue of requests is no news.
        self._pages.queue_logger.disabled = True

    def add_task(self, channel: HTTPChannel) -> None:
        """Have the first request of a connection answered."""
        lane = self._quick if self._is_quick(channel.requests[0]) else self._pages
        lane.add_task(channel)

    @property
    def is_stuck(self) -> bool:
        """Whether this process will make no page any more: it is to be replaced."""
        return self._pages.is_stuck

    def shutdown(self) -> None:
        """End the threads; a second is enough for those that have nothing to do."""
        self._pages.shutdown(timeout=1)
        self._quick.shutdown(timeout=1)

    def _is_quick(self, request: HTTPRequestParser) -> bool:
        if request.error is not None:
            return True
        if request.path == "/healthz" and request.query.partition("=")[0] == "live":
            # Who asks whether the desk lives is not to hear it from the one thread that does.
            return not self.is_stuck
        return bool(request.path.startswith("/static/")) and request.command in {"GET", "HEAD"}
