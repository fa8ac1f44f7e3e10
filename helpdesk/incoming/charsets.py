"""Bytes of a mail as text: the declared charset, else UTF-8, else windows-1252. It never fails and says if it guessed.

Nothing is detected: a detector reads French windows-1252 as a charset of central Europe.
"""

from __future__ import annotations

import codecs
import unicodedata

from helpdesk.lib import control_characters

#: What mails call a charset, and what browsers take it for (WHATWG).
ALIASES = {
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "latin1", "latin-1", "ascii", "us-ascii", "ansi"), "windows-1252"),
    **dict.fromkeys(("cp1252", "x-cp1252", "iso-8859-1-windows-3.1-latin-1"), "windows-1252"),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk"), "gb18030"),
    **dict.fromkeys(("ks_c_5601-1987", "euc-kr", "ksc5601"), "cp949"),
    **dict.fromkeys(("shift_jis", "shift-jis", "x-sjis", "windows-31j"), "cp932"),
    **dict.fromkeys(("iso-8859-9", "latin5"), "cp1254"),
    **dict.fromkeys(("iso-8859-11", "tis-620"), "cp874"),
    **dict.fromkeys(("x-mac-roman", "macintosh"), "mac-roman"),
    **dict.fromkeys(("utf8", "unicode-1-1-utf-8", "utf-8mb4"), "utf-8"),
    "iso-8859-8-i": "iso-8859-8",
}
#: Charsets that read their text as ASCII bytes: plain letters say nothing about them.
LAST = "windows-1252"
#: Codecs of Python that are no charsets, or that expand what they read.
_REFUSED = frozenset({"base64", "bz2", "hex", "quopri", "rot13", "uu", "zlib", "idna", "punycode", "undefined"})


def codec_of(name: str) -> str:
    """Return the codec of this charset, an empty text when there is none."""
    key = name.strip().strip("\"'").lower()
    try:
        info = codecs.lookup(ALIASES.get(key, key))
    except (LookupError, ValueError):
        return ""
    is_text = getattr(info, "_is_text_encoding", True)
    return "" if not is_text or info.name in _REFUSED or "escape" in info.name else info.name


def decode(content: bytes, declared: str = "") -> tuple[str, bool]:
    """Return the text of these bytes, and whether it had to be guessed."""
    codec = codec_of(declared) if declared else ""
    # ASCII is declared by programs that never looked; what it holds beyond is UTF-8 more often than not.
    blind = not codec or declared.strip().strip("\"'").lower() in {"us-ascii", "ascii"}
    for name in ("utf-8",) if blind else (codec, "utf-8"):
        try:
            return content.decode(name), bool(declared) and not codec and not content.isascii()
        except (UnicodeDecodeError, ValueError):
            continue
    return content.decode(LAST, "replace"), True


def clean(text: str) -> str:
    """Return a text without control characters, its line ends all alike, its letters composed."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n").replace("\ufeff", "")
    whole = lines.encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFC", control_characters.removed(whole))
