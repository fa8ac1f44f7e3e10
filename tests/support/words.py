"""What a page says to eyes and ears, piece by piece, and the English that may stand in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import flask_admin
import wtforms
from babel.messages.mofile import read_mo
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpdesk.settings import environment

#: The catalogues of every library that writes on pages, and ours.
CATALOGUES = (
    environment.ROOT / "translations/fr/LC_MESSAGES/messages.mo",
    Path(flask_admin.__file__).parent / "translations/fr/LC_MESSAGES/admin.mo",
    Path(wtforms.__file__).parent / "locale/fr/LC_MESSAGES/wtforms.mo",
)
#: Names of the cast and identifiers of statuses that are words too.
NAMES = frozenset({"Root", "active"})
SPOKEN = frozenset({"aria-label", "title", "placeholder", "alt", "label"})
PLACEHOLDER = re.compile(r"%\(\w+\)\d*[sd]|%[sd]|\{\w*\}")


class _Pieces(HTMLParser):
    """Collects texts, spoken attributes, attributes meant for scripts and the words of embedded JSON."""

    def __init__(self) -> None:
        super().__init__()
        self.language = ""
        self.pieces: list[str] = []
        self._inside = ""
        self._foreign = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.language = values.get("lang", "") if tag == "html" else self.language
        is_json = values.get("type") == "application/json"
        self._inside = "json" if is_json else tag if tag in {"script", "style"} else ""
        # What names another language (the switch, a customer's own words) may speak it; so may technical
        # names and those of time zones.
        is_foreign = (values.get("lang") and tag != "html") or values.get("translate") == "no"
        is_foreign = is_foreign or (tag == "option" and "/" in values.get("value", ""))
        self._foreign = tag if is_foreign else self._foreign
        self.pieces += [value for name, value in values.items() if name in SPOKEN or _is_for_scripts(name, value)]

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""
        self._foreign = "" if tag == self._foreign else self._foreign

    def handle_data(self, data: str) -> None:
        if self._inside == "json":
            self.pieces += _strings(json.loads(data))
        elif not self._inside and not self._foreign:
            self.pieces.append(data)


def _is_for_scripts(name: str, value: str) -> bool:
    """Whether an attribute may hold words that a script shows: a single one is a code."""
    return name.startswith("data-") and " " in value


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)


def read(page: str) -> tuple[str, list[str]]:
    """Return the declared language of a page and everything it says, spaces folded."""
    parser = _Pieces()
    parser.feed(page)
    return parser.language, [piece for piece in (" ".join(text.split()) for text in parser.pieces) if piece]


@cache
def english() -> tuple[frozenset[str], frozenset[str]]:
    """Return the English texts whose French differs: whole ones, and parts of two words or more."""
    whole, parts, french = set(), set(), set()
    for path in CATALOGUES:
        with path.open("rb") as file:
            for message in read_mo(file):
                ids, strings = ([text] if isinstance(text, str) else text for text in (message.id, message.string))
                french.update(strings)
                whole.update(text for text in ids if text and text not in strings)
                parts.update(part for text in ids if text not in strings for part in _parts(text))
    return frozenset(whole - french - NAMES), frozenset(parts - french)


def _parts(text: str) -> Iterator[str]:
    """Give the longest piece of a text between its placeholders, if it has two words at least."""
    longest = max(PLACEHOLDER.split(text), key=len).strip(" .:;,?!…“”()")
    if len(longest.split()) > 1:
        yield " ".join(longest.split())


def fields(page: str) -> set[str]:
    """Return the names of the fields that a page asks for."""
    return set(re.findall(r'<(?:input|select|textarea)\b[^>]*? name="([^"]+)"', page)) - {"csrf_token"}


def left_in_english(pieces: list[str]) -> set[str]:
    """Return the English texts that stand in what a page says."""
    whole, parts = english()
    said = "\n".join(pieces)
    return {piece for piece in pieces if piece in whole} | {part for part in parts if part in said}


def in_french(client: FlaskClient) -> FlaskClient:
    """Let this browser ask for French."""
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
    return client


def english_of(response: TestResponse) -> set[str]:
    """Return the English on a French page; what is no page says nothing."""
    if response.mimetype != "text/html" or not response.data:
        return set()
    language, pieces = read(response.get_data(as_text=True))
    if response.status_code in {301, 302, 303, 308}:
        return set()
    return left_in_english(pieces) | ({f"lang={language}"} if language != "fr" else set())
