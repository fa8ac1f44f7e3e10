"""Characters that nobody types and programs obey: they are taken out of every text before it is stored.

Gone are C0 but tabs and line ends, C1, what turns the reading order round (a name that ends in ``fdp.exe`` must not
read ``exe.pdf``), and halves of letters, which no database holds. Joiners stay: emoji and Persian need them.
"""

from __future__ import annotations

import re
import unicodedata

_ORDER = "\u202a-\u202e\u2066-\u2069"
_HALVES = "\ud800-\udfff"
#: In a text of several lines.
_IN_LINES = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_ORDER}{_HALVES}]")
#: In a header, where each parts words.
IN_LINE = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029{_ORDER}{_HALVES}]+")
#: What ends a line, and so parts words.
_LINE_ENDS = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]")
#: Blanks around an address; a line end is none.
_BLANKS = " \t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
#: What has no width and no use, and comes along when one copies: a text of these alone would be an empty link.
_WIDTHLESS = re.compile("[\u00ad\u180e\u200b\u2060\ufeff]")
#: Letters of scripts that are drawn as nothing.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me", "Cn"})


def removed(text: str) -> str:
    """Return a text of any length without control characters; its line ends stay."""
    return _IN_LINES.sub("", text)


def one_line(text: str) -> str:
    """Return a text on one line without control characters, empty when nothing of it can be seen."""
    line = " ".join(_IN_LINES.sub("", _LINE_ENDS.sub(" ", _WIDTHLESS.sub("", text))).split())
    return line if any(map(_is_seen, line)) else ""


def of_address(text: str) -> str:
    """Return an address as it was meant: what comes along when one copies it is no part of it."""
    bare = _WIDTHLESS.sub("", text).strip(_BLANKS)
    inner = bare[1:-1].strip(_BLANKS) if bare.startswith("<") and bare.endswith(">") else bare
    return inner[7:].partition("?")[0] if inner[:7].lower() == "mailto:" else inner


def _is_seen(letter: str) -> bool:
    return unicodedata.category(letter) not in _UNSEEN and letter not in _BLANK
