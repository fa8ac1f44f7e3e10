"""What every act of a macro is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from helpdesk import access
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import _, lazy
from models import Agent, Ticket


class TargetGone(HelpdeskError):
    """What an act names does not exist any more, or is disabled."""


GONE = lazy("What it names is gone or disabled.")


@dataclass(frozen=True)
class Act:
    """One act of a macro in the hands of an agent. `key` is how it is stored, `name` how the form calls it."""

    actor: Agent

    key: ClassVar[str]
    name: ClassVar[Any]

    @classmethod
    @abstractmethod
    def read(cls, argument: str, actor: Agent) -> Self:
        """Return the act that a stored argument stands for. Raises TargetGone, or InvalidInput for a past moment."""

    @property
    @abstractmethod
    def verb(self) -> str:
        """What the agent must be allowed to do."""

    @property
    @abstractmethod
    def words(self) -> str:
        """What it does, in a sentence."""

    @property
    def summary(self) -> str:
        """What it does whoever uses it, and whenever."""
        return self.words

    @abstractmethod
    def is_so(self, ticket: Ticket, tags: Collection[int]) -> bool:
        """Whether a ticket that wears these tags (ids) is so already."""

    @abstractmethod
    def run(self, ticket: Ticket) -> None:
        """Do it. Raises what its rule raises."""

    def refusal(self, ticket: Ticket) -> str:
        """Return why it cannot be done to this ticket; empty when it can."""
        return "" if access.can(self.actor, self.verb, ticket) else _("Your role does not allow this.")
