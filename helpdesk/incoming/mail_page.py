"""A mail as its program laid it out: cleaned, with the pictures it brings, and nothing fetched from elsewhere.

Nothing of it enters a page of the desk: it is a document of its own that may run and load nothing.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

import nh3

from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.incoming import parsed_mail, raw_mail
from helpdesk.incoming.parsed_mail import MailFile, ParsedMail, Parser
from helpdesk.lib import richtext
from models import IncomingMail

#: Pictures of a mail that its page shows, and bytes of all of them.
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
MOST_BYTES = 8 * 1024 * 1024

_TAGS = richtext.TAGS | {
    *("table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "colgroup", "col", "center", "font", "span"),
    *("h4", "h5", "h6", "hr", "img", "small", "sub", "sup", "big", "dl", "dt", "dd"),
}
_ATTRIBUTES = {
    "*": {"style", "align", "valign", "width", "height", "bgcolor", "dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "font": {"color", "size", "face"},
    "table": {"border", "cellpadding", "cellspacing"},
}
#: Styles that lay out a text; none of them loads anything or leaves its place.
_STYLES = {
    *("color", "background-color", "font-family", "font-size", "font-style", "font-weight", "line-height"),
    *("text-align", "text-decoration", "text-transform", "vertical-align", "white-space", "letter-spacing"),
    *("border", "border-top", "border-right", "border-bottom", "border-left", "border-color", "border-style"),
    *("border-width", "border-collapse", "border-radius", "padding", "padding-top", "padding-right"),
    *("padding-bottom", "padding-left", "margin", "margin-top", "margin-right", "margin-bottom", "margin-left"),
    *("width", "max-width", "min-width", "height", "display", "list-style-type"),
}


@dataclass
class MailPage:
    """The cleaned page of a mail; `remote` counts the pictures that lie elsewhere."""

    html: str = ""
    remote: int = 0
    seen: set[str] = field(default_factory=set)


def of(mail: IncomingMail, *, with_remote: bool = False) -> MailPage:
    """Return the page of a mail. Raises NotFound when it is no longer kept, InvalidInput when it has none."""
    path = raw_mail.location(mail)
    with Parser() as parser:
        content = parser.read(path)
    if content is None or not content.page or richtext.is_too_heavy(content.page):
        raise InvalidInput(lazy("This e-mail has no layout of its own: its text is all there is."))
    pictures = _pictures(path.read_bytes(), content)
    page = MailPage()

    def allowed(tag: str, name: str, value: str) -> str | None:
        if tag == "img" and name == "src":
            return _source(value, pictures, page, with_remote=with_remote)
        return value

    page.html = nh3.clean(
        content.page, tags=_TAGS, attributes=_ATTRIBUTES, attribute_filter=allowed,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        filter_style_properties=_STYLES, link_rel="noopener noreferrer nofollow",
    )  # fmt: skip
    return page


def _source(value: str, pictures: dict[str, str], page: MailPage, *, with_remote: bool) -> str | None:
    """Return where a picture comes from: out of the mail, or (only when asked) from elsewhere."""
    bare = value.strip()
    if bare.lower().startswith("cid:"):
        return pictures.get(bare[4:].strip("<>").lower())
    if bare.lower().startswith("data:"):
        return bare if bare[5:].partition(";")[0].lower() in PICTURES else None
    if bare not in page.seen:
        page.seen.add(bare)
        page.remote += 1
    return bare if with_remote and bare.lower().startswith("https://") else None


def _pictures(raw: bytes, content: ParsedMail) -> dict[str, str]:
    """Return the pictures of a mail by their ids, as addresses that hold them."""
    found: dict[str, str] = {}
    size = 0
    for file in content.files:
        if file.cid and file.type in PICTURES:
            size += file.end - file.start
            if size > MOST_BYTES:
                break
            found[file.cid.lower()] = _address(raw, file)
    return found


def _address(raw: bytes, file: MailFile) -> str:
    return f"data:{file.type};base64,{base64.b64encode(parsed_mail.bytes_of(raw, file)).decode()}"
