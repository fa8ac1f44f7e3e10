"""How many mails are held for a person, by mailbox: one query serves every agent for some seconds."""

from __future__ import annotations

import time

from peewee import Expression, fn

from helpdesk import access
from helpdesk.incoming import mail_access
from models import Agent, IncomingMail

#: Seconds for which the menu's count may be old.
SECONDS = 5
_cached: tuple[float, dict[int, int]] = (float("-inf"), {})


def by_mailbox() -> dict[int, int]:
    """Return how many mails of each mailbox wait for a decision."""
    global _cached
    if time.monotonic() - _cached[0] > SECONDS:
        query = IncomingMail.select(IncomingMail.mailbox, fn.COUNT(IncomingMail.id)).where(IncomingMail.state == "held")
        _cached = (time.monotonic(), dict(query.group_by(IncomingMail.mailbox).tuples()))
    return _cached[1]


def forget() -> None:
    """Count again for the next reader."""
    global _cached
    _cached = (float("-inf"), {})


def for_agent(agent: Agent) -> int:
    """Return how many mails wait for a decision that this agent may take, as of some seconds ago."""
    if not mail_access.reads_any(agent):
        return 0
    counts = by_mailbox()
    return (
        sum(counts.values())
        if access.sees_all(agent)
        else sum(counts.get(key, 0) for key in mail_access.mailboxes_of(agent))
    )


def is_held() -> Expression:
    """Return the condition of mails that wait for a person; the text is that of the partial index."""
    return IncomingMail.state == "held"
