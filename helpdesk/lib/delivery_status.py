"""The status codes of mail that does not arrive (RFC 3463), in words."""

from __future__ import annotations

from typing import Any

from helpdesk.i18n import lazy

#: Reasons by the beginning of a code, the class left out: the most precise one counts.
_WORDS: dict[str, Any] = {
    "1": lazy("the address does not exist"),
    "1.2": lazy("the domain takes no e-mail"),
    "1.3": lazy("the address is written wrongly"),
    "1.10": lazy("the domain takes no e-mail"),
    "2": lazy("the mailbox takes no e-mail"),
    "2.1": lazy("the mailbox is switched off"),
    "2.2": lazy("the mailbox is full"),
    "2.3": lazy("the message is too large"),
    "3": lazy("the other mail server has a fault"),
    "3.4": lazy("the message is too large"),
    "4": lazy("the other mail server cannot be reached"),
    "4.4": lazy("the domain takes no e-mail"),
    "4.7": lazy("the other mail server could not be reached for days"),
    "5": lazy("the other mail server did not understand"),
    "6": lazy("the other mail server refuses the text"),
    "7": lazy("the other mail server refuses our e-mail"),
}
UNKNOWN = lazy("the other mail server refuses it")


def words(code: str) -> Any:
    """Return what a status such as 5.1.1 stands for; what a text begins with counts."""
    _class, _dot, rest = code.partition(" ")[0].partition(".")
    subject = rest.partition(".")[0]
    return _WORDS.get(rest) or _WORDS.get(subject) or UNKNOWN


def is_permanent(code: str) -> bool:
    """Whether the server said that it will never take it."""
    return code.startswith("5")
