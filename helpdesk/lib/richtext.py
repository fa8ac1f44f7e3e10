"""Rich text: cleaning HTML that people wrote, and converting it from and to plain text."""

from __future__ import annotations

import re
from collections import Counter
from html import escape
from html.parser import HTMLParser

import nh3

from helpdesk.lib import control_characters

TAGS = {
    *("p", "br", "div", "strong", "b", "em", "i", "u", "s", "del", "a"),
    *("ul", "ol", "li", "blockquote", "pre", "code", "h1", "h2", "h3"),
}
VOID = {"br", "hr", "img", "input", "meta", "link", "wbr", "col", "area", "base", "embed", "source", "track", "param"}

#: Beyond these, cleaning takes minutes (its time grows with the square of the nesting): the text is escaped instead.
MAX_SIZE = 512 * 1024
MAX_DEPTH = 200
#: Quotations and lists that are shown one inside the other, as plain text.
MAX_MARGIN = 20

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_PLAIN = re.compile(r"(?:[^<&]|&(?:amp|lt|gt|quot|nbsp|#x27);|</?p>|<br>)*")
_HOLE = re.compile(
    r"<br>(?:\s|&nbsp;|</?(?:div|p)>)*<br>|<(?:p|div)>(?:\s|&nbsp;|<br>)*</|^<(?:p|div)><br>|<br></(?:p|div)>$"
)
_PREFORMATTED = re.compile(r"(<pre>.*?</pre>)", re.DOTALL)
_GAP = re.compile(r"(?:\s|&nbsp;)*(?:</?(?:div|p)>|<br>)(?:\s|&nbsp;|</?(?:div|p)>|<br>)*")
_TAGS = re.compile(r"<[^>]+>")
_ADDRESS = re.compile(r"(?:https?://|mailto:|tel:)\S", re.IGNORECASE)
_QUOTE = re.compile(r"<(/?)blockquote>")
_BARE_LINK = re.compile(r"\bhttps?://[^\s<>\"'«»“”]*[^\s<>\"'«»“”.,;:!?()\[\]*_…]", re.IGNORECASE)


def clean(html: str) -> str:
    """Return `html` with the allowed elements only; a huge or deeply nested text is returned escaped, as plain text."""
    if is_too_heavy(html):
        html = control_characters.removed(html)
        return html if _PLAIN.fullmatch(html) else _paragraphs(html)
    cleaned = nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}},
        attribute_filter=_absolute,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener nofollow",
    )
    # Afterwards: a control character may have been written as an entity.
    return _without_holes(control_characters.removed(cleaned))


def _without_holes(html: str) -> str:
    """Return clean HTML with one empty line at most between two texts, and none at the ends or between paragraphs."""
    if _HOLE.search(html) is None:
        return html
    parts = _PREFORMATTED.split(html)
    return "".join(part if place % 2 else _GAP.sub(_narrowed, part) for place, part in enumerate(parts))


def _narrowed(gap: re.Match[str]) -> str:
    """Return what stands between two texts, without the empty lines beyond the first."""
    blocks: list[str] = []
    lines, has_text = 0, gap.start() > 0
    for tag in _TAGS.findall(gap.group()):
        lines += tag == "<br>" and not has_text
        has_text = False
        if tag.startswith("</") and blocks and not blocks[-1].startswith("</"):
            blocks.pop()
        elif tag != "<br>":
            blocks.append(tag)
    if gap.start() == 0 or gap.end() == len(gap.string) or any(tag.endswith("p>") for tag in blocks):
        # A paragraph has its margin.
        return "".join(blocks)
    if lines < 2:
        return gap.group()
    return "".join(blocks) + "<br>" if blocks else "<br><br>"


def is_too_heavy(html: str) -> bool:
    """Whether cleaning this text would take too long."""
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
    """Return an attribute's value, or None for a relative address, which leads nowhere from a mail."""
    return value if attribute != "href" or _ADDRESS.match(value) else None


def quote_at_end(html: str) -> int:
    """Return where the quotation begins with which clean HTML ends, 0 without one; also lines that begin with ``>``."""
    begins, opened = {}, []
    for tag in _QUOTE.finditer(html):
        if not tag.group(1):
            opened.append(tag.start())
        elif opened:
            begins[tag.end()] = opened.pop()
    start = end = len(html)
    while end:
        if html[end - 1].isspace():
            end -= 1
        elif end in begins:
            start = end = begins[end]
        elif html.endswith("</p>", 0, end) and html.startswith("<p>&gt;", html.rfind("<p>", 0, end)):
            start = end = html.rfind("<p>", 0, end)
        else:
            break
    return start if start < len(html) else 0


def from_form(text: str) -> str:
    """Return what a form posts as clean HTML: typed without the editor, with no tag in it, it is a plain text."""
    return clean(text) if "<" in text else from_text(text)


def from_text(text: str) -> str:
    """Return plain text as HTML: escaped, with paragraphs at blank lines and links for web addresses."""
    return _paragraphs(text, links=True)


def _paragraphs(text: str, *, links: bool = False) -> str:
    lines = control_characters.removed(text).replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    blocks = [block for block in re.split(r"\n[ \t]*\n\s*", lines) if block.strip()]
    mark = _linked if links else escape
    return "".join(f"<p>{mark(block.strip()).replace(chr(10), '<br>')}</p>" for block in blocks)


def _linked(text: str) -> str:
    parts, end = [], 0
    for match in _BARE_LINK.finditer(text):
        address = escape(match.group())
        parts.append(escape(text[end : match.start()]))
        parts.append(f'<a href="{address}" rel="noopener nofollow">{address}</a>')
        end = match.end()
    return "".join(parts) + escape(text[end:])


def to_text(html: str) -> str:
    """Return clean HTML as plain text with paragraphs, lists and quotations; a link becomes its text and (address).

    Clean the HTML first: the parser's time grows with the square of unclosed tags.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Collects the lines of the plain text; `gap` is the number of line ends needed before the next word.

    A line is a list of pieces joined at the end, so that the time grows only with the length of the text.
    """

    PARTED = frozenset({"p", "ul", "ol", "blockquote", "pre", "h1", "h2", "h3"})
    BROKEN = frozenset({"div", "li"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[list[str]] = [[]]
        self.is_blank, self.at_margin = True, True
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
            # A no-break space is intended: only the white space of the source is collapsed.
            self._write(re.sub(r"[ \t\r\n\f]+", " ", data))

    def text(self) -> str:
        """Return the plain text."""
        lines = ["".join(line).rstrip(" ") for line in self.lines]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n ")

    def _break_before(self, tag: str) -> None:
        if tag in self.PARTED:
            self.gap = max(self.gap, 1 if self.counts else 2)
        elif tag in self.BROKEN:
            self.gap = max(self.gap, 1)

    def _new_line(self) -> None:
        self._begin_line(self._margin())

    def _begin_line(self, margin: str) -> None:
        self.lines.append([margin] if margin else [])
        self.is_blank, self.at_margin = self.is_blank and not margin, True

    def _margin(self) -> str:
        return "> " * min(self.open.count("blockquote"), MAX_MARGIN)

    def _next_bullet(self) -> str:
        if not self.counts:
            return "- "
        number = self.counts[-1]
        if number is not None:
            self.counts[-1] = number + 1
        return "  " * min(len(self.counts) - 1, MAX_MARGIN) + ("- " if number is None else f"{number + 1}. ")

    def _write(self, words: str) -> None:
        at_start = self.gap > 0 or self.at_margin
        words = words.lstrip(" ") if at_start and "pre" not in self.open else words
        if not words:
            return
        if self.gap and not self.is_blank:
            for _empty in range(self.gap - 1):
                self._begin_line(min(self.margin, self._margin()))
            self._new_line()
        elif self.is_blank:
            self.lines[-1] = [self._margin()]
        self.lines[-1].append(self.bullet + words)
        self.at_margin = self.at_margin and not (self.bullet + words).strip("> ")
        self.gap, self.bullet, self.margin, self.is_blank = 0, "", self._margin(), False

    def _end_link(self, href: str, line: int, piece: int) -> None:
        read = [self.lines[line - 1][piece:], *self.lines[line:]]
        words = " ".join("".join(pieces) for pieces in read).strip("> ")
        address = href.removeprefix("mailto:").removeprefix("tel:")
        if address and words.rstrip("/") != address.rstrip("/"):
            self._drop_blanks(self.lines[-1])
            self._write(f" ({address})" if words else address)
        self.link = None

    @staticmethod
    def _drop_blanks(pieces: list[str]) -> None:
        while pieces:
            pieces[-1] = pieces[-1].rstrip(" ")
            if pieces[-1]:
                return
            pieces.pop()
