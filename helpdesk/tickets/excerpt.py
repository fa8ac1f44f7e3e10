"""The first words of a ticket's newest message, stored in the ticket when they are written: lists show them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from helpdesk.lib import richtext
from models import NOTE, Agent, Message, Ticket

#: Characters stored, and characters of a message that are looked at for them.
LONGEST, LOOKED_AT = 120, 2_000

_TAG = re.compile(r"<[^>]*>?")
_QUOTED = re.compile(r"^>.*$", re.MULTILINE)


def first_words(text: str) -> str:
    """Return the first words of a plain text on one line; a quotation is left out where something else is written."""
    begun = text[:LOOKED_AT]
    line = " ".join(_QUOTED.sub("", begun).split()) or " ".join(begun.split())
    if len(line) <= LONGEST:
        return line
    end = line.rfind(" ", LONGEST // 2, LONGEST - 1)
    return line[: end if end > 0 else LONGEST - 1] + "…"


def of_html(body: str) -> str:
    """Return the first words of a message's HTML, quickly: for the line of a message that is folded."""
    return first_words(unescape(_TAG.sub(" ", body[:LOOKED_AT])))


def columns(text: str, author: object) -> dict[str, Any]:
    """Return the columns of a ticket that a message with this plain text sets; only an agent is named in lists."""
    return {"excerpt": first_words(text), "excerpt_by": author.id if isinstance(author, Agent) else None}


def of_newest(ticket: Ticket) -> dict[str, Any]:
    """Return these columns as the newest message says that is no note: after one went, or others came."""
    messages = Message.select(Message.body, Message.agent).where(
        Message.ticket == ticket.id, Message.kind != NOTE, Message.deleted_at.is_null()
    )
    newest = messages.order_by(Message.id.desc()).first()
    if newest is None:
        return columns("", None)
    return {"excerpt": first_words(richtext.to_text(newest.body)), "excerpt_by": newest.agent_id}
