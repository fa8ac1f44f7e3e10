"""One folding of text for search, filters, tags and look-ups, on both engines (RULES 44).

Without case, accents, invisible letters and the difference of typographic quotes and dashes; letters that Unicode does
not take apart (ł, ø, đ …) by the letter they are typed as; one blank for several. It finds and compares texts; who
somebody is (addresses, sign-in, numbers, keys) is compared exactly.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from functools import cache, lru_cache
from typing import Any

from peewee import SQL, Case, Expression, Field, NodeList, fn

from database import LabelField, is_sqlite
from engines import DatabaseFile

QUOTES = dict.fromkeys("’‘‚‛′´`ʼʹʻ＇‹›", "'") | dict.fromkeys("“”„‟″«»＂", '"')
DASHES = dict.fromkeys("‐‑‒–—―−﹘﹣－", "-")
LETTERS = {
    "ł": "l",
    "ø": "o",
    "đ": "d",
    "ð": "d",
    "ħ": "h",
    "ŧ": "t",
    "ŋ": "n",
    "ĸ": "k",
    "ı": "i",
    "ŀ": "l",
    "ə": "e",
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
}
_BLANKS = re.compile(r"\s+")
#: Where letters are that fold to others: all of the first plane but ideographs and Hangul, which are themselves or are
#: taken apart, and beyond it nothing of which one would know; the emoji between the two ranges are themselves.
EXPLORED = (range(0x80, 0x3400), range(0xA000, 0xAC00), range(0xF900, 0x10000))
UNEXPLORED = "\U00010000-\U0001f2ff\U0001fb00-\U0010ffff"


class _Folding(dict[int, str | None]):
    """What each letter becomes, looked up once: `str.translate` asks for those it does not know."""

    def __missing__(self, code: int) -> str | None:
        letter = chr(code)
        gone = unicodedata.combining(letter) or (unicodedata.category(letter) in {"Cf", "Cc"} and not letter.isspace())
        gone = gone or (unicodedata.category(letter) == "Mn" and unicodedata.name(letter, "").startswith("VARIATION"))
        self[code] = None if gone else (QUOTES | DASHES | LETTERS).get(letter, letter)
        return self[code]


_LETTERS = _Folding()


def fold(text: str) -> str:
    """Return a text as it is compared."""
    if not text.isascii():
        # Taken apart, an acute accent by itself would become a blank and a mark.
        text = text.replace("´", "'").replace("″", '"')
        text = unicodedata.normalize("NFKD", text.casefold()).casefold()
    return _BLANKS.sub(" ", text.translate(_LETTERS).lower()).strip()


def letters(text: str) -> list[tuple[str, int]]:
    """Return the folded letters of a text, each with the place of the one it was."""
    parts: list[tuple[str, int]] = []
    for place, letter in enumerate(text):
        folded = fold(letter) or (" " if letter.isspace() and parts and parts[-1][0] != " " else "")
        parts += [(part, place) for part in folded]
    return parts


def fold_label(stored: str | None) -> str:
    """Return the folded texts of a stored label: those of all languages, without their codes."""
    if not stored or not stored.startswith("{"):
        return fold(stored or "")
    return fold("\n".join(map(str, json.loads(stored).values())))


def contains(field: Field, word: str) -> Expression:
    """Return the condition that a column holds this word: the same on both engines.

    Folding each row takes a server seconds for 100,000. A row of ASCII needs its small letters only, nearly every other
    one is matched by a pattern of all letters that fold to those of the word; what is left is folded.
    """
    folded = fold(word)
    if is_sqlite():
        if isinstance(field, LabelField):
            return fn.INSTR(fn.desk_fold_label(field), folded) > 0
        is_ascii = fn.LENGTH(field) == fn.LENGTH(fn.CAST(NodeList((field, SQL("AS BLOB")))))
        small = [(is_ascii, fn.INSTR(_small(field, folded), folded) > 0)]
        return (fn.desk_holds(field, folded) if " " in folded else Case(None, small, fn.desk_holds(field, folded))) == 1
    if isinstance(field, LabelField):
        return fn.STRPOS(_folded_by_server(_texts_of(field)), folded) > 0
    slow = fn.STRPOS(_folded_by_server(field), folded) > 0
    if " " in folded:
        return slow
    pattern, odd = patterns(folded)
    is_ascii = fn.OCTET_LENGTH(field) == fn.LENGTH(field)
    cases = [
        (is_ascii, fn.STRPOS(_small(field, folded), folded) > 0),
        (field.regexp(odd), slow),
    ]
    return Case(None, cases, field.regexp(pattern)) == SQL("true")


def _small(field: Field, folded: str) -> Any:
    """Return the folding of a row of ASCII, as far as this word needs it."""
    return fn.REPLACE(fn.LOWER(field), "`", "'") if "'" in folded else fn.LOWER(field)


def holds(text: str | None, folded: str) -> bool:
    """Whether a text, folded, holds what is folded already."""
    if not text or " " in folded:
        return bool(text) and folded in fold(str(text))
    pattern, odd = _compiled(folded)
    return folded in fold(text) if odd.search(text) else pattern.search(text) is not None


@lru_cache(64)
def _compiled(folded: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    pattern, odd = patterns(folded)
    return re.compile(pattern), re.compile(odd)


def patterns(folded: str) -> tuple[str, str]:
    """Return a pattern of the texts that hold a folded word, and one of those about which it says nothing.

    Both are read alike by Python and by PostgreSQL.
    """
    gone, single, several = _origins()
    letters = [f"[{_in_brackets(letter + single.get(letter, ''))}]" for letter in folded]
    # A letter that becomes several may hold an end of the word.
    odd = "".join(letter for letter, becomes in several.items() if set(becomes) & set(folded))
    hangul = "\uac00-\ud7a3" if any("\u1100" <= letter <= "\u11ff" for letter in folded) else ""
    return f"[{gone}]*".join(letters), f"[{_in_brackets(odd)}{hangul}{UNEXPLORED}]"


def _in_brackets(letters: str) -> str:
    """Write letters as a bracket expression has them, those that follow each other as a range."""
    parts: list[list[int]] = []
    for code in sorted(map(ord, letters)):
        if parts and parts[-1][1] == code - 1:
            parts[-1][1] = code
        else:
            parts.append([code, code])
    ends = [dict.fromkeys(re.sub(r"[\\\[\]^\-]", r"\\\g<0>", chr(code)) for code in part) for part in parts]
    return "".join("-".join(part) for part in ends)


@cache
def _origins() -> tuple[str, dict[str, str], dict[str, str]]:
    """Return the letters that go, those that become another one, and what those become that become several."""
    gone: list[str] = []
    single: defaultdict[str, str] = defaultdict(str)
    several: dict[str, str] = {}
    for code in (*range(0x21, 0x7F), *(code for part in EXPLORED for code in part)):
        # Between two others: by itself, a blank at an end would go.
        becomes = fold(f"x{chr(code)}x")[1:-1]
        if not becomes:
            gone.append(chr(code))
        elif len(becomes) > 1:
            several[chr(code)] = becomes
        elif becomes != chr(code):
            single[becomes] += chr(code)
    return _in_brackets("".join(gone)), single, several


def _texts_of(field: Field) -> NodeList:
    """Return the texts of a stored label, as the server reads them."""
    begin, middle = "(CASE WHEN left(", ", 1) = '{' THEN (SELECT string_agg(value, ' ') FROM json_each_text("
    return NodeList((SQL(begin), field, SQL(middle), field, SQL("::json)) ELSE"), field, SQL("END)")))


def _folded_by_server(text: Any) -> Any:
    """Return the folding in PostgreSQL's words: its own `lower` and `unaccent` depend on how it was installed."""
    gone, (letters, plain), double = _server_tables()
    marked = fn.TRANSLATE(text, "".join(QUOTES | DASHES), "".join((QUOTES | DASHES).values()))
    folded = fn.TRANSLATE(fn.REGEXP_REPLACE(fn.NORMALIZE(marked, SQL("NFKD")), gone, "", "g"), letters, plain)
    for letter, pair in double.items():
        folded = fn.REPLACE(folded, letter, pair)
    return fn.REGEXP_REPLACE(fn.LOWER(folded), r"\s+", " ", "g")


@cache
def _server_tables() -> tuple[str, tuple[str, str], dict[str, str]]:
    """Return a pattern of what goes, letters and what each becomes, and letters that become two."""
    codes = (code for code in range(0x80, 0xFFFF) if not 0xD7FF < code < 0xE000)
    gone = "".join(f"\\u{code:04X}" for code in codes if _LETTERS[code] is None)
    single: dict[str, str] = {}
    double: dict[str, str] = {}
    for code in (*range(0x80, 0x250), *range(0x370, 0x530), 0x1E9E):
        letter = chr(code)
        folded = fold(letter)
        if letter != folded and unicodedata.normalize("NFKD", letter) == letter and folded:
            (single if len(folded) == 1 else double)[letter] = folded
    return f"[{gone}]", ("".join(single), "".join(single.values())), double


DatabaseFile.functions |= {"desk_holds": (holds, 2), "desk_fold_label": (fold_label, 1)}
