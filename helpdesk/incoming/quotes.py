"""What a reply says, apart from what it quotes: the cut is a line, above it stands the author’s own text.

`mail-parser-reply` knows how mail programs of many languages begin a quotation; what it misses stands here. Whatever is
in doubt stays: text that is not quoted is never cut off, and a mail never becomes empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailparser_reply.parser import EmailMessage

from helpdesk.incoming import page_marks

#: Lines, and characters of a line, that are looked at: the patterns’ time grows with the square of a line.
MOST_LINES, MOST_LETTERS = 4_000, 400
#: What `mark` puts into a page where a mail program says that a quotation begins.
MARK = "\ue000"
#: How mail programs of these languages begin a quotation, as the library knows it: made once for all mails.
_HEADS = EmailMessage(text="", languages=["fr", "en", "de", "es", "it", "nl"]).HEADER_REGEX

#: What stands above the mails of the desk (`email_kinds.ABOVE`), without its dashes.
_ABOVE = re.compile(r"(Répondez au-dessus de cette ligne|Answer above this line)", re.IGNORECASE)
#: “Le 23 novembre 2026 à 10:12, Support <support@…> a écrit :”, on up to four lines.
_WROTE = re.compile(
    r"(?:Le\b.{4,300}?|\S.{0,120}?)\b(?:a|ont)[ \u00a0]écrit(?:[ \u00a0](?:le|à)\b.{0,80}?)?[ \u00a0\u202f]*:$"
    r"|On\b.{4,300}?\bwrote[ \u00a0]*:$|Am\b.{4,300}?\bschrieb\b.{0,200}?:$|El\b.{4,300}?\bescribió[ \u00a0]*:$"
    r"|Il\b.{4,300}?\bha scritto[ \u00a0]*:$|Op\b.{4,300}?\bschreef\b.{0,200}?:$",
    re.IGNORECASE | re.DOTALL,
)
_DATED = re.compile(r"\d{1,2}[:h.]\d{2}|\d{4}|\d{1,2}/\d{1,2}")
#: A line that separates: “-----Message d’origine-----”, “----- Mail original -----”, “Début du message transféré :”.
_RULE = re.compile(
    r"[-_*= ]{2,}\s*(?:(?:(?:e-?)?mail|message|courriel|courrier)\s+"
    r"(?:d['’]\s?origine|original|initial|précédent|transféré|réexpédié)"
    r"|original(?:\s+e?-?mail)?\s*(?:message|nachricht|appointment)?|ursprüngliche nachricht|mensaje original"
    r"|messaggio originale|forwarded message|reply message|réponse)\b.{0,80}$"
    r"|(?:Début du message réexpédié|Début du message transféré|Begin forwarded message)\s*:$",
    re.IGNORECASE,
)
#: The head of Orange and La Poste.
_MESSAGE_OF = re.compile(r"Message du\s+\d{1,2}[/.]\d{1,2}[/.]\d{2,4}", re.IGNORECASE)
_FIELD = re.compile(
    r"\*?(De|Envoyé|Envoyée|À|A|Cc|Copie|Objet|Date|From|Sent|To|Subject|Von|Gesendet|An|Betreff|Expéditeur|Destinataire"
    r"|Reçu|Répondre à|Reply-To|Pour|Sujet)\*?[ \u00a0\u202f]*:[ *\u00a0]*(.*)$",
    re.IGNORECASE,
)
_FROM = frozenset({"de", "from", "von", "expéditeur", "date", "envoyé", "sent"})
_LINE = re.compile(r"[_-]{8,}$|-{2,}\s*$")
_SIGNATURE = re.compile(r"^-- ?$")
_ELEMENT = page_marks.element(
    "div|blockquote|section|span|td|table",
    "gmail_quote|gmail_attr|moz-cite-prefix|divRplyFwdMsg|appendonsend|yahoo_quoted|protonmail_quote|zmail_extra"
    "|mail-editor-reference-message-container|OutlookMessageHeader|tutanota_quote|aol_quote",
)


def mark(page: str) -> str:
    """Return a page with a mark where its mail program says that the quotation begins."""
    return page_marks.put(page, _ELEMENT, MARK)


def split(text: str) -> tuple[str, str]:
    """Return the author’s own text, and what it quotes; the whole text and nothing where that cannot be told."""
    lines = text.split("\n")
    bare = [_bare(line) for line in lines[:MOST_LINES]]
    places = sorted(set(_places(bare)))
    # Nothing above the first: a reply below what it quotes, of which nothing is cut.
    if places and not _is_empty(_joined(lines[: places[0]])):
        goes_on = _going_on(lines)
        place = next((place for place in places if not goes_on[place]), len(lines))
        return _joined(lines[:place]), _joined(lines[place:])
    return _joined(lines), ""


def _joined(lines: list[str]) -> str:
    return "\n".join(lines).replace(MARK, "").strip("\n").rstrip()


def _bare(line: str) -> str:
    """Return a line without the marks of quotation and the blanks around it."""
    return re.sub(r"^(?:[>|][ \t]?)+", "", line[:MOST_LETTERS].strip()).strip(" \t\u00a0\u200b*")


def _is_empty(own: str) -> bool:
    return not re.search(r"\w", re.sub(r"^(?:[>|] ?)+.*$", "", own, flags=re.MULTILINE))


def _places(bare: list[str]) -> Iterator[int]:
    yield from _by_library(bare)
    for place, line in enumerate(bare):
        if MARK in line or _ABOVE.search(line) or _RULE.match(line):
            yield _with_rule(bare, place)
        elif _MESSAGE_OF.match(line):
            yield place
        elif _is_head(bare, place):
            yield _with_rule(bare, place)
        elif (line[:3].lower() in _BEGINNINGS or "écrit" in line.lower()) and _is_attribution(bare, place):
            yield place


_BEGINNINGS = frozenset({"le ", "on ", "am ", "el ", "il ", "op "})


def _by_library(bare: list[str]) -> Iterator[int]:
    """Give the lines at which the library sees the head of a quotation begin; fields of a mail are told here."""
    at = 0
    for match in _HEADS.finditer("\n".join(bare)):
        first = next(iter(match.group().strip().split("\n", 1)), "").strip()
        place = next((place for place in range(at, len(bare)) if bare[place] == first), None) if first else None
        if place is None:
            return
        at = place + 1
        if _FIELD.match(first) is None:
            yield place


def _is_attribution(bare: list[str], place: int) -> bool:
    """Whether somebody “wrote” begins here: on one line, or on some that a mail program broke."""
    for count in range(1, 5):
        if place + count > len(bare) or (count > 1 and not bare[place + count - 1]):
            return False
        whole = " ".join(bare[place : place + count])
        if _WROTE.fullmatch(whole):
            # “Paul a écrit :” in a sentence names no day and no address.
            return bool(_DATED.search(whole)) and ("@" in whole or len(_DATED.findall(whole)) > 1 or count == 1)
    return False


def _is_head(bare: list[str], place: int) -> bool:
    """Whether the fields of a mail begin here: who and when, one below the other."""
    first = _FIELD.match(bare[place])
    if first is None or first[1].lower() not in _FROM:
        return False
    names, others = {first[1].lower()}, 0
    for line in bare[place + 1 : place + 10]:
        match = _FIELD.match(line)
        # A long field may be broken once.
        others += match is None and bool(line)
        if others > 1:
            break
        names |= {match[1].lower()} if match is not None else set()
    return len(names) >= 3


def _with_rule(bare: list[str], place: int) -> int:
    """Return the line at which the quotation begins, with a rule or “somebody wrote” above it."""
    above = place - 1
    while above >= 0 and not bare[above]:
        above -= 1
    if above >= 0 and (_LINE.match(bare[above]) or _RULE.match(bare[above])):
        return above
    for start in range(max(0, above - 3), above + 1):
        if _is_attribution(bare, start):
            return start
    return place


def _going_on(lines: list[str]) -> list[bool]:
    """Return of each line whether the author goes on below the next quotation, if that is marked line by line.

    Those are answers between its lines. One pass from the end: a hostile mail may hold a hundred thousand lines.
    """
    quoted = [*(line.lstrip().startswith(">") for line in lines), False]
    goes_on, answers = [False] * len(quoted), False
    for number in reversed(range(len(lines))):
        if quoted[number]:
            goes_on[number] = answers
            continue
        goes_on[number] = goes_on[number + 1]
        # A line that a program broke belongs to the quotation around it.
        is_broken = number > 0 and quoted[number - 1] and quoted[number + 1]
        if _SIGNATURE.match(lines[number]):
            answers = False
        elif lines[number].strip() and not is_broken:
            answers = True
    return goes_on
