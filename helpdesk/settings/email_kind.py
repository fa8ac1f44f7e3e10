"""What a kind of e-mail is whose text an owner may change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from database import Label
from helpdesk.settings.uneditable import AUTO_GENERATED

TEAM_FR = "Équipe de support"
TEAM_EN = "Support Team"


@dataclass(frozen=True)
class Kind:
    """A kind of e-mail: its group, a help that says who gets it and when, and its shipped texts. `body` is HTML.

    `caused_by` is the kind of message that causes it, if one does: a preview shows the newest of these. A kind is sent
    only while the one it is `like` is, and leaves from that one's sender unless it has its own.
    """

    key: str
    group: str
    label: Any
    help: Any
    sender_name: Label
    subject: Label
    body: Label
    enabled: bool = True
    can_be_off: bool = True
    automatic: str = AUTO_GENERATED
    caused_by: str = ""
    like: str = ""
