"""The variables of e-mail texts and canned responses: a fixed list, replaced in one pass (B10).

A text of the owner never reaches the template engine, and a value is never searched for variables: double braces that
a customer types stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from helpdesk.i18n import lazy
from helpdesk.lib import control_characters
from helpdesk.settings.uneditable_emails import UNEDITABLE

PLACEHOLDERS: dict[str, Any] = {
    "customer_firstname": lazy("Customer’s first name"),
    "customer_lastname": lazy("Customer’s last name"),
    "customer_email": lazy("Customer’s e-mail address"),
    "customer_account_link": lazy("Link to the customer’s account"),
    "ticket_id": lazy("The ticket’s id"),
    "prefixed_id": lazy("The ticket’s id with its prefix"),
    "ticket_object": lazy("The ticket’s subject"),
    "message": lazy("The message that caused the mail"),
}
CUSTOMER = ("customer_firstname", "customer_lastname", "customer_email")
ACCOUNT_LINK = "customer_account_link"

_ANYTHING = re.compile(r"\{\{([^{}]*)\}\}")
_BLANKS = (" ", "\u00a0", "\u202f", "&nbsp;")


def allowed(kind: str) -> tuple[str, ...]:
    """Return the names of the variables that this kind of e-mail may use (`""`: a canned response)."""
    if kind in {"sign-in", "reset"}:
        return CUSTOMER
    if kind == "invitation" or kind in UNEDITABLE:
        return ()
    if kind == "notification":
        return tuple(PLACEHOLDERS)
    if kind == "":
        return tuple(name for name in PLACEHOLDERS if name not in {ACCOUNT_LINK, "message"})
    return tuple(name for name in PLACEHOLDERS if name != ACCOUNT_LINK)


def unknown(text: str, kind: str) -> list[str]:
    """Return the names between double braces in `text` that cannot be used in this kind of e-mail, each once."""
    names = allowed(kind)
    return list(dict.fromkeys(name for name in map(str.strip, _ANYTHING.findall(text)) if name not in names))


def uses(text: str, name: str) -> bool:
    """Whether `text` contains this variable."""
    return name in map(str.strip, _ANYTHING.findall(text))


def fill(text: str, values: Mapping[str, str], *, html: bool, one_line: bool = False) -> str:
    """Replace each variable whose name is in `values`, in one pass; any other stays as it is.

    With `html` the values are escaped; with `one_line` the result has no line ends. An empty value removes the blank
    before it, too: "Dear {{customer_firstname}}," becomes "Dear,".
    """
    parts, end = [], 0
    for match in _ANYTHING.finditer(text):
        name = match[1].strip()
        if name not in PLACEHOLDERS or name not in values:
            continue
        before, value = text[end : match.start()], values[name].strip()
        if html and before.endswith('href="'):
            parts += [before, escape(value)]
        elif value:
            parts += [before, _as_html(name, values[name]) if html else value]
        else:
            parts.append(_without_blank(before))
        end = match.end()
    filled = "".join(parts) + text[end:]
    return header_safe(filled) if one_line else filled


def _without_blank(text: str) -> str:
    end = len(text)
    while blank := next((blank for blank in _BLANKS if text.endswith(blank, 0, end)), ""):
        end -= len(blank)
    return text[:end]


def header_safe(text: str, limit: int = 255) -> str:
    """Return `text` fit for a header: one line, no control characters, at most `limit` characters."""
    line = " ".join(control_characters.IN_LINE.sub(" ", text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


class RichText(str):
    """A value that is formatted where the text around it is: the plain text, with its clean HTML."""

    html: str

    def __new__(cls, plain: str, html: str) -> RichText:
        """Return the plain text, holding the other."""
        text = super().__new__(cls, plain)
        text.html = html
        return text


def _as_html(name: str, value: str) -> str:
    if isinstance(value, RichText):
        return value.html
    safe = escape(value.strip())
    if name == ACCOUNT_LINK:
        return f'<a href="{safe}">{safe}</a>'
    return safe.replace("\n", "<br>")
