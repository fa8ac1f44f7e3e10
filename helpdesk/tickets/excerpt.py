"""The first words of a ticket's newest message, stored in the ticket when they are written: lists show them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from helpdesk.lib import richtext
from models import NOTE, Agent, Message, Ticket

#: Characters stored, and characters of a message that are looked at for them.
LONGEST, LOOKED_AT = 120, 2_000

_INLINE = re.compile(r"</?(?:a|b|code|del|em|i|s|strong|u)\b[^>]*>?")
_TAG = re.compile(r"<[^>]*>?")
_QUOTATION = re.compile(r"<(/?)blockquote\b[^>]*>?")
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
    begun = body[:LOOKED_AT]
    own = _plain(_outside_quotations(begun))
    return first_words(own if own.strip() else _plain(begun))


def _plain(html: str) -> str:
    """Return the text of HTML: a paragraph, an item or a line break ends a line, bold or a link stays in its word."""
    return unescape(_TAG.sub("\n", _INLINE.sub("", html)))


def _outside_quotations(html: str) -> str:
    first, *rest = _QUOTATION.split(html)
    parts, depth = [first], 0
    for end, text in zip(rest[::2], rest[1::2], strict=True):
        depth = max(depth - 1, 0) if end else depth + 1
        if not depth:
            parts.append(text)
    return "\n".join(parts)


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
