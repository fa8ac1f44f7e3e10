"""Headers of a mail as they go over the wire: encoded whole and never parsed again.

The standard library parses what it is given: a subject that holds an encoded word would be decoded, and a long one
folded so that blanks are lost. What is written here is ASCII in lines that nobody folds.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from string import ascii_letters, digits

from helpdesk.settings.mail_failures import Failure
from helpdesk.settings.placeholders import header_safe

#: Characters of what is encoded in one word: a line that begins with "Subject: " and holds one, with the twelve that
#: say how it is encoded, may have 76 (RFC 2047, 2).
WORD = 55
#: Characters of a line before it should be folded (RFC 5322, 2.1.1).
LINE = 76
#: Words that need no encoding wherever they stand.
_PLAIN = re.compile(r"[A-Za-z0-9 ]*")
_LOCAL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]"
_ADDRESS = re.compile(rf"{_LOCAL}+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


class BadMail(ValueError):
    """A mail that cannot be written; `failure` says what in it is wrong."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.in_log)
        self.failure = failure


def text(value: str, *, name: str, limit: int = 255) -> str:
    """Return a text for the header `name`: as it is where that is one short line of ASCII, else encoded."""
    line = header_safe(value, limit)
    if line.isascii() and "=?" not in line and len(name) + 2 + len(line) <= LINE:
        return line
    return _encoded(line)


def mailbox(name: str, email: str) -> str:
    """Return an address with the name of who has it. The address was checked by `address`."""
    line = header_safe(name, 120)
    if not line:
        return email
    return f"{line if _PLAIN.fullmatch(line) and len(line) < LINE // 2 else _encoded(line)}\r\n <{email}>"


def address(email: str, key: str) -> str:
    """Return an address that can be written into a header. Raises BadMail with the failure of this key."""
    if not _ADDRESS.fullmatch(email) or ".." in email:
        raise BadMail(Failure(key, {"email": header_safe(email)}))
    return email


def words(value: str) -> str:
    """Return words without blanks in them, such as the ids of mails, a line each where they do not fit on one."""
    lines: list[str] = [""]
    for word in header_safe(value, 900).encode("ascii", "ignore").decode().split():
        if lines[-1] and len(lines[-1]) + len(word) >= LINE // 2:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\r\n ".join(lines)


def _encoded(line: str) -> str:
    """Return a text as encoded words, in the shorter of the two encodings."""
    encoding, encode = min((("q", _quoted), ("b", _base64)), key=lambda pair: len(pair[1](line)))
    return "\r\n ".join(f"=?utf-8?{encoding}?{encode(chunk)}?=" for chunk in _chunks(line, encode))


def _chunks(line: str, encode: Callable[[str], str]) -> Iterator[str]:
    """Cut a line into pieces that fit into a word each, no letter in two."""
    chunk = ""
    for letter in line:
        if len(encode(chunk + letter)) > WORD:
            yield chunk
            chunk = ""
        chunk += letter
    yield chunk


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def _quoted(text: str) -> str:
    """Encode what is no letter or digit, so that the word may stand in a name, too (RFC 2047, 5)."""
    return "".join(
        chr(byte) if chr(byte) in ascii_letters + digits else "_" if byte == 32 else f"={byte:02X}"
        for byte in text.encode()
    )
