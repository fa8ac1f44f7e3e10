"""How the lists of tickets look for an agent: high rows or dense ones, and the columns beside the subject."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from helpdesk import access
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib.cache import CachedValue
from helpdesk.lists.rows import Row
from helpdesk.settings import lookups
from models import COMFORTABLE, DENSE, Agent

#: The columns one may choose, in their order (RULES 31); the subject is always there.
COLUMNS = {
    "customer": lazy("Customer"),
    "organisation": lazy("Organisation"),
    "service": lazy("Service"),
    "status": lazy("Status"),
    "priority": lazy("Priority"),
    "assignee": lazy("Assigned to"),
    "tags": lazy("Tags"),
    "due": lazy("Due time"),
    "when": lazy("Waiting time or activity"),
    "number": lazy("Number"),
}
#: Those of who has chosen none (RULES 47); the service stands there where the window is wide.
SHIPPED = frozenset({"customer", "service", "status", "assignee", "due", "when", "number"})


class Display(NamedTuple):
    """The columns of one page, how high its rows are, and whether the agent has chosen columns."""

    columns: frozenset[str]
    is_dense: bool
    is_chosen: bool


def chosen(agent: Agent) -> frozenset[str]:
    """Return the columns of this agent's lists."""
    return frozenset(set(agent.list_columns.split(",")) & COLUMNS.keys()) if agent.list_columns else SHIPPED


def is_dense(agent: Agent) -> bool:
    """Whether the rows of this agent's lists are dense."""
    return bool(agent.list_rows == DENSE)


def of_page(agent: Agent, rows: Sequence[Row], *, one_place: bool = False) -> Display:
    """Return how a page looks: a column that no row fills takes no room, nor the place on a list of `one_place`."""
    columns = set(chosen(agent))
    filled = {
        "service": not one_place,
        "organisation": any(row.organisation_id for row in rows),
        "assignee": any(row.assignee_id or row.team_id for row in rows),
        "tags": any(row.tags for row in rows),
        "due": any(row.is_due for row in rows),
    }
    columns -= {name for name, is_filled in filled.items() if not is_filled}
    return Display(frozenset(columns), is_dense(agent), bool(agent.list_columns))


def choose(rows: str, columns: Collection[str], *, actor: Agent) -> None:
    """Keep how the lists look for the agent who asks; without any column, as they are shipped.

    Raises InvalidInput for rows that do not exist.
    """
    access.require(actor, "desk")
    if rows not in (COMFORTABLE, DENSE):
        raise InvalidInput(lazy("Choose one from the list."), field="rows")
    names = [name for name in COLUMNS if name in columns]
    actor.list_rows = rows
    actor.list_columns = "" if set(names) in (set(), SHIPPED) else ",".join(names)
    actor.save()


def short_names() -> Mapping[int, str]:
    """Return the first name of each agent, with the first letter of the last one where another has the same."""
    return _short_names()


@CachedValue
def _short_names() -> dict[int, str]:
    names = {agent.id: agent.name.split() or [agent.name] for agent in lookups.agents()}
    firsts = Counter(words[0] for words in names.values())
    return {
        key: words[0] if len(words) == 1 or firsts[words[0]] == 1 else f"{words[0]} {words[-1][0]}."
        for key, words in names.items()
    }
