"""The threads of one HTTP server: those that make pages, and one that answers while all of them are stuck."""

from __future__ import annotations

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ThreadedTaskDispatcher

#: Threads that make pages, in each process. More are slower: Python runs one at a time.
THREADS = 4


class Lanes:
    """Threads for pages, and one for what asks no database and is answered while all others are stuck."""

    def __init__(self) -> None:
        self._pages, self._quick = ThreadedTaskDispatcher(), ThreadedTaskDispatcher()
        # Its warning about a full queue of requests is no news.
        self._pages.queue_logger.disabled = True
        self._pages.set_thread_count(THREADS)
        self._quick.set_thread_count(1)

    def add_task(self, channel: HTTPChannel) -> None:
        """Have the first request of a connection answered."""
        lane = self._quick if _is_quick(channel.requests[0]) else self._pages
        lane.add_task(channel)

    def shutdown(self) -> None:
        """End the threads; a second is enough for those that have nothing to do."""
        self._pages.shutdown(timeout=1)
        self._quick.shutdown(timeout=1)


def _is_quick(request: HTTPRequestParser) -> bool:
    if request.error is not None:
        return True
    is_live = request.path == "/healthz" and request.query.partition("=")[0] == "live"
    return is_live or (request.path.startswith("/static/") and request.command in {"GET", "HEAD"})
