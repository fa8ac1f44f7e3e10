"""The HTTP server of one process: waitress, with limits that hold before anybody has looked at a request.

One thread moves all bytes, so that who sends nothing or little costs a row in a table; a request is handed to a thread
of the desk once it is complete. docs/server.md has the trial by which waitress was chosen.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask
from waitress.utilities import RequestEntityTooLarge

from helpdesk.lib import log
from helpdesk.lib.security_headers import BARE_POLICY, HEADERS
from helpdesk.operations import connection_log, outage, proxy_headers
from helpdesk.operations.request_threads import THREADS, Lanes
from helpdesk.settings import environment

#: Connections of one process. At this number, those that wait longest make room for new ones.
CONNECTIONS = 1_000
#: Seconds a connection may rest between two requests, or not take what it is sent.
IDLE = 30
#: A request must be complete within so many seconds, and one more for so many bytes: what mod_reqtimeout of Apache
#: httpd 2.4 ships for bodies.
PATIENCE, BYTES_A_SECOND = 20, 500
#: Bytes of a body kept in memory before they go to a temporary file.
IN_MEMORY = 256 * 1024
#: Bytes that bodies in transit may have together, in each process, unless two of the largest allowed need more; beyond,
#: the longest underway are dropped.
IN_TRANSIT = 256 * 1024 * 1024
#: How long and how much of a refused body is thrown away, so that the answer arrives before the connection ends.
DRAIN_SECONDS, DRAIN_BYTES = 15, 128 * 1024 * 1024
#: Seconds between two signs of life.
BEAT = 1
#: Seconds for answers that are being made when the server ends.
END_PATIENCE = 25

Application = Callable[..., Any]


class Request(HTTPRequestParser):
    """A request as it comes in. One whose body is too large is complete at once: the desk says so in its words."""

    is_refused = False
    error: Any = None

    def __init__(self, adj: Adjustments) -> None:
        super().__init__(adj)
        self.begun = time.time()

    def received(self, data: bytes) -> int:
        """Take some bytes; return how many belong to this request."""
        try:
            consumed: int = super().received(data)
        except OSError:
            # The disk takes no body that is longer than memory keeps.
            self.headers[outage.NO_ROOM] = "1"
            self._refuse(0)
            return len(data)
        if isinstance(self.error, RequestEntityTooLarge):
            self._refuse(max(self.content_length, self.adj.max_request_body_size))
        return consumed

    def _refuse(self, length: int) -> None:
        """Let the desk answer without the body."""
        self.error, self.is_refused, self.expect_continue, self.completed = None, True, False, True
        self.headers["CONNECTION"] = "close"
        self.headers["CONTENT_LENGTH"] = str(length)
        with suppress(OSError):
            self.close()
        self.body_rcv = None

    def is_late(self, now: float) -> bool:
        """Whether this request takes longer than anybody's line."""
        received = self.header_bytes_received + self.body_bytes_received
        return now - self.begun > PATIENCE + received / BYTES_A_SECOND


class Refusal(ErrorTask):
    """The server's own answer to what is no request: guarded like every page."""

    def execute(self) -> None:
        """Answer, and log it."""
        headers = {**HEADERS, "Content-Security-Policy": BARE_POLICY, "Cache-Control": "no-store"}
        if (environment.current().site_url or "").startswith("https://"):
            headers["Strict-Transport-Security"] = "max-age=31536000"
        self.response_headers.extend(headers.items())
        log.event("request refused", status=self.request.error.code)
        super().execute()


class Channel(HTTPChannel):
    """A connection. After a refused body it throws away what still comes, so that the answer is read."""

    logger = connection_log.LOG
    parser_class = Request
    error_task_class = Refusal
    _is_ending = False
    _drained = 0
    _drains_until = 0.0
    _is_answered = False

    @property
    def close_when_flushed(self) -> bool:
        """Whether the connection ends with the answer."""
        return self._is_ending

    @close_when_flushed.setter
    def close_when_flushed(self, value: bool) -> None:
        if value and any(request.is_refused for request in self.requests):
            self._drains_until = time.time() + DRAIN_SECONDS
        else:
            self._is_ending = value

    @property
    def is_waiting(self) -> bool:
        """Whether nothing is done for this connection: it sends nothing, or a part of a request."""
        return not (self.requests or self.total_outbufs_len)

    def readable(self) -> bool:
        """Whether bytes are taken."""
        return bool((self._drains_until and not self.will_close) or super().readable())

    def writable(self) -> bool:
        """Whether something is to be sent, the end of an answer too."""
        return bool(super().writable() or (self._drains_until and not self._is_answered))

    def handle_write(self) -> None:
        """Send; after the answer to a refused body, say that no more comes."""
        super().handle_write()
        if self._drains_until and not self._is_answered and not self.total_outbufs_len and self.connected:
            self._is_answered = True
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)

    def handle_read(self) -> None:
        """Take bytes, or throw them away."""
        if not self._drains_until:
            super().handle_read()
            return
        self._drained += len(self.recv(self.adj.recv_bytes))
        if self._drained > DRAIN_BYTES:
            self.will_close = True

    def handle_close(self) -> None:
        """End the connection, and give up what had come of a request."""
        super().handle_close()
        if self.request is not None:
            self.request.close()

    def is_late(self, now: float) -> bool:
        """Whether this connection has had its time."""
        if self._drains_until:
            return now > self._drains_until
        if self.requests:
            return False
        is_slow = self.request is not None and self.request.is_late(now)
        return is_slow or bool(self.last_activity < now - IDLE)


class Server(TcpWSGIServer):
    """Takes the connections of one listening socket."""

    channel_class = Channel

    def readable(self) -> bool:
        """Whether one more connection is taken; looks after the others, too."""
        if len(self.active_channels) >= CONNECTIONS:
            self._drop(1 + len(self.active_channels) - CONNECTIONS)
        return bool(super().readable())

    def maintenance(self, now: float) -> None:
        """Close the connections that have had their time, and those that bring too much at once."""
        for channel in self.active_channels.values():
            if channel.is_late(now):
                channel.will_close = True
        bodies = [channel.request.body_bytes_received for channel in self._oldest_first() if channel.request]
        # Two of the largest always fit, whatever an owner allows.
        excess = sum(bodies) - max(IN_TRANSIT, 2 * self.adj.max_request_body_size)
        while excess > 0 and bodies:
            self._drop(1)
            excess -= bodies.pop(0)

    def _drop(self, count: int) -> None:
        """Close so many of the connections for which nothing is done."""
        for channel in self._oldest_first()[:count]:
            channel.will_close = True

    def _oldest_first(self) -> list[Channel]:
        """Return the connections that wait: first those with a part of a request, by its age, then the idle ones."""
        waiting = [one for one in self.active_channels.values() if one.is_waiting and not one.will_close]
        partial = [channel for channel in waiting if channel.request is not None]
        idle = [channel for channel in waiting if channel.request is None]
        return sorted(partial, key=lambda one: one.request.begun) + sorted(idle, key=lambda one: one.last_activity)


class HTTPServer:
    """Answers what comes in on some sockets, until it is ended; calls `beat` each second in which it could."""

    def __init__(
        self,
        application: Application,
        sockets: Sequence[socket.socket],
        body_limit: int,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self.adj = Adjustments(
            sockets=list(sockets), threads=THREADS, ident=None, connection_limit=CONNECTIONS + 100,
            channel_timeout=IDLE, cleanup_interval=1, asyncore_use_poll=True, recv_bytes=1 << 16,
            inbuf_overflow=IN_MEMORY, max_request_body_size=body_limit + 1,
            **_proxies(environment.current().trusted_proxies),
        )  # fmt: skip
        if environment.current().trusted_proxies == 0:
            application = proxy_headers.without(application)
        self._map: dict[int, Any] = {}
        self._lanes = Lanes()
        self._beat, self._beaten_at = beat, 0.0
        self._is_ending = False
        self._servers = [
            Server(
                application, self._map, True, one, dispatcher=self._lanes, adj=self.adj, bind_socket=False,
                sockinfo=(one.family, one.type, one.proto, one.getsockname()),
            )
            for one in sockets
        ]  # fmt: skip

    def allow_bodies(self, limit: int) -> None:
        """Take bodies of so many bytes from now on."""
        self.adj.max_request_body_size = limit + 1

    def end(self, *_signal: object) -> None:
        """Let `run` return once what was asked is answered. May be called by a signal and by any thread."""
        self._is_ending = True
        with suppress(OSError):  # it has ended
            self._servers[0].pull_trigger()

    def run(self) -> None:
        """Answer until the end; then take nothing new, and finish the answers that are being made."""
        while not self._is_ending:
            self._turn(1)
        self._take_waiting()
        for server in self._servers:
            # Another process may share the socket: only this one stops listening on it.
            server.del_channel()
            server.socket.close()
        until = time.time() + END_PATIENCE
        while self._busy() and time.time() < until:
            self._turn(0.1)
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._lanes.shutdown()
        wasyncore.close_all(self._map, ignore_all=True)

    def _take_waiting(self) -> None:
        """Take the connections made before the end, and what they have sent; closing the socket would tear them."""
        sockets = [server.socket for server in self._servers]
        for _number in range(CONNECTIONS):
            if not select.select(sockets, [], [], 0)[0]:
                break
            self._turn(0)
        self._turn(0)

    def _turn(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._map, count=1)
        if time.monotonic() - self._beaten_at >= BEAT and not self._lanes.is_stuck:
            self._beaten_at = time.monotonic()
            self._beat()

    def _busy(self) -> bool:
        channels = [channel for server in self._servers for channel in server.active_channels.values()]
        for channel in channels:
            if channel.is_waiting:
                channel.will_close = True
        return any(not channel.is_waiting for channel in channels)


def _proxies(count: int) -> dict[str, Any]:
    """Say whose word about the visitor's address is taken: that of `count` proxies in front, or nobody's."""
    if count == 0:
        # `proxy_headers` clears them, and remembers that they came.
        return {"clear_untrusted_proxy_headers": False}
    return {
        "trusted_proxy": "*",
        "trusted_proxy_count": count,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
        "clear_untrusted_proxy_headers": True,
    }
