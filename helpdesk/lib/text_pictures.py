"""The pictures inside a text: ``<img src="cid:KEY">`` names a file of the text's own message by what the file holds.

The key goes with the file from the form to its message, into a mail and back into a form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape
from typing import Protocol, TypeVar

#: Characters of a file's hash that name it in its message.
KEY = 32

_IMG = re.compile(r"<img\b[^>]*>")
_CID = re.compile(r'\bsrc="cid:([0-9a-f]{32})"')
_ALT = re.compile(r'\balt="([^"]+)"')
_SOURCE = re.compile(r"(?:^cid:|/picture/[0-9]+/)([0-9a-f]{32})$")


class File(Protocol):
    """What a picture needs of its file."""

    name: str
    sha256: str


F = TypeVar("F", bound=File)


def source_of(address: str) -> str | None:
    """Return the stored form of a picture's address, None for that of no file of ours."""
    match = _SOURCE.search(address)
    return f"cid:{match[1]}" if match else None


def only_own(html: str) -> str:
    """Return cleaned HTML without the pictures that name no file."""
    return _IMG.sub(lambda tag: tag.group() if _CID.search(tag.group()) else "", html)


def keys(html: str) -> list[str]:
    """Return the keys of the pictures in clean HTML, each once, in order."""
    return list(dict.fromkeys(_CID.findall(html)))


def key_of(file: File) -> str:
    """Return by which key a text names this file."""
    return file.sha256[:KEY]


def drawn(html: str, files: Iterable[F], source: Callable[[F], str]) -> str:
    """Return clean HTML whose pictures are these files, loaded from `source`; of any other its name stays, if any."""
    by_key = {key_of(file): file for file in files}

    def draw(tag: re.Match[str]) -> str:
        named = _CID.search(tag.group())
        file = by_key.get(named[1]) if named else None
        if file is None:
            name = _ALT.search(tag.group())
            return f"[{name[1]}]" if name else ""
        return f'<img src="{escape(source(file))}" alt="{escape(file.name)}">'

    return _IMG.sub(draw, html)


def bound(html: str, files: Iterable[F]) -> str:
    """Return clean HTML that names these files only, each by its name too."""
    return drawn(html, files, lambda file: f"cid:{key_of(file)}")


def without(files: Iterable[F], html: str) -> list[F]:
    """Return the files that stand in no picture of clean HTML."""
    named = set(keys(html))
    return [file for file in files if key_of(file) not in named]
