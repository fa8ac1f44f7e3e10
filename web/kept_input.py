"""What somebody typed into a form that could not be taken: given back, so that nothing is lost."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, g, request, session
from flask_wtf import CSRFProtect
from itsdangerous import BadData, URLSafeTimedSerializer

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
#: Where a session has what binds given back forms to it: it outlives signing in, which makes the session anew.
BROWSER = "given_back_to"
#: Seconds for which a given back form is sent as it is; later it is offered once more, with a fresh token.
TOKEN_AGE = 86_400
NEW_LINE = re.compile(r"\r\n?|\n")


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
    return SentForm(_address(), fields, texts, any(file.filename for file in request.files.values()))


def _is_ours() -> bool:
    """Whether a page of this desk sent the form: browsers say which site a form comes from."""
    source = request.headers.get("Origin") or request.referrer or ""
    return is_sound(source) and urlsplit(source).netloc == request.host


class Protection(CSRFProtect):
    """The check of tokens, which also takes a form as this browser was given it back.

    Its page was made before its reader signed in again, in another tab: the token of that session holds no more.
    """

    def protect(self, apply_exemptions: bool = False) -> None:
        """Let a given back form pass; check the token of every other one."""
        if request.method == "POST" and _is_given_back():
            g.csrf_valid = True
            return
        super().protect(apply_exemptions)


def token_of(sent_form: SentForm) -> str:
    """Return the token of a form that is given back: good for these very fields, at this address, in this browser."""
    if BROWSER not in session:
        session[BROWSER] = secrets.token_urlsafe(16)
    return str(_serializer().dumps([session[BROWSER], _mark(sent_form.action, sent_form.fields)]))


def _is_given_back() -> bool:
    """Whether one of our pages sends what this browser was given back, unchanged."""
    if BROWSER not in session or not _is_ours():
        return False
    try:
        browser, mark = _serializer().loads(request.form.get("csrf_token", ""), max_age=TOKEN_AGE)
    except (BadData, ValueError, TypeError):
        return False
    fields = [(name, value) for name, values in request.form.lists() for value in values if name != "csrf_token"]
    return bool(browser == session[BROWSER] and mark == _mark(_address(), fields))


def _address() -> str:
    return request.script_root + request.full_path.rstrip("?")


def _mark(action: str, fields: list[tuple[str, str]]) -> str:
    """Return a mark of a form; browsers write line ends their own way."""
    same: Any = [action, [[name, NEW_LINE.sub("\n", value)] for name, value in fields]]
    return hashlib.sha256(json.dumps(same).encode()).hexdigest()


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="given back form")


def _may_return(name: str) -> bool:
    return name != "csrf_token" and not SECRET.search(name)


def _plain(text: str) -> str:
    """Return the text of an editor as plain text, any other as it is."""
    if len(text) > MOST_READ or not text.lstrip().startswith("<"):
        return text
    return richtext.to_text(richtext.clean(text)) or text
