"""Where a search was met: the passage of a message around its first words, cut into plain and marked parts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from peewee import fn

from helpdesk import richtext, search
from models import Message, is_sqlite

#: Characters shown before the first match, and in all.
LEAD, LONGEST = 30, 160
#: Characters of a message that are looked through.
LOOKED_AT = 20_000

_WORD = re.compile(r"[^\W_]+")
_fold = lru_cache(maxsize=8_192)(search.fold)

#: Pieces of a text, in order; True for the words that were searched.
Parts = list[tuple[str, bool]]


def of_tickets(ids: Sequence[int], text: str, scope: str = "everywhere") -> dict[int, Parts]:
    """Return the passage of the newest matching message of each of these tickets: one query.

    A ticket whose messages hold none of the words (its subject or author does) has no passage.
    """
    matches = search.newest_matches(text, scope)
    if matches is None or not ids or scope in {"subject", "author"}:
        return {}
    newest = matches.cte("newest", columns=("rowid",), materialized=None if is_sqlite() else True)
    latest = Message.select(fn.MAX(Message.id)).join(newest, on=(Message.id == newest.c.rowid))
    latest = latest.where(Message.ticket.in_(ids)).group_by(Message.ticket)
    rows = Message.select(Message.ticket_id, Message.body).where(Message.id.in_(latest)).with_cte(newest).tuples()
    wanted = search.words(text)
    found = {ticket_id: cut(richtext.to_text(body), wanted) for ticket_id, body in rows}
    return {ticket_id: parts for ticket_id, parts in found.items() if parts}


def marked(text: str, wanted: Sequence[str]) -> Parts:
    """Return the whole text, its searched words marked: case and accents aside, the last word as a beginning."""
    parts: Parts = []
    end = 0
    for start, stop in _matches(text, wanted):
        parts += [(text[end:start], False), (text[start:stop], True)]
        end = stop
    return [part for part in [*parts, (text[end:], False)] if part[0]]


def cut(text: str, wanted: Sequence[str]) -> Parts:
    """Return the passage of a text around the first searched word; nothing when it holds none."""
    line = " ".join(unicodedata.normalize("NFC", text[:LOOKED_AT]).split())
    first = next(_matches(line, wanted), None)
    if first is None:
        return []
    start = 0 if first[0] <= LEAD else line.rfind(" ", 0, first[0] - LEAD) + 1
    stop = len(line) if len(line) <= start + LONGEST else max(line.rfind(" ", 0, start + LONGEST), first[1])
    before, after = "… " if start else "", " …" if stop < len(line) else ""
    return marked(f"{before}{line[start:stop]}{after}", wanted)


def _matches(text: str, wanted: Sequence[str]) -> Iterator[tuple[int, int]]:
    whole, beginning = frozenset(wanted), wanted[-1] if wanted else None
    for word in _WORD.finditer(text):
        folded = _fold(word.group())
        if folded in whole or (beginning is not None and folded.startswith(beginning)):
            yield word.span()
