"""What mail servers found out about the sender of a mail (RFC 8601): read by the child process, judged by the rules.

Anybody can write such a header. Only what the mailbox's own server wrote counts, known by the name it signs with and by
the place where it writes: how many ``Received`` stand above. What stands elsewhere, somebody else wrote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

#: Headers that are read, and characters of each.
MOST_HEADERS, MOST_LETTERS = 20, 4_000
#: ``Received`` above what a mailbox's own server writes: of those that hand the mail on within it.
MOST_HOPS = 2
#: Microsoft 365 writes its results without a name (https://learn.microsoft.com/defender-office-365/message-headers-eop-mdo),
#: above the `Received` of its first server and below those of others of its own. Here it has this name.
MICROSOFT = "protection.outlook.com"
MOST_HOPS_OF_MICROSOFT = 8
#: The methods that confirm the address a mail says it comes from; of each, what names the domain it is about.
METHODS = {"dmarc": ("header.from",), "dkim": ("header.d", "header.i")}

_OF_MICROSOFT = re.compile(r"\bby\s+(?:[a-z0-9-]+\.)+outlook\.com(?![^\s;])", re.IGNORECASE)
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
    #: Which of these headers it stands in, from the top, and how many ``Received`` stand above that.
    header: int
    hops: int


def read(fields: Sequence[tuple[str, bytes]]) -> list[list[str | int]]:
    """Return the results these headers of a mail hold, from the top down, ready to be written as JSON.

    The text is taken as it stands: in an encoded word a sender could hide a result.
    """
    rows: list[list[str | int]] = []
    count = hops = 0
    is_microsoft = True
    for name, value in fields:
        text = value[:MOST_LETTERS].decode("ascii", "replace")
        if name == "received":
            hops += 1
            is_microsoft &= _OF_MICROSOFT.search(without_comments(text)) is not None
        if name == "authentication-results" and count < MOST_HEADERS:
            is_here = is_microsoft and 0 < hops <= MOST_HOPS_OF_MICROSOFT
            # How many servers of Microsoft stand above differs from mail to mail: the place is none of a number.
            rows += [[*result, count, 0 if result[0] == MICROSOFT else hops] for result in _results(text, is_here)]
            count += 1
    # Without any `Received` nothing tells what a server wrote from what came with the mail.
    return rows if hops else []


def _results(text: str, is_microsoft: bool) -> list[tuple[str, str, str, str]]:
    """Return server, method, result and domain of each result of one header; of a header without any, its server.

    One without a server counts where Microsoft 365 writes; one with the name that it has here counts nowhere.
    """
    bare = _QUOTED.sub('""', without_comments(text))
    server = _SERVER.match(bare)
    name, found = server[1].lower() if server is not None else MICROSOFT, []
    if (name == MICROSOFT) is (server is not None) or not (server is not None or is_microsoft):
        return []
    for piece in bare[server.end() if server is not None else 0 :].split(";"):
        result = _RESULT.match(piece)
        if result is not None and result[1].lower() in METHODS:
            method = result[1].lower()
            properties = {key.lower(): value.lower() for key, value in _PROPERTY.findall(piece)}
            named = next((properties[key] for key in METHODS[method] if key in properties), "")
            found.append((name, method, result[2].lower(), named.rpartition("@")[2].rstrip(".")))
    return found or [(name, "", "", "")]


def without_comments(text: str) -> str:
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


def nearest(checks: Sequence[Check]) -> tuple[str, int] | None:
    """Return the name and the place of the server that wrote the topmost of these headers, near enough to be ours."""
    first = next((check for check in checks if check.header == 0 and check.hops <= MOST_HOPS), None)
    return (first.server, first.hops) if first is not None else None


def confirms(checks: Sequence[Check], server: str, hops: int, email: str) -> bool:
    """Whether this server, which writes at this place, says that a mail from this address was sent by its domain."""
    counted = [check for check in checks if server and check.server == server.casefold() and check.hops == hops]
    if hops or server.casefold() == MICROSOFT:
        # What came with the mail begins here, too: below what the server wrote itself.
        counted = [check for check in counted if check.header == 0]
    domain = email.rpartition("@")[2].casefold()
    dmarc = [check for check in counted if check.method == "dmarc" and check.result != "none"]
    if dmarc:
        # Each of them: whoever smuggled one in could not take the true one away.
        return all(check.result == "pass" and check.domain == domain for check in dmarc)
    return any(_is_aligned(check, domain) for check in counted if check.method == "dkim" and check.result == "pass")


def _is_aligned(check: Check, domain: str) -> bool:
    """Whether a signature is by the domain of the address, or by one above it, which rules over it."""
    return "." in check.domain and (domain == check.domain or domain.endswith(f".{check.domain}"))
