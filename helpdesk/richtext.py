"""Rich text: what people may write in HTML, and its plain form."""

from __future__ import annotations

import re
from collections import Counter
from html import escape
from html.parser import HTMLParser

import nh3

TAGS = {
    *("p", "br", "div", "strong", "b", "em", "i", "u", "s", "del", "a"),
    *("ul", "ol", "li", "blockquote", "pre", "code", "h1", "h2", "h3"),
}
VOID = {"br", "hr", "img", "input", "meta", "link", "wbr", "col", "area", "base", "embed", "source", "track", "param"}

#: Beyond these, cleaning takes minutes (its time grows with the square of the nesting): the text is kept as typed.
MAX_SIZE = 512 * 1024
MAX_DEPTH = 200

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_PLAIN = re.compile(r"(?:[^<]|</?p>|<br>)*")
_ADDRESS = re.compile(r"(?:https?://|mailto:|tel:)\S", re.IGNORECASE)
_BARE_LINK = re.compile(r"\bhttps?://[^\s<>\"'«»“”]*[^\s<>\"'«»“”.,;:!?()\[\]*_…]", re.IGNORECASE)


def clean(html: str) -> str:
    """Keep of `html` what people may write; a huge or deeply nested text is kept as it was typed, escaped."""
    if is_too_heavy(html):
        return html if _PLAIN.fullmatch(html) else _paragraphs(html)
    return nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}},
        attribute_filter=_absolute,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener nofollow",
    )


def is_too_heavy(html: str) -> bool:
    """Tell whether cleaning this would hold the program up."""
    if len(html) > MAX_SIZE:
        return True
    # An element ends the nesting only where one of its name is open: stray ends must not hide the depth.
    opened: Counter[str] = Counter()
    depth = 0
    for end, name in _TAG.findall(html):
        tag = name.lower()
        if end and opened[tag]:
            opened[tag] -= 1
            depth -= 1
        elif not end and tag not in VOID:
            opened[tag] += 1
            depth += 1
            if depth > MAX_DEPTH:
                return True
    return False


def _absolute(_tag: str, attribute: str, value: str) -> str | None:
    """Keep addresses that say where they lead: a relative one leads nowhere from a mail."""
    return value if attribute != "href" or _ADDRESS.match(value) else None


def from_text(text: str) -> str:
    """Return plain text as HTML: escaped, blank lines part paragraphs, bare web addresses become links."""
    return _paragraphs(text, links=True)


def _paragraphs(text: str, *, links: bool = False) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    blocks = [block for block in re.split(r"\n[ \t]*\n\s*", lines) if block.strip()]
    mark = _linked if links else escape
    return "".join(f"<p>{mark(block.strip()).replace(chr(10), '<br>')}</p>" for block in blocks)


def _linked(text: str) -> str:
    parts, end = [], 0
    for found in _BARE_LINK.finditer(text):
        address = escape(found.group())
        parts.append(escape(text[end : found.start()]))
        parts.append(f'<a href="{address}" rel="noopener nofollow">{address}</a>')
        end = found.end()
    return "".join(parts) + escape(text[end:])


def to_text(html: str) -> str:
    """Return HTML as plain text: paragraphs, lists, quotations; a link is written as its text and (address)."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Collects lines; `gap` is how many line ends the next word must have before it."""

    PARTED = frozenset({"p", "ul", "ol", "blockquote", "pre", "h1", "h2", "h3"})
    BROKEN = frozenset({"div", "li"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self.gap = 0
        self.open: list[str] = []
        self.counts: list[int | None] = []
        self.link: tuple[str, int, int] | None = None
        self.bullet = ""
        self.margin = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._new_line()
        self._break_before(tag)
        if tag in {"ul", "ol"}:
            self.counts.append(0 if tag == "ol" else None)
        if tag in {"blockquote", "pre"}:
            self.open.append(tag)
        if tag == "li":
            self.bullet = self._next_bullet()
        if tag == "a":
            self.link = (dict(attrs).get("href") or "", len(self.lines), len(self.lines[-1]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.link is not None:
            self._end_link(*self.link)
        if tag in {"ul", "ol"} and self.counts:
            self.counts.pop()
        if tag in self.open:
            self.open.remove(tag)
        self._break_before(tag)

    def handle_data(self, data: str) -> None:
        if "pre" in self.open:
            for position, line in enumerate(data.split("\n")):
                if position:
                    self._new_line()
                self._write(line)
        else:
            # A no-break space is meant: only the white space of the source is folded.
            self._write(re.sub(r"[ \t\r\n\f]+", " ", data))

    def text(self) -> str:
        """Return what was read."""
        lines = [line.rstrip(" ") for line in self.lines]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n ")

    def _break_before(self, tag: str) -> None:
        if tag in self.PARTED:
            self.gap = max(self.gap, 1 if self.counts else 2)
        elif tag in self.BROKEN:
            self.gap = max(self.gap, 1)

    def _new_line(self) -> None:
        self.lines.append(self._margin())

    def _margin(self) -> str:
        return "> " * self.open.count("blockquote")

    def _next_bullet(self) -> str:
        if not self.counts:
            return "- "
        number = self.counts[-1]
        if number is not None:
            self.counts[-1] = number + 1
        return "  " * (len(self.counts) - 1) + ("- " if number is None else f"{number + 1}. ")

    def _write(self, words: str) -> None:
        at_start = self.gap > 0 or not self.lines[-1].strip("> ")
        words = words.lstrip(" ") if at_start and "pre" not in self.open else words
        if not words:
            return
        if self.gap and any(self.lines):
            self.lines.extend([min(self.margin, self._margin())] * (self.gap - 1))
            self._new_line()
        elif not any(self.lines):
            self.lines[-1] = self._margin()
        self.lines[-1] += self.bullet + words
        self.gap, self.bullet, self.margin = 0, "", self._margin()

    def _end_link(self, href: str, line: int, column: int) -> None:
        words = " ".join([self.lines[line - 1][column:], *self.lines[line:]]).strip("> ")
        address = href.removeprefix("mailto:").removeprefix("tel:")
        if address and words.rstrip("/") != address.rstrip("/"):
            self.lines[-1] = self.lines[-1].rstrip(" ")
            self._write(f" ({address})" if words else address)
        self.link = None
