"""The language of a text, guessed by the words that every sentence of it holds."""

from __future__ import annotations

import re

from helpdesk.i18n import LANGUAGES

#: Words that one language has and the others do not.
WORDS: dict[str, frozenset[str]] = {
    code: frozenset(text.split())
    for code, text in {
        "en": "the and is are you your not with have this that for was my would please hello thanks from",
        "fr": "le la les et est vous votre pas avec une des que pour mon ma je bonjour merci cordialement dans sur du",
    }.items()
}
#: So many more of one language than of any other are needed.
LEAD = 2
LETTERS = 20_000


def guess(text: str, header: str = "") -> str | None:
    """Return the language a mail is written in, among those the desk speaks, or None when it cannot be told."""
    code = header.split(",")[0].strip().lower()[:2]
    if code in LANGUAGES:
        return code
    words = re.findall(r"[a-zà-ÿœ]+", text[:LETTERS].lower())
    counts = sorted(
        ((sum(word in known for word in words), code) for code, known in WORDS.items() if code in LANGUAGES)
    )
    if not counts or counts[-1][0] < LEAD:
        return None
    return counts[-1][1] if len(counts) < 2 or counts[-1][0] - counts[-2][0] >= LEAD else None
