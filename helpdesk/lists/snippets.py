"""Where a search was met: the passage of a message around its first words, cut into plain and marked parts."""

from __future__ import annotations

import functools
import operator
import re
import unicodedata
from collections.abc import Iterator, Sequence

from peewee import Case, ModelSelect, Value, fn

from helpdesk import erased_marks, folding, search
from helpdesk.lib import richtext
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.lists.rows import STEP
from helpdesk.search import message_search
from models import Message

#: Characters shown before the first match, and in all.
LEAD, LONGEST = 30, 160
#: Characters of a message that are looked through.
LOOKED_AT = 20_000

_fold = functools.lru_cache(maxsize=8_192)(folding.fold)

#: Pieces of a text, in order; True for the words that were searched.
Parts = list[tuple[str, bool]]


def of_tickets(ids: Sequence[int], text: str, scope: str = "everywhere") -> dict[int, Parts]:
    """Return the passage of the message of each of these tickets that holds most of the words: one query.

    A ticket whose messages hold none of them (its subject or author does) has no passage.
    """
    words = search.words(text)
    if not words or not ids or scope in {"subject", "author"}:
        return {}
    asked = [*ids, *(ids[0] for _place in range(-len(ids) % STEP))]
    *whole, last = map(search.indexed, words)
    patterns = [*(f"% {word} %" for word in whole), f"% {last}%"]
    rows = _best(
        len(asked),
        len(patterns),
        **{f"id{place}": key for place, key in enumerate(asked)},
        **{f"pattern{place}": pattern for place, pattern in enumerate(patterns)},
    )
    passages = {key: cut(richtext.to_text(body), words) for key, body in rows}
    return {key: parts for key, parts in passages.items() if parts}


@Prepared
def _best(count: int, patterns: int) -> ModelSelect:
    """Return the message of each of so many tickets that holds most of so many words, the last one as a beginning."""
    text = Value(" ").concat(message_search.body).concat(" ")
    scores = [Case(None, ((text.ilike(Slot(f"pattern{place}")), 1),), 0) for place in range(patterns)]
    score = functools.reduce(operator.add, scores)
    place = fn.ROW_NUMBER().over(partition_by=[Message.ticket], order_by=[score.desc(), Message.id.desc()])
    ranked = Message.select(Message.id, score.alias("score"), place.alias("place"))
    ranked = ranked.join(message_search, on=(Message.id == message_search.rowid))
    best = ranked.where(Message.ticket.in_([Slot(f"id{place}") for place in range(count)])).alias("best")
    rows = Message.select(Message.ticket_id, Message.body).join(best, on=(Message.id == best.c.id))
    return rows.where(best.c.place == 1, best.c.score > 0).tuples()


def marked(text: str, words: Sequence[str]) -> Parts:
    """Return the whole text, its searched words marked: case and accents aside, the last word as a beginning."""
    # A mark that is cut into parts would be shown as it is stored.
    text = erased_marks.in_words(text)
    parts: Parts = []
    end = 0
    for start, stop in _matches(text, words):
        parts += [(text[end:start], False), (text[start:stop], True)]
        end = stop
    return [part for part in [*parts, (text[end:], False)] if part[0]]


def cut(text: str, words: Sequence[str]) -> Parts:
    """Return the passage of a text around the first searched word; nothing when it holds none."""
    shown = erased_marks.in_words(unicodedata.normalize("NFC", text[:LOOKED_AT]))
    line = " ".join(shown.split())
    first = next(_matches(line, words), None)
    if first is None:
        return []
    start = 0 if first[0] <= LEAD else line.rfind(" ", 0, first[0] - LEAD) + 1
    stop = len(line) if len(line) <= start + LONGEST else max(line.rfind(" ", 0, start + LONGEST), first[1])
    before, after = "… " if start else "", " …" if stop < len(line) else ""
    return marked(f"{before}{line[start:stop]}{after}", words)


def _matches(text: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    whole, beginning = frozenset(words), words[-1] if words else None
    for word in search.WORD.finditer(text):
        folded = _fold(word.group())
        if not folded.isascii() and search.is_unspaced(folded):
            yield from _inside(word, whole)
        elif folded in whole or (beginning is not None and folded.startswith(beginning)):
            yield word.span()


def _inside(run: re.Match[str], words: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Give where words stand in a run of letters without blanks, the first of them at each place."""
    wanted = [re.escape(word) for word in sorted(words, key=len, reverse=True) if search.is_unspaced(word)]
    for match in re.finditer("|".join(wanted), run.group()) if wanted else ():
        yield run.start() + match.start(), run.start() + match.end()
