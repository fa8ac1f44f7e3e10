"""What a service manager such as systemd is told of the desk: that it is ready, alive, ending (sd_notify(3))."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException

#: Seconds the desk has to say that it lives.
ANSWER = 5


class ServiceManager:
    """Whoever started this process and listens to it; nobody, where the environment names no socket."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        period = environ.get("WATCHDOG_USEC", "")
        is_ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        #: Seconds between two signs of life, None where none are awaited.
        self.period = int(period) / 3_000_000 if period.isdigit() and is_ours and self._address else None

    def ready(self) -> None:
        """Say that the desk takes connections."""
        self._send("READY=1")

    def alive(self) -> None:
        """Say that the desk lives."""
        self._send("WATCHDOG=1")

    def ending(self) -> None:
        """Say that the desk ends."""
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        # A name that begins with @ stands in the abstract namespace.
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.connect(address)
            line.sendall(text.encode())


def is_live(address: tuple[str, int]) -> bool:
    """Whether the desk answers at this address, asked as a container or a watchdog does."""
    connection = HTTPConnection(*address, timeout=ANSWER)
    try:
        connection.request("GET", "/healthz?live", headers={"Connection": "close"})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
