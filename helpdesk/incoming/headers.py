"""What the headers of a mail say: decoded texts, addresses, ids. Whatever they hold, reading them is linear."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

from helpdesk.incoming import charsets

MOST_WORDS = 300
MOST_ADDRESSES = 200
#: References kept of a long row of them: the first and the last ones.
FIRST_IDS, LAST_IDS = 20, 80
#: Characters of an id that a row holds.
MAX_ID = 200

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN = re.compile(r"(\?=)[ \t]+(=\?[^?\s]{1,60}\?[bBqQ]\?)")
_ID = re.compile(r"<\s*([^<>\s]+)\s*>")


@dataclass(frozen=True)
class Mailbox:
    """A name and an address as a header gives them."""

    name: str
    email: str


def raw_text(value: bytes) -> str:
    """Return a header as text, its encoded words as they stand."""
    return charsets.clean(charsets.decode(value)[0])


def decoded(value: bytes | str) -> str:
    """Return a header as a person reads it, on one line."""
    text = raw_text(value) if isinstance(value, bytes) else value
    return " ".join(charsets.clean(_decode_words(text)).split())


def _decode_words(text: str) -> str:
    joined = _BETWEEN.sub(r"\1\2", text)
    pieces: list[str] = []
    end, waiting, charset = 0, b"", ""
    for count, word in enumerate(_WORD.finditer(joined)):
        if count >= MOST_WORDS:
            break
        between = joined[end : word.start()]
        name, content = word[1].partition("*")[0], _word(word[2], word[3])
        if waiting and (between or name.lower() != charset.lower()):
            pieces.append(charsets.decode(waiting, charset)[0])
            waiting = b""
        pieces.append(between)
        # A letter of several bytes may begin in one word and end in the next.
        waiting, charset, end = waiting + content, name, word.end()
    if waiting:
        pieces.append(charsets.decode(waiting, charset)[0])
    return "".join([*pieces, joined[end:]])


def _word(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(raw.replace(b"_", b"=20"))
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    try:
        return base64.b64decode(letters + b"==")
    except binascii.Error:
        return raw


# --- Addresses ----------------------------------------------------------------------------------------------------


def addresses(values: list[bytes]) -> list[Mailbox]:
    """Return whom these headers name, the first ones of very many."""
    people: list[Mailbox] = []
    for value in values:
        for part in _entries(raw_text(value)):
            if len(people) >= MOST_ADDRESSES:
                return people
            mailbox = _mailbox(part)
            if mailbox.email or mailbox.name:
                people.append(mailbox)
    return people


def _entries(text: str) -> list[str]:
    """Split a header of addresses at its commas; those of quoted names, comments and angle brackets do not count."""
    entries, begin, depth = [], 0, 0
    quoted = angled = False
    position = 0
    while position < len(text):
        letter = text[position]
        if letter == "\\":
            position += 1
        elif letter == '"' and not depth:
            quoted = not quoted
        elif not quoted:
            depth += (letter == "(") - (letter == ")" and depth > 0)
            angled = letter == "<" or (angled and letter != ">")
            if letter in ",;" and not depth and not angled:
                entries.append(text[begin:position])
                begin = position + 1
            elif letter == ":" and not depth and not angled and "@" not in text[begin:position]:
                begin = position + 1  # the name of a group
        position += 1
    return [*entries, text[begin:]]


def _mailbox(entry: str) -> Mailbox:
    bare = re.sub(r"\((?:[^()\\]|\\.)*\)", " ", entry)
    # The last angle brackets count: a name may hold an address, and did so to deceive.
    left = bare.rfind("<")
    if left >= 0:
        email = bare[left + 1 :].partition(">")[0]
        name = bare[:left]
    else:
        email, name = bare, ""
        comment = re.search(r"\(((?:[^()\\]|\\.)*)\)", entry)
        name = comment[1] if comment else ""
    name = re.sub(r"\\(.)", r"\1", name.strip().strip('"'))
    email = "".join(email.split())
    if "@" not in email and left < 0:
        return Mailbox(decoded(entry.strip().strip('"')), "")
    return Mailbox(decoded(name).strip("\"' "), email[:320])


# --- Ids ----------------------------------------------------------------------------------------------------------


def ids(values: list[bytes]) -> list[str]:
    """Return the message ids that these headers name, in their order; an empty one is none."""
    distinct: dict[str, None] = {}
    for value in values:
        text = raw_text(value)
        named = _ID.findall(text) or [word for word in text.split() if "@" in word]
        distinct.update(dict.fromkeys(one_id(name) for name in named if name.strip("<>\"' ")))
    every = list(distinct)
    return every if len(every) <= FIRST_IDS + LAST_IDS else every[:FIRST_IDS] + every[-LAST_IDS:]


def one_id(name: str) -> str:
    """Return an id in the form in which it is stored and compared."""
    whole = f"<{name.strip().strip('<>')}>"
    if len(whole) > MAX_ID:
        return f"<{hashlib.sha256(whole.encode('utf-8', 'replace')).hexdigest()}@long.invalid>"
    return whole


# --- Parameters ---------------------------------------------------------------------------------------------------


def file_name(fields: Message) -> str:
    """Return the name that a part gives itself, whichever way it is written; an empty text when it has none."""
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        value = fields.get_param(parameter, None, header)
        if isinstance(value, tuple):
            charset, _language, text = value
            return charsets.clean(charsets.decode(str(text).encode("latin-1", "replace"), charset or "utf-8")[0])
        if value:
            return decoded(str(value).encode("utf-8", "surrogateescape"))
    return ""


def moment(text: str) -> datetime | None:
    """Return the moment (naive UTC) that a header names; without a zone it is taken for UTC, as RFC 5322 has “-0000”.

    None for a text that names none; the last day of the calendar has no UTC west of it.
    """
    try:
        time = parsedate_to_datetime(text)
        return (time.astimezone(UTC) if time.tzinfo else time).replace(tzinfo=None)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
