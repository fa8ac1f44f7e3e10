"""Headers of a mail as they go over the wire: encoded whole and never parsed again.

The messages of the standard library parse what they are given: a subject that holds an encoded word would be decoded,
and a long one folded so that blanks are lost. What is written here is ASCII in lines that nobody folds; its older
`Header` encodes without parsing.
"""

from __future__ import annotations

import re
from email.charset import SHORTEST, Charset
from email.header import Header

from helpdesk.settings.mail_failures import Failure
from helpdesk.settings.placeholders import header_safe

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
    return _encoded(line, name)


def mailbox(name: str, email: str) -> str:
    """Return an address with the name of who has it. The address was checked by `address`."""
    line = header_safe(name, 120)
    if not line:
        return email
    return f"{line if _PLAIN.fullmatch(line) and len(line) < LINE // 2 else _encoded(line, 'From')}\r\n <{email}>"


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


def _utf_8() -> Charset:
    """Return UTF-8 written in whichever of the two encodings is shorter."""
    charset = Charset("utf-8")
    charset.header_encoding = SHORTEST
    return charset


_UTF_8 = _utf_8()


def _encoded(line: str, name: str) -> str:
    """Return a text as encoded words, no letter in two, on lines that have room for the name of the header."""
    return Header(line, _UTF_8, maxlinelen=LINE, header_name=name).encode(linesep="\r\n")
