"""One folding of text for search, filters, tags and look-ups, on both engines (RULES 44).

Without case, accents, invisible letters and the difference of typographic quotes and dashes; letters that Unicode does
not take apart (ł, ø, đ …) by the letter they are typed as; one blank for several. It finds and compares texts; who
somebody is (addresses, sign-in, numbers, keys) is compared exactly.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from typing import Any

from peewee import SQL, Expression, Field, NodeList, fn

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
    """Return the condition that a column holds this word: the same on both engines."""
    is_label = isinstance(field, LabelField)
    if is_sqlite():
        return fn.INSTR(fn.desk_fold_label(field) if is_label else fn.desk_fold(field), fold(word)) > 0
    return fn.STRPOS(_folded_by_server(_texts_of(field) if is_label else field), fold(word)) > 0


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


DatabaseFile.functions |= {"desk_fold": lambda text: fold(str(text or "")), "desk_fold_label": fold_label}
