"""Requests to servers that an owner has named: checked addresses, no redirects, an end to size and time.

This module imports the library for it. Nothing imports it before somebody signs in by a provider.
"""

from __future__ import annotations

import socket
import time
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

#: Seconds to connect, and between two pieces of an answer.
TIMEOUT = (5, 10)
#: Seconds for a whole answer.
DEADLINE = 20
#: Bytes of an answer.
LARGEST = 512 * 1024
HERE = frozenset({"localhost", "127.0.0.1", "::1"})


class BadAddress(requests.RequestException):
    """The desk asks nothing of this address: no https, or a place that is no server of an organisation."""


class Bounded(HTTPAdapter):
    """Reads no more of an answer than `LARGEST`, and no longer than `DEADLINE`; `local`: whether http may be here."""

    def __init__(self, *, local: bool) -> None:
        super().__init__()
        self.local = local

    def send(self, request: requests.PreparedRequest, *_args: Any, **options: Any) -> requests.Response:
        """Ask, and read the answer."""
        check_address(request.url or "", local=self.local)
        end = time.monotonic() + DEADLINE
        answer = super().send(request, **{**options, "stream": True, "timeout": TIMEOUT})
        vars(answer).update(_content=_content(answer, end), _content_consumed=True)
        return answer


def _content(answer: requests.Response, end: float) -> bytes:
    content = b""
    try:
        while piece := answer.raw.read1(65_536, decode_content=True):
            content += piece
            if len(content) > LARGEST or time.monotonic() > end:
                answer.close()
                raise requests.RequestException("the answer is too long")
    except HTTPError as error:
        # An answer that breaks off, stands still or cannot be unpacked: the library translates these nowhere but in
        # its own loop, which waits for whole pieces.
        raise requests.ConnectionError("the answer broke off") from error
    return content


def mount(session: requests.Session, *, local: bool) -> None:
    """Let a session ask in this way alone."""
    session.max_redirects = 0
    for scheme in ("https://", "http://"):
        session.mount(scheme, Bounded(local=local))


def is_sound(url: str, *, local: bool) -> bool:
    """Whether an address may be asked at all: https, or with `local` http on this machine; and a name, no user."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or parts.fragment or not url.isprintable() or " " in url or "\\" in url:
        return False
    return parts.scheme == "https" or (local and parts.scheme == "http" and host in HERE)


def check_address(url: str, *, local: bool) -> None:
    """Raise BadAddress for an address that is not sound, or whose name leads to no server of an organisation.

    A provider often stands in the network of the organisation itself: private addresses are asked, and what is there
    must have a certificate for its name. What only machines of a data centre answer (link-local) is not.
    """
    if not is_sound(url, local=local):
        raise BadAddress(url)
    parts = urlsplit(url)
    try:
        rows = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        # A proxy may know the name; without one the request says that there is none.
        return
    if any(_leads_nowhere(str(row[4][0])) for row in rows):
        raise BadAddress(url)


def _leads_nowhere(text: str) -> bool:
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return _leads_nowhere(str(address.ipv4_mapped))
    return bool(address.is_link_local or address.is_multicast or address.is_unspecified)
