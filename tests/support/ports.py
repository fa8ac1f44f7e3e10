"""Ports for programs that must know theirs before they listen."""

from __future__ import annotations

import socket


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
