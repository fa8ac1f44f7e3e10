"""The texts of one thread of the demo."""

from __future__ import annotations

from typing import NamedTuple


class Thread(NamedTuple):
    """A request and its answers, the customer first, then in turn. `place` is a department of `world.PLACES`."""

    place: str
    subject: str
    texts: tuple[str, str, str, str]
    tags: tuple[str, ...] = ()
