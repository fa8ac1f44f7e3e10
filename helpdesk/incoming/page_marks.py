"""Marks in the page of a mail: where a mail program says, by an element of its own, what begins there."""

from __future__ import annotations

import re


def element(names: str, classes: str) -> re.Pattern[str]:
    """Return what finds an element of one of these names by one of these classes or ids.

    What repeats in it is bounded: a stranger wrote the page.
    """
    return re.compile(
        rf"<(?:{names})\b[^<>]{{0,400}}?(?:class|id)\s*=\s*[\"']?[^\"'<>]{{0,80}}?(?:{classes})[^<>]{{0,400}}>",
        re.IGNORECASE,
    )


def put(page: str, before: re.Pattern[str], mark: str) -> str:
    """Return a page with a mark before the first such element."""
    match = before.search(page)
    return f"{page[: match.start()]}<p>{mark}</p>{page[match.start() :]}" if match is not None else page
