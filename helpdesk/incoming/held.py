"""How many mails wait for a person, by mailbox: one query serves every agent for some seconds."""

from __future__ import annotations

import time

from peewee import fn

from models import IncomingMail

#: Seconds for which the menu's count may be old.
SECONDS = 5
_kept: tuple[float, dict[int, int]] = (float("-inf"), {})


def by_mailbox() -> dict[int, int]:
    """Return how many mails of each mailbox wait for a decision."""
    global _kept
    if time.monotonic() - _kept[0] > SECONDS:
        query = IncomingMail.select(IncomingMail.mailbox, fn.COUNT(IncomingMail.id)).where(IncomingMail.state == "held")
        _kept = (time.monotonic(), dict(query.group_by(IncomingMail.mailbox).tuples()))
    return _kept[1]


def forget() -> None:
    """Count again for the next reader."""
    global _kept
    _kept = (float("-inf"), {})
