"""Who handed a mail over to whom and when (``Received``): read by the child process, shown on the page of the mail.

Anybody may have written those below what the own server wrote: nothing is decided by them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from helpdesk.incoming import charsets, headers
from helpdesk.incoming.sender_checks import without_comments

#: Headers that are read, and characters of each.
MOST_HOPS, MOST_LETTERS = 30, 1_000
#: Characters of the name of a server.
MAX_NAME = 120
_FROM = re.compile(r"\bfrom\s+([^\s;]{1,253})", re.IGNORECASE)
_BY = re.compile(r"\bby\s+([^\s;]{1,253})", re.IGNORECASE)


@dataclass(frozen=True)
class Hop:
    """One server that took a mail: from whom, its own name, when, and seconds since the one before."""

    sender: str
    server: str
    at: datetime | None
    seconds: int | None


def read(values: Sequence[bytes]) -> list[list[str]]:
    """Return sender, server and time (UTC) of each of these headers, in the order the mail went, the last of many."""
    texts = [charsets.clean(value[:MOST_LETTERS].decode("utf-8", "replace")) for value in values[:MOST_HOPS]]
    return [_hop(text) for text in texts][::-1]


def _hop(text: str) -> list[str]:
    bare = without_comments(text)
    names = [match[1][:MAX_NAME] if (match := pattern.search(bare)) else "" for pattern in (_FROM, _BY)]
    at = headers.moment(bare.rpartition(";")[2].strip())
    return [*names, at.replace(microsecond=0).isoformat() if at is not None else ""]


def hops(rows: Sequence[Sequence[str]]) -> list[Hop]:
    """Return the way of a mail as its page shows it; where a time is missing no delay is named."""
    shown: list[Hop] = []
    before: datetime | None = None
    for sender, server, time in rows:
        at = datetime.fromisoformat(time) if time else None
        seconds = round((at - before).total_seconds()) if at is not None and before is not None else None
        shown.append(Hop(sender, server, at, seconds))
        before = at
    return shown
