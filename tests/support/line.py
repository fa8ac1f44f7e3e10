"""A line to a server, in front of it, that can be made to swallow everything."""

from __future__ import annotations

import contextlib
import select
import socket
import threading


class Line:
    """A line to a server that can be made to swallow everything: accepted, acknowledged, never answered."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.swallows = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while True:
                near, _ = self.listener.accept()
                try:
                    far = self._dial()
                except OSError:
                    near.close()
                    continue
                self.sockets += [near, far]
                threading.Thread(target=self._carry, args=(near, far), daemon=True).start()

    def _dial(self) -> socket.socket:
        host, port = self.target
        if not host.startswith("/"):
            return socket.create_connection(self.target)
        far = socket.socket(socket.AF_UNIX)
        far.connect(f"{host}/.s.PGSQL.{port}")
        return far

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            while True:
                for ready in select.select([near, far], [], [], 1)[0]:
                    content = ready.recv(1 << 16)
                    if not content:
                        near.close()
                        far.close()
                        return
                    if not self.swallows:
                        (far if ready is near else near).sendall(content)

    def close(self) -> None:
        self.listener.close()
        for line in self.sockets:
            line.close()
