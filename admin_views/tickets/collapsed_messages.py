"""Which messages of a thread are collapsed: a page opens where one answers, older messages are a line each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request

from helpdesk import clock, i18n
from helpdesk.tickets import excerpt
from models import NOTE, REPLY, Agent, Message

#: A page with this many messages or fewer is read at a glance: nothing is collapsed.
FEW = 3
#: About a screen of reading: characters, and line ends or paragraphs.
LONG_TEXT, LONG_LINES = 3_000, 30


def content(messages: Sequence[Message], mark: int | None, agent: Agent) -> dict[str, Any]:
    """Return the first words of what is collapsed by id, what is long, and the id of the message one lands at.

    Open stay: what is unread or did not arrive, what came after the team's last reply, the newest, notes of today.
    """
    new = [row for row in messages if mark is not None and row.id > mark and row.agent_id != agent.id]
    landing = (new or messages[-1:])[:1]
    is_whole = len(messages) <= FEW or "unfold" in request.args
    kept = {row.id for row in messages} if is_whole else _open(messages, {row.id for row in new})
    return {
        "collapsed": {row.id: excerpt.of_html(row.body) for row in messages if row.id not in kept},
        "long": {row.id for row in messages if _is_long(row.body)},
        "landing": landing[0].id if landing else None,
    }


def _open(messages: Sequence[Message], new: set[int]) -> set[int]:
    last_reply = max((row.id for row in messages if row.kind == REPLY), default=0)
    today = i18n.when(clock.now(), "y-MM-dd")
    return {
        row.id
        for row in messages
        if row is messages[-1]
        or row.id in new
        # What did not arrive is to be seen.
        or bool(getattr(row, "failed_mails", 0))
        or (row.kind != NOTE and row.id > last_reply)
        or (row.kind == NOTE and i18n.when(row.created_at, "y-MM-dd") == today)
    }


def _is_long(body: str) -> bool:
    return len(body) > LONG_TEXT or body.count("<br>") + body.count("</p>") + body.count("</li>") > LONG_LINES
