"""The errors that rules raise: each with a message a person can read, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class HelpdeskError(Exception):
    """A refusal of a rule. `message` is (lazily) translated; `field` names the form field it belongs to."""

    def __init__(self, message: Any = "", *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    def __str__(self) -> str:
        return str(self.message)


class NotAllowed(HelpdeskError):
    """The actor may see the object but not do this to it (403)."""


class NotFound(HelpdeskError):
    """There is no such object for this actor (404)."""


class Merged(NotFound):
    """The ticket was merged into another one that the actor may see: the one with this `number`."""

    def __init__(self, message: Any, *, number: str) -> None:
        super().__init__(message)
        self.number = number


class InvalidInput(HelpdeskError):
    """A value cannot be accepted; the form is shown again with the message."""


class FormSent(InvalidInput):
    """The form has sent another text already: what was typed since comes back in a form of its own."""


class StillInUse(HelpdeskError):
    """The row cannot be deleted or disabled because others rely on it; the message says which."""


class ReplyOutdated(HelpdeskError):
    """These `messages` came in that the writer of a reply has not seen: nothing was sent."""

    def __init__(self, message: Any, *, messages: Sequence[Any]) -> None:
        super().__init__(message)
        self.messages = messages


class TooMany(HelpdeskError):
    """There were too many tries (429). `wait` is the number of seconds to wait."""

    def __init__(self, message: Any = "", *, wait: int = 60) -> None:
        super().__init__(message)
        self.wait = wait


class BadEnvironment(HelpdeskError):
    """A variable of the environment is wrong; the message names it and what it takes."""
