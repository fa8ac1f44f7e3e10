"""What an e-mail is whose words no owner changes; the kinds stand in `uneditable_emails`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from database import Label

#: What the header Auto-Submitted says of a mail that no person writes.
AUTO_GENERATED, AUTO_REPLIED = "auto-generated", "auto-replied"
#: What a kind is about, and so how long it is kept: the ticket each belongs to; what it only names; an account.
TICKET, NAMED, ACCOUNT = "ticket", "named", "account"


@dataclass(frozen=True)
class Uneditable:
    """A kind of e-mail with words of its own, filled in as `%(who)s`, `%(number)s`, `%(count)s`, `%(email)s` and so on.

    It leaves from the address of the kind it is `like`, and is switched off with that where it `shares_switch`.
    """

    key: str
    label: Any
    like: str
    subject: Label
    body: Label
    sender_name: Label | None = None
    shares_switch: bool = False
    automatic: str = AUTO_GENERATED
    of: str = NAMED
