"""What a mail says of its own importance: shown, never obeyed. Anybody may call their mail important."""

from __future__ import annotations

from helpdesk.incoming.parsed_mail import ParsedMail
from models import IncomingMail

HIGH, LOW = "high", "low"
#: The headers of mail programs, and what they call important and unimportant: the common one first.
_WORDS = {
    "importance": ({"high"}, {"low"}),
    "x-priority": ({"1", "2"}, {"4", "5"}),
    "x-msmail-priority": ({"high"}, {"low"}),
    "priority": ({"urgent"}, {"non-urgent"}),
}


def of(content: ParsedMail) -> str:
    """Return `HIGH` or `LOW` as the first header says that says either, else an empty text."""
    for name, (high, low) in _WORDS.items():
        # Written as “1 (Highest)”, too.
        word = next(iter(content.header(name).lower().split()), "")
        if word in high | low:
            return HIGH if word in high else LOW
    return ""


def notes(mail: IncomingMail) -> list[dict[str, str | int]]:
    """Return the note for the message of a mail that calls itself important."""
    read = (mail.explanation or {}).get("read") or {}
    return [{"why": "priority", "name": HIGH, "size": 0}] if read.get("priority") == HIGH else []
