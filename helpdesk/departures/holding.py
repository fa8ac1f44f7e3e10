"""What a line of the table of holdings is, and what its two verbs are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from peewee import ModelSelect, chunked

from helpdesk.journal_texts import HOLDING_NAMES
from helpdesk.people import assignees
from helpdesk.settings import lookups
from models import Agent, Departure, DepartureChange, Team

#: Rows that one statement writes.
BATCH = 500
#: Names that a line shows.
NAMED = 8


@dataclass(frozen=True)
class Word:
    """What may become of something that goes to nobody: how a menu says it, and how it reads when it is done."""

    key: str
    label: Any
    outcome: Any

    def __str__(self) -> str:
        return str(self.label)


Heir: TypeAlias = Agent | Team | Word


@dataclass(frozen=True)
class Move:
    """One kind of what an agent has, on its way to somebody (None: to nobody), or back."""

    departure: Departure
    holding: str
    agent: Agent
    to: Heir | None
    actor: Agent

    @property
    def heir(self) -> Agent:
        """The agent who gets it. Raises TypeError where nobody does: what asks for it is given to agents only."""
        if not isinstance(self.to, Agent):
            raise TypeError(self.holding)
        return self.to

    def note(self, row_id: int, before: Any = None, after: Any = None) -> None:
        """Remember what a row was before and is now."""
        DepartureChange.create(
            departure=self.departure, holding=self.holding, row_id=row_id, before=before or {}, after=after or {}
        )

    def note_all(self, ids: Iterable[int], after: Any = None) -> None:
        """Remember what many rows are now, the same for all of them."""
        row = {"departure": self.departure.id, "holding": self.holding, "before": {}, "after": after or {}}
        for some in chunked(ids, BATCH):
            DepartureChange.insert_many([{**row, "row_id": key} for key in some]).execute()

    def changes(self) -> ModelSelect:
        """Return what this kind of the departure changed, oldest first."""
        own = (DepartureChange.departure == self.departure.id) & (DepartureChange.holding == self.holding)
        return DepartureChange.select().where(own).order_by(DepartureChange.id)


def _nobody(_agent: Agent) -> list[Heir]:
    return []


def _no_names(_agent: Agent) -> list[str]:
    return []


@dataclass(frozen=True)
class Holding:
    """One kind of what an agent may have.

    `count` is how many, `names` the first of them, `page` where they are listed: an endpoint and its arguments.
    `heirs` are who may get it; `otherwise` says what becomes of it without one. `transfer` moves it, notes each row and
    returns how many; `restore` gives back what is as it was left and returns how many.
    """

    key: str
    count: Callable[[Agent], int]
    otherwise: Any
    names: Callable[[Agent], list[str]] = _no_names
    page: Callable[[Agent], tuple[str, dict[str, Any]]] | None = None
    heirs: Callable[[Agent], list[Heir]] = _nobody
    transfer: Callable[[Move], int] | None = None
    restore: Callable[[Move], int] | None = None
    #: Whether it is taken from the account also when nobody gets it.
    is_freed: bool = False

    @property
    def name(self) -> str:
        """Its name, as the journal says it."""
        return str(HOLDING_NAMES[self.key])


def value_of(heir: Heir | None) -> str:
    """Return how a form writes who gets something: ``agent-3``, ``team-2``, a word; empty for nobody."""
    if isinstance(heir, Word):
        return heir.key
    return f"{type(heir).__name__.lower()}-{heir.id}" if heir is not None else ""


def colleagues(agent: Agent) -> list[Heir]:
    """Return every other active agent."""
    return [row for row in lookups.agents() if row.id != agent.id]


def handlers(agent: Agent) -> list[Heir]:
    """Return the other active agents who are in support: a ticket may be assigned to them."""
    return [row for row in lookups.agents() if row.id != agent.id and assignees.in_support(row)]


def teams_and_handlers(agent: Agent) -> list[Heir]:
    """Return the enabled teams and the other agents in support."""
    return [*lookups.teams(), *handlers(agent)]
