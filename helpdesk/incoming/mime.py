"""The parts of a mail, found in its bytes: where each begins and ends, within limits that hold before anything is read.

The parser of the standard library takes seconds and breaks on mails that were made to break it; here each step is
linear, and what is beyond a limit is left in one piece.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from dataclasses import dataclass, field
from email.message import Message

HEADER_BLOCK = 128 * 1024
ONE_HEADER = 16 * 1024
MOST_PARTS = 200
MOST_DEPTH = 50
#: Headers of one part that are looked at.
MOST_HEADERS = 1_000

_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
#: A piece of a parameter (RFC 2231) with a number that no program writes, and that Python takes for none.
_LONG_NUMBER = re.compile(rb"\*[0-9]{10,}")
_FIELD = re.compile(rb"^([!-9;-~]{1,200})[ \t]*:", re.MULTILINE)


@dataclass
class Part:
    """One part of a mail: its headers, where its content stands in the bytes, and the parts inside."""

    number: int
    start: int
    body: int
    end: int
    depth: int = 0
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    children: list[Part] = field(default_factory=list)
    fields: Message = field(default_factory=Message)

    @property
    def type(self) -> str:
        """The declared media type, in lower case."""
        return self.fields.get_content_type()

    @property
    def is_multipart(self) -> bool:
        """Whether it holds parts and nothing else."""
        return self.fields.get_content_maintype() == "multipart" and bool(self.children)

    def header(self, name: str) -> bytes:
        """Return the first header of this name, unfolded; empty when there is none."""
        return next((value for key, value in self.headers if key == name), b"")

    def all(self, name: str) -> list[bytes]:
        """Return every header of this name."""
        return [value for key, value in self.headers if key == name]


@dataclass
class Mail:
    """A mail taken apart. `cut` says that a limit left something in one piece."""

    top: Part
    cut: bool = False
    parts: list[Part] = field(default_factory=list)


def split(raw: bytes) -> Mail:
    """Take a mail apart. Never fails."""
    begin = _after_envelope(raw)
    mail = Mail(_part(raw, 0, begin, len(raw), 0))
    mail.cut = _is_cut(raw, begin, mail.top)
    mail.parts.append(mail.top)
    waiting = [mail.top]
    while waiting:
        part = waiting.pop(0)
        if part.fields.get_content_maintype() != "multipart":
            continue
        for start, end in _ranges(raw, part):
            if len(mail.parts) >= MOST_PARTS or part.depth + 1 > MOST_DEPTH:
                mail.cut = True
                break
            child = _part(raw, len(mail.parts), start, end, part.depth + 1)
            part.children.append(child)
            mail.parts.append(child)
            waiting.append(child)
    return mail


def _after_envelope(raw: bytes) -> int:
    """Skip the line that mailbox files and pipes put before a mail."""
    return raw.find(b"\n") + 1 if raw.startswith((b"From ", b">From ")) else 0


def _is_cut(raw: bytes, begin: int, top: Part) -> bool:
    return top.body - begin > HEADER_BLOCK or len(top.headers) >= MOST_HEADERS


def _part(raw: bytes, number: int, start: int, end: int, depth: int) -> Part:
    head_end, body = _head(raw, start, end)
    part = Part(number, start, body, end, depth)
    part.headers = headers(raw[start : min(head_end, start + HEADER_BLOCK)])
    for name in ("content-type", "content-disposition", "content-transfer-encoding", "content-id"):
        if value := part.header(name):
            part.fields[name] = _LONG_NUMBER.sub(b"*", value).decode("utf-8", "surrogateescape")
    return part


def _head(raw: bytes, start: int, end: int) -> tuple[int, int]:
    """Return where the headers of a part end and where its content begins."""
    first = raw[start : start + 2]
    if first.startswith(b"\n") or first == b"\r\n":
        return start, start + (1 if first.startswith(b"\n") else 2)
    blank_line = _END_OF_HEADERS.search(raw, start, end)
    if blank_line is None:
        return (end, end) if _FIELD.match(raw[start : start + 300]) else (start, start)
    return blank_line.start(), blank_line.end()


def headers(block: bytes) -> list[tuple[str, bytes]]:
    """Return the headers of a block, unfolded, names in lower case; a line that is none is left out."""
    fields: list[tuple[str, bytes]] = []
    for line in re.split(rb"\r?\n(?![ \t])", block)[:MOST_HEADERS]:
        name = _FIELD.match(line)
        if name is not None:
            value = re.sub(rb"\r?\n[ \t]+", b" ", line[name.end() : name.end() + ONE_HEADER]).strip()
            fields.append((name[1].decode("ascii").lower(), value))
    return fields


def _ranges(raw: bytes, part: Part) -> list[tuple[int, int]]:
    """Return where the parts of a multipart stand: between its boundaries."""
    boundary = part.fields.get_boundary()
    if not boundary or len(boundary) > 200:
        return []
    mark = b"--" + boundary.encode("utf-8", "surrogateescape").rstrip()
    ranges: list[tuple[int, int]] = []
    begin, at = -1, part.body
    while len(ranges) <= MOST_PARTS:
        at = raw.find(mark, at, part.end)
        if at < 0:
            break
        if at != part.body and raw[at - 1 : at] != b"\n":
            # Within a line: its end is not looked for from each place of it.
            at += len(mark)
            continue
        line_end = raw.find(b"\n", at, part.end)
        line_end = part.end if line_end < 0 else line_end
        rest = raw[at + len(mark) : min(line_end, at + len(mark) + 100)].strip()
        if rest in {b"", b"--"}:
            if begin >= 0:
                ranges.append((begin, _before_line_end(raw, begin, at)))
            begin = min(line_end + 1, part.end)
            if rest == b"--":
                return ranges
        at += len(mark)
    if begin >= 0 and len(ranges) <= MOST_PARTS:
        # The last boundary got lost: what is there is the part.
        ranges.append((begin, part.end))
    return ranges


def _before_line_end(raw: bytes, begin: int, at: int) -> int:
    """Return where a part ends: the line end before a boundary belongs to the boundary."""
    end = at - 1 if raw[at - 1 : at] == b"\n" else at
    return max(begin, end - 1 if raw[end - 1 : end] == b"\r" else end)


def content(raw: bytes, start: int, end: int, encoding: str) -> bytes:
    """Return the decoded bytes between two places of a mail. Never fails: what cannot be decoded stays as it is."""
    body = raw[start:end]
    how = encoding.strip().lower()
    if how == "base64":
        return _base64(body)
    if how == "quoted-printable":
        return quopri.decodestring(body)
    if how in {"x-uuencode", "uuencode", "x-uue"}:
        return _uuencoded(body)
    return body


def _base64(body: bytes) -> bytes:
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
    try:
        return base64.b64decode(letters[: len(letters) - (len(letters) % 4 == 1)] + b"==")
    except binascii.Error:
        return body


def _uuencoded(body: bytes) -> bytes:
    lines = []
    for line in body.splitlines():
        if line.startswith((b"begin ", b"end")) or not line.strip():
            continue
        try:
            lines.append(binascii.a2b_uu(line))
        except binascii.Error:
            return body
    return b"".join(lines)
