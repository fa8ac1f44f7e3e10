"""The signature that a mail program puts below each mail: folded away in what is shown, and never lost.

Only what a program marks as one is taken for it: the line “-- ” with its blank (RFC 3676, 4.3), or an element.
"""

from __future__ import annotations

import re
from itertools import dropwhile

from helpdesk.incoming import page_marks

#: Lines and letters of a signature; what is longer may be more than that.
MOST_LINES, MOST_LETTERS = 15, 1_200
#: Places of a text that are looked at, each with all that stands above and below it.
MOST_PLACES = 20
#: What `mark` puts into a page where a mail program says that its signature begins.
MARK = "\ue001"

_DELIMITER = "-- "
_DASHES = re.compile(r"^\s*--\s*$")
_ELEMENT = page_marks.element(
    "div|span|pre|table|section",
    "gmail_signature|moz-signature|protonmail_signature_block|AppleMailSignature|ms-outlook-mobile-signature"
    r"|zimbra_signature|\bSignature\b",
)


def mark(page: str) -> str:
    """Return a page with a mark where its mail program says that the signature begins."""
    return page_marks.put(page, _ELEMENT, MARK)


def split(text: str) -> tuple[str, str]:
    """Return a text without its signature, and the signature; an empty one where there is none or that is in doubt."""
    lines = text.split("\n")
    looked_at = 0
    for place, line in enumerate(lines):
        if line == _DELIMITER or MARK in line:
            looked_at += 1
            if looked_at > MOST_PLACES:
                break
            above, below = lines[:place], lines[place + 1 :]
            after: list[str] = []
            if line == _DELIMITER:
                below, after = _until_blank(below)
            # Programs draw the dashes and then the element; the element may hold them, too.
            below = list(dropwhile(_DASHES.match, (one for one in below if one.strip())))
            while above and (not above[-1].strip() or _DASHES.match(above[-1])):
                above.pop()
            signature = "\n".join(below)
            if _is_written(above) and below and len(below) <= MOST_LINES and len(signature) <= MOST_LETTERS:
                return without_marks("\n".join([*above, *after])), without_marks(signature)
    return without_marks(text), ""


def _until_blank(lines: list[str]) -> tuple[list[str], list[str]]:
    """Return the lines of a signature, and what follows behind a blank one: somebody wrote on below it."""
    begin = next((place for place, line in enumerate(lines) if line.strip()), len(lines))
    end = next((place for place in range(begin, len(lines)) if not lines[place].strip()), len(lines))
    after = lines[end:]
    return (lines[:end], after) if any(re.search(r"\w", line) for line in after) else (lines, [])


def without_marks(text: str) -> str:
    """Return a text as its author sees it."""
    return text.replace(MARK, "").strip("\n").rstrip() if MARK in text else text


def _is_written(lines: list[str]) -> bool:
    """Whether somebody wrote something here, beside what is quoted."""
    return any(re.search(r"\w", line) and not line.lstrip().startswith(">") for line in lines)
