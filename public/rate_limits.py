"""Whom a visit counts for: the network it came from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from flask import request

from helpdesk.lib import throttle
from helpdesk.people import sign_in_limits
from helpdesk.tickets import cc

HOUR, DAY = 3600, 86_400
#: Bytes are counted by the thousand: a column of whole numbers ends at two thousand millions.
KILOBYTE = 1024
#: Tickets that one network may open in an hour, confirmed by mail or by their code.
TICKETS_PER_NETWORK = 20


def address_key() -> str:
    """Return the network address this request came from."""
    return request.remote_addr or ""


def count(act: str, *, limit: int, seconds: int) -> None:
    """Count one `act` of this visitor's network. Raises TooMany beyond `limit` in `seconds`."""
    throttle.hit(f"{act} {sign_in_limits.network(address_key())}", limit=limit, seconds=seconds)


def count_copies(emails: Iterable[str]) -> None:
    """Count the addresses that this visitor's network puts in copy, each once a day. Raises TooMany."""
    network = sign_in_limits.network(address_key())
    for email in emails:
        key = f"copy {network} {email.lower()}"
        if throttle.counts([key], seconds=DAY) == [0]:
            throttle.hit(f"copies {network}", limit=cc.PER_DAY, seconds=DAY)
            throttle.count(key, seconds=DAY)


def weigh(act: str, size: int, *, seconds: int) -> None:
    """Add the bytes of one `act` to those of this visitor's network."""
    throttle.count(_weight(act), seconds=seconds, by=-(-size // KILOBYTE))


def require_below(act: str, most: int, *, seconds: int) -> None:
    """Raise TooMany when the acts of this visitor's network have weighed `most` bytes in `seconds`."""
    (weight,) = throttle.counts([_weight(act)], seconds=seconds)
    if weight * KILOBYTE >= most:
        raise throttle.too_many_error(timedelta(seconds=seconds))


def _weight(act: str) -> str:
    return f"{act} of {sign_in_limits.network(address_key())}"
