"""Finding a passage in texts, and putting the mask in its place: plain, as HTML, and inside values of JSON.

Blanks, line ends and the signs of a quotation between two words of the passage may be others than those one typed;
so may case. In HTML it may run across elements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import unquote

from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import control_characters, text_pictures

#: What stands for whatever was masked: always as long, so that nothing of it can be guessed.
MASK = "▇" * 8
#: Letters of a passage.
SHORTEST, LONGEST = 3, 2_000
#: What may stand between two words of it, and in none: a word of these would be sought in endless many ways.
_BETWEEN = r"[\s>\u00ad\u200b]+"
#: A reference to a character, then a tag or such a reference; and either of them or one character.
_REFERENCE = re.compile(r"&(?:#[0-9]+|#x[0-9a-f]+|[a-z][a-z0-9]*);", re.IGNORECASE)
_MARKUP = re.compile(rf"<[^>]*>|{_REFERENCE.pattern}", re.IGNORECASE)
_LETTER = re.compile(rf"{_REFERENCE.pattern}|.", re.IGNORECASE | re.DOTALL)
_PIECE = re.compile(rf"{_MARKUP.pattern}|.", re.IGNORECASE | re.DOTALL)
_INLINE = re.compile(r"</?(?:a|b|code|del|em|i|s|strong|u)\b", re.IGNORECASE)
_IMG = re.compile(r"<img\b[^>]*>")
#: Values of JSON that the program wrote and reads again: a moment, and what stands under these keys.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.+Z-]*")
_OF_PROGRAM = frozenset(
    {"number", "former", "form_key", "alerts", "score", "kind", "outcome", "mode", "trigger", "way", "code"}
)


@dataclass(frozen=True)
class Passage:
    """A text to be masked wherever it stands."""

    text: str
    pattern: re.Pattern[str]

    def in_text(self, text: str) -> str:
        """Return a plain text with the mask in its place."""
        return self.pattern.sub(MASK, text)

    def in_json(self, value: Any) -> Any:
        """Return a value of JSON with the mask in its place, in each text that people wrote; those of HTML, too."""
        if isinstance(value, dict):
            return {key: one if key in _OF_PROGRAM else self.in_json(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.in_json(one) for one in value]
        if not isinstance(value, str) or _MOMENT.fullmatch(value):
            return value
        return self.in_html(value) if "<" in value and ">" in value else self.in_text(value)

    def in_html(self, html: str) -> str:
        """Return clean HTML with the mask in its place: elements stay, but a link that holds it leads nowhere."""
        # No tag begins behind the last one that ends: nothing is sought there for each "<" of a hostile mail.
        end = html.rfind(">") + 1
        if not self._stands_in(html, end):
            return html
        pieces = [*_PIECE.findall(html, 0, end), *_LETTER.findall(html, end)]
        letters, places = [], []
        for place, piece in enumerate(pieces):
            letter = _letter(piece)
            if letter:
                letters.append(letter)
                places += [place] * len(letter)
        for match in self.pattern.finditer("".join(letters)):
            first, *others = dict.fromkeys(places[match.start() : match.end()])
            for place in others:
                if not pieces[place].startswith("<"):
                    pieces[place] = ""
            pieces[first] = MASK
        return "".join(self._bare(piece) if piece.startswith("<") else piece for piece in pieces)

    def _stands_in(self, html: str, end: int) -> bool:
        """Whether HTML holds the passage: most does not, and this takes a fraction of the time."""
        tags: list[str] = []

        def read(match: re.Match[str]) -> str:
            tags.append(match.group())
            return _letter(match.group())

        words = _MARKUP.sub(read, html[:end]) + _REFERENCE.sub(read, html[end:])
        return bool(self.pattern.search(words)) or any(self._is_in(tag) for tag in tags if "=" in tag)

    def _is_in(self, tag: str) -> bool:
        words = unescape(tag)
        return bool(self.pattern.search(words) or self.pattern.search(unquote(words)))

    def _bare(self, tag: str) -> str:
        """Return a tag without its attributes where one of these holds the passage; a picture goes."""
        if not self._is_in(tag):
            return tag
        if _IMG.fullmatch(tag):
            return MASK
        return re.sub(r"^<([a-z0-9]+).*>$", r"<\1>", tag, flags=re.IGNORECASE | re.DOTALL)


def _letter(piece: str) -> str:
    """Return what a reader sees of a piece of HTML: a tag that begins or ends a line is a blank."""
    if piece.startswith("<") and len(piece) > 1:
        return "" if _INLINE.match(piece) else "\n"
    return unescape(piece)


def passage_of(text: str) -> Passage:
    """Return the passage that somebody typed or selected. Raises InvalidInput at ``passage``."""
    words = [word for word in re.split(_BETWEEN, control_characters.removed(text).replace("▇", " ")) if word]
    if sum(map(len, words)) < SHORTEST:
        raise InvalidInput(
            lazy("Write the passage to mask, with at least %(limit)s letters or digits.", limit=SHORTEST),
            field="passage",
        )
    if len(text) > LONGEST:
        raise InvalidInput(lazy("At most %(limit)s characters.", limit=LONGEST), field="passage")
    pattern = re.compile(_BETWEEN.join(map(re.escape, words)), re.IGNORECASE)
    return Passage(" ".join(words), pattern)


@dataclass(frozen=True)
class Picture:
    """A file whose pictures are masked inside texts: named there by its key."""

    key: str

    def in_html(self, html: str) -> str:
        """Return clean HTML with the mask in the place of the picture."""
        return _IMG.sub(lambda tag: MASK if self.key in text_pictures.keys(tag.group()) else tag.group(), html)
