"""The addresses that links of an owner's texts may lead to: what would be dropped is refused by name."""

from __future__ import annotations

from typing import Any

from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import richtext


def problem(html: str, *, is_mail: bool = False) -> Any | None:
    """Return what is wrong with the links of a text that is about to be stored; None for nothing.

    In the text of a mail a variable may be an address.
    """
    dropped = richtext.dropped_addresses(html, variables=is_mail)
    if not dropped:
        return None
    text = (
        "A link leads to “%(address)s”, which opens nowhere. Write the whole address, with https:// at its beginning."
    )
    return lazy(text, address=dropped[0][:100])


def require_kept(html: str, *, field: str) -> None:
    """Raise InvalidInput at `field`, naming the address of a link that would be dropped."""
    text = problem(html)
    if text is not None:
        raise InvalidInput(text, field=field)
