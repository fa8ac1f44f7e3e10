"""The text of a mail: the part that a person wrote, as plain text, whatever programs put around it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from helpdesk.incoming import charsets, headers, mime
from helpdesk.incoming.mime import Mail, Part
from helpdesk.lib import richtext

#: Bytes of a text part that are read.
MOST_TEXT = 1024 * 1024
#: A plain text this short beside a long page only says that the page must be read.
STUB = 30
LONG_PAGE = 200

_META = re.compile(rb"""<meta[^<>]{0,200}charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
_ASKS_HTML = re.compile(r"(requires|view).{0,40}html|html.{0,30}(requis|compatible)", re.IGNORECASE)
_CELL, _ROW = re.compile(r"</t[dh]\s*>", re.IGNORECASE), re.compile(r"</tr\s*>|<hr\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


@dataclass
class Body:
    """What was found: the plain text, the page if there is one, which parts they are, and what was guessed or cut."""

    text: str = ""
    page: str = ""
    used: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def of(raw: bytes, mail: Mail) -> Body:
    """Return the text of a mail. Never fails."""
    body = Body()
    texts, pages = _collect(raw, mail.top, body)
    body.text, body.page = "\n\n".join(texts).strip("\n"), "\n".join(pages)
    return body


def is_stub(text: str, page_text: str) -> bool:
    """Whether a plain text only stands in for the page beside it."""
    bare = text.strip()
    return len(page_text) > len(bare) and (
        not bare
        or (len(bare) < STUB and len(page_text) > LONG_PAGE)
        or bool(len(bare) < 300 and _ASKS_HTML.search(bare))
    )


def is_file(part: Part) -> bool:
    """Whether a part is handed over as a file and not read as text."""
    if part.fields.get_content_maintype() != "text" or part.type not in {"text/plain", "text/html"}:
        return True
    disposition = part.fields.get_content_disposition()
    return disposition == "attachment" or bool(headers.file_name(part.fields) and part.depth)


def _collect(raw: bytes, part: Part, body: Body) -> tuple[list[str], list[str]]:
    if part.is_multipart:
        read = [_collect(raw, child, body) for child in part.children]
        texts = [text for some, _pages in read for text in some]
        pages = [page for _texts, some in read for page in some]
        if part.type != "multipart/alternative":
            # A page beside texts of other parts: mail programs write a reply in pieces around its pictures.
            return texts, pages
        return texts[:1], pages[-1:]
    if is_file(part):
        return [], []
    body.used.add(part.number)
    text = text_of(raw, part, body.notes)
    return ([], [text]) if part.type == "text/html" else ([_unfolded(part, text)], [])


def text_of(raw: bytes, part: Part, notes: list[str]) -> str:
    """Return a part of text in the charset it declares, or that its page declares."""
    encoding = part.fields.get("content-transfer-encoding", "")
    content = mime.content(raw, part.body, min(part.end, part.body + 2 * MOST_TEXT), str(encoding))
    if len(content) > MOST_TEXT:
        notes.append("long-text")
        content = content[:MOST_TEXT]
    declared = part.fields.get_param("charset", "")
    charset = str(declared[2] if isinstance(declared, tuple) else declared or "")
    if part.type == "text/html" and not charsets.codec_of(charset):
        declaration = _META.search(content[:4096])
        charset = declaration[1].decode("ascii") if declaration else charset
    text, guessed = charsets.decode(content, charset)
    if guessed:
        notes.append("charset")
    return charsets.clean(text)


def _unfolded(part: Part, text: str) -> str:
    """Join the lines that a mail program folded (``format=flowed``)."""
    if str(part.fields.get_param("format", "")).lower() != "flowed":
        return text
    drop = str(part.fields.get_param("delsp", "")).lower() == "yes"
    lines: list[str] = []
    pieces: list[str] = []
    for line in text.split("\n"):
        flows = line.endswith(" ") and line != "-- " and not line.startswith(">")
        pieces.append(line[1:] if line.startswith(" ") and not line.startswith("  ") else line)
        if flows:
            pieces[-1] = pieces[-1].removesuffix(" ") if drop else pieces[-1]
            continue
        lines.append("".join(pieces))
        pieces = []
    return "\n".join([*lines, *(["".join(pieces)] if pieces else [])])


def page_text(page: str) -> str:
    """Return an HTML page as plain text."""
    page = _ROW.sub("<br>", _CELL.sub(" ", _without_head(page)))
    if richtext.is_too_heavy(page):
        lines = (line.strip() for line in _TAG.sub(" ", page).split("\n"))
        return "\n".join(filter(None, lines))
    text = richtext.to_text(richtext.clean(page))
    return re.sub(r"[ \u00a0]+\n", "\n", text).strip()


def _without_head(page: str) -> str:
    lower = page.lower()
    begin = lower.find("<head")
    end = lower.find("</head", begin) if begin >= 0 else -1
    return page[:begin] + page[page.find(">", end) + 1 :] if end >= 0 else page
