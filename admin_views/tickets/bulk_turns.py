"""Many tickets handed out in turn: shown in numbers who gets how many, then done."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict

from helpdesk import filters, round_robin
from helpdesk.errors import InvalidInput
from helpdesk.filters import TargetGone
from helpdesk.i18n import lazy
from helpdesk.lists import bulk
from helpdesk.lists.bulk import Outcome
from helpdesk.round_robin import Draw
from models import Agent, Team, Ticket


def question(agent: Agent, ids: list[int], form: MultiDict[str, str]) -> dict[str, Any]:
    """Return what the page shows that asks: among whom, and who would get how many. Raises InvalidInput."""
    rows = list(Ticket.select().where(Ticket.id.in_(ids)).order_by(Ticket.id))
    chosen = form.get("pool") or filters.COVERING
    return {
        "pools": filters.choices("pool", actor=agent),
        "pool": chosen,
        "plan": round_robin.plan(rows, team_of(chosen)),
        "numbers": [row.number for row in rows],
    }


def team_of(chosen: str) -> Team | None:
    """Return the team that a form chose; None for those who cover each ticket. Raises InvalidInput."""
    try:
        return filters.pool(chosen)
    except TargetGone as error:
        raise InvalidInput(lazy("Choose one from the list."), field="pool") from error


def do(agent: Agent, ids: list[int], chosen: str) -> Outcome:
    """Hand these tickets out. Raises InvalidInput."""
    team, drawn = team_of(chosen), list[Draw]()

    def begin() -> None:
        # Counted once for the tickets of each transaction.
        drawn[:] = [Draw.begin()]

    def rule(ticket: Ticket) -> object:
        return round_robin.assign(ticket, team, actor=agent, draw=drawn[0])

    return bulk.run("in-turn", sorted(ids), rule, actor=agent, begin=begin)
