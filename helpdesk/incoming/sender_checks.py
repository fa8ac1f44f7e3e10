"""What mail servers found out about the sender of a mail (RFC 8601): read by the child process, judged by the rules.

Anybody can write such a header. Only what the mailbox's own server wrote counts, known by the name it signs with; a
server that is worth the name takes away what others wrote under it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

#: Headers that are read, and characters of each.
MOST_HEADERS, MOST_LETTERS = 20, 4_000
#: The methods that confirm the address a mail says it comes from; of each, what names the domain it is about.
METHODS = {"dmarc": ("header.from",), "dkim": ("header.d", "header.i")}

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"?')
_SERVER = re.compile(r"\s*([^\s;=]{1,253})(?:\s+\d+)?\s*(?:;|$)")
_RESULT = re.compile(r"\s*([a-z0-9-]{1,40})(?:/\d+)?\s*=\s*([a-z]{1,20})(?![^\s;])", re.IGNORECASE)
_PROPERTY = re.compile(r"(?<!\S)([a-z]{1,20}\.[a-z_-]{1,40})\s*=\s*([^\s;]{1,320})", re.IGNORECASE)


@dataclass(frozen=True)
class Check:
    """One result of a server: what it looked at (`method`), what came out, and the domain it is about."""

    server: str
    method: str
    result: str
    domain: str
    #: Which of these headers it stands in, from the top, and whether that is above the first ``Received``.
    header: int
    is_above: bool


def read(fields: Sequence[tuple[str, bytes]]) -> list[list[str | int | bool]]:
    """Return the results these headers of a mail hold, from the top down, ready to be written as JSON.

    The text is taken as it stands: in an encoded word a sender could hide a result.
    """
    rows: list[list[str | int | bool]] = []
    count, is_above = 0, True
    for name, value in fields:
        is_above = is_above and name != "received"
        if name == "authentication-results" and count < MOST_HEADERS:
            text = value[:MOST_LETTERS].decode("ascii", "replace")
            rows += [[*result, count, is_above] for result in _results(text)]
            count += 1
    return rows


def _results(text: str) -> list[tuple[str, str, str, str]]:
    """Return server, method, result and domain of each result of one header; of a header without any, its server."""
    bare = _QUOTED.sub('""', _without_comments(text))
    server = _SERVER.match(bare)
    if server is None:
        return []
    name, found = server[1].lower(), []
    for piece in bare[server.end() :].split(";"):
        result = _RESULT.match(piece)
        if result is not None and result[1].lower() in METHODS:
            method = result[1].lower()
            properties = {key.lower(): value.lower() for key, value in _PROPERTY.findall(piece)}
            named = next((properties[key] for key in METHODS[method] if key in properties), "")
            found.append((name, method, result[2].lower(), named.rpartition("@")[2].rstrip(".")))
    return found or [(name, "", "", "")]


def _without_comments(text: str) -> str:
    """Return a header without its comments, which may stand inside each other; brackets in quoted text are none."""
    kept, depth, quoted, position = [], 0, False, 0
    while position < len(text):
        letter = text[position]
        if letter == "\\":
            kept.append("" if depth else text[position : position + 2])
            position += 2
            continue
        if letter == '"' and not depth:
            quoted = not quoted
        depth += (letter == "(" and not quoted) - (letter == ")" and not quoted and depth > 0)
        if not depth:
            kept.append(" " if letter == ")" and not quoted else letter)
        position += 1
    return "".join(kept)


def server_of(checks: Sequence[Check]) -> str:
    """Return the name under which the nearest server wrote what it found out; empty where none did."""
    return next((check.server for check in checks), "")


def confirms(checks: Sequence[Check], server: str, email: str) -> bool:
    """Whether this server says that a mail from this address was sent by its domain."""
    theirs = [check for check in checks if server and check.server == server.casefold()]
    # Above the first `Received` stands what our own side wrote, in a header for each program. Some servers write below
    # theirs: then only the first one counts, whatever a sender wrote under it.
    above = [check for check in theirs if check.is_above]
    counted = above or [check for check in theirs if check.header == theirs[0].header]
    domain = email.rpartition("@")[2].casefold()
    dmarc = [check for check in counted if check.method == "dmarc" and check.result != "none"]
    if dmarc:
        # Each of them: whoever smuggled one in could not take the true one away.
        return all(check.result == "pass" and check.domain == domain for check in dmarc)
    return any(_is_aligned(check, domain) for check in counted if check.method == "dkim" and check.result == "pass")


def _is_aligned(check: Check, domain: str) -> bool:
    """Whether a signature is by the domain of the address, or by one above it, which rules over it."""
    return "." in check.domain and (domain == check.domain or domain.endswith(f".{check.domain}"))
