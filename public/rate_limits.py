"""Whom a visit counts for: the network it came from."""

from __future__ import annotations

from flask import request

from helpdesk.lib import throttle
from helpdesk.people import sign_in_limits

HOUR = 3600
#: Tickets that one network may open in an hour, confirmed by mail or by their code.
TICKETS_PER_NETWORK = 20


def address_key() -> str:
    """Return the network address this request came from."""
    return request.remote_addr or ""


def count(act: str, *, limit: int, seconds: int) -> None:
    """Count one `act` of this visitor's network. Raises TooMany beyond `limit` in `seconds`."""
    throttle.hit(f"{act} {sign_in_limits.network(address_key())}", limit=limit, seconds=seconds)
