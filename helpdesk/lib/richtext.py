"""Rich text: cleaning HTML that people wrote, and converting it from and to plain text."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from html import escape
from html.parser import HTMLParser

import nh3

from helpdesk import erased_marks
from helpdesk.lib import control_characters, text_pictures
from helpdesk.lib.plain_text import CELLS, PlainText

TAGS = {
    *("p", "br", "div", "strong", "b", "em", "i", "u", "s", "del", "a"),
    *("ul", "ol", "li", "blockquote", "pre", "code", "h1", "h2", "h3"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
}
VOID = {"br", "hr", "img", "input", "meta", "link", "wbr", "col", "area", "base", "embed", "source", "track", "param"}

#: Beyond these, cleaning takes minutes (its time grows with the square of the nesting): the text is escaped instead.
MAX_SIZE = 512 * 1024
MAX_DEPTH = 200
#: Characters of the name of a picture.
LONGEST_ALT = 255

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_PLAIN = re.compile(r"(?:[^<&]|&(?:amp|lt|gt|quot|nbsp|#x27);|</?p>|<br>)*")
_HOLE = re.compile(
    r"<br>(?:\s|&nbsp;|</?(?:div|p)>)*<br>|<(?:p|div)>(?:\s|&nbsp;|<br>)*</|^<(?:p|div)><br>|<br></(?:p|div)>$"
)
_PREFORMATTED = re.compile(r"(<pre>.*?</pre>)", re.DOTALL)
_GAP = re.compile(r"(?:\s|&nbsp;)*(?:</?(?:div|p)>|<br>)(?:\s|&nbsp;|</?(?:div|p)>|<br>)*")
_ONE_PARAGRAPH = re.compile(r"<(p|div)>((?:(?!</?(?:p|div|ul|ol|blockquote|pre|h[1-3]|table)\b).)*)</\1>", re.DOTALL)
_FORMATTED = re.compile(r"<(?!/?(?:p|div|br)\b)")
_TAGS = re.compile(r"<[^>]+>")
_ADDRESS = re.compile(r"(?:https?://|mailto:|tel:)\S", re.IGNORECASE)
#: The one variable that is an address: a link of an owner's text may lead there.
_VARIABLE = re.compile(r"\{\{\s*customer_account_link\s*\}\}")
_QUOTE = re.compile(r"<(/?)blockquote>")
_BARE_LINK = re.compile(r"\bhttps?://[^\s<>\"'«»“”]*[^\s<>\"'«»“”.,;:!?()\[\]*_…]", re.IGNORECASE)


def clean(html: str, *, pictures: bool = False) -> str:
    """Return `html` with the allowed elements only; a huge or deeply nested text is returned escaped, as plain text.

    With `pictures`, those of the message's own files stay (``helpdesk.lib.text_pictures``).
    """
    if is_too_heavy(html):
        html = control_characters.removed(html)
        return html if _PLAIN.fullmatch(html) else _paragraphs(html)
    cleaned = nh3.clean(
        html,
        tags=TAGS | {"img"} if pictures else TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_kept_attribute,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        link_rel="noopener nofollow",
    )
    if pictures:
        cleaned = text_pictures.only_own(cleaned)
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


_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}, **{tag: {"colspan", "rowspan"} for tag in CELLS}}


def _kept_attribute(_tag: str, attribute: str, value: str) -> str | None:
    """Return an attribute's value, or None for a relative address, which leads nowhere from a mail."""
    if attribute == "src":
        return text_pictures.source_of(value)
    if attribute == "alt":
        return re.sub("[<>]", "", value)[:LONGEST_ALT]
    if attribute in {"colspan", "rowspan"}:
        return value if re.fullmatch("[1-9][0-9]?", value) else None
    return value if attribute != "href" or _leads_somewhere(value) else None


def _leads_somewhere(address: str) -> bool:
    return bool(_ADDRESS.match(address) or _VARIABLE.fullmatch(address.strip()))


def dropped_addresses(html: str, *, variables: bool = True) -> list[str]:
    """Return the addresses of links that lead nowhere, each once: `clean` takes them away. So may `variables`."""
    if is_too_heavy(html):
        return []
    reader = _Links()
    reader.feed(html)
    reader.close()
    leads = _leads_somewhere if variables else _ADDRESS.match
    return [address for address in reader.addresses if not leads(address)]


class _Links(HTMLParser):
    """Collects the addresses that links lead to."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.addresses: dict[str, None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = (dict(attrs).get("href") or "").strip() if tag == "a" else ""
        if address:
            self.addresses[address] = None


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
    return _paragraphs(erased_marks.disarmed(text), links=True)


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


def inside(html: str) -> str | None:
    """Return clean HTML to stand inside another text; None where its plain text says as much.

    A text of one paragraph goes without it: it may stand between quotation marks.
    """
    single = _ONE_PARAGRAPH.fullmatch(html)
    if single is not None:
        return single[2]
    return html if _FORMATTED.search(html) else None


# One act reads the same text for each of its mails, its filters and its index.
@lru_cache(maxsize=8)
def to_text(html: str) -> str:
    """Return clean HTML as plain text with paragraphs, lists and quotations; a link becomes its text and (address).

    Clean the HTML first: the parser's time grows with the square of unclosed tags.
    """
    reader = PlainText()
    reader.feed(html)
    reader.close()
    return reader.text()
