"""What somebody typed into a form that could not be taken: given back, so that nothing is lost."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flask import request

from helpdesk.lib import richtext
from web.security import is_sound

#: Fields that nobody types. A form of nothing else is not worth keeping.
ACTS = frozenset({"csrf_token", "id", "confirmed", "url", "next", "form_key", "files_key", "code_token", "action"})
#: Fields that are never given back.
SECRET = re.compile(r"password|secret|^current$|^code$", re.IGNORECASE)
#: Characters from which a text is worth being shown, and not only sent again.
LONG = 40
#: Fields of messages: shown however short they are.
WRITTEN = frozenset({"body", "message"})
#: Fields, and characters of them all, beyond which nothing is offered.
MOST_FIELDS, MOST_TEXT = 500, 500_000
#: HTML beyond which a text is shown as it was sent: these pages are anybody's, and reading HTML costs.
MOST_READ = 100_000


@dataclass(frozen=True)
class SentForm:
    """The fields of a refused form; `texts` are the long ones, to be read and copied."""

    action: str
    fields: list[tuple[str, str]]
    texts: list[str] = field(default_factory=list)
    has_files: bool = False


def read_form(*, is_ours: bool = False) -> SentForm | None:
    """Return what the form of this request held, without its secrets; None when nothing was typed.

    Only for a form of our own pages (`is_ours`: that is known): another site must not put words on our page with a
    button below them.
    """
    if request.method != "POST" or not (is_ours or _is_ours()):
        return None
    fields = [(name, value) for name, values in request.form.lists() for value in values if _may_return(name)]
    if len(fields) > MOST_FIELDS or sum(len(value) for _name, value in fields) > MOST_TEXT:
        return None
    if not any(value.strip() for name, value in fields if name not in ACTS):
        return None
    texts = [_plain(value) for name, value in fields if name not in ACTS and (len(value) >= LONG or name in WRITTEN)]
    return SentForm(request.full_path.rstrip("?"), fields, texts, any(file.filename for file in request.files.values()))


def _is_ours() -> bool:
    """Whether a page of this desk sent the form: browsers say which site a form comes from."""
    source = request.headers.get("Origin") or request.referrer or ""
    return is_sound(source) and urlsplit(source).netloc == request.host


def _may_return(name: str) -> bool:
    return name != "csrf_token" and not SECRET.search(name)


def _plain(text: str) -> str:
    """Return the text of an editor as plain text, any other as it is."""
    if len(text) > MOST_READ or not text.lstrip().startswith("<"):
        return text
    return richtext.to_text(richtext.clean(text)) or text
