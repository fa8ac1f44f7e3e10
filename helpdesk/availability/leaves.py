"""Who is on leave now: worked out from the rows and the clock, so that leave begins and ends by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from helpdesk import clock, i18n
from helpdesk.lib.cache import CachedValue
from helpdesk.settings import lookups
from models import Agent, Leave

#: How long leave is kept after its end.
KEPT = timedelta(days=365)
_DAY = timedelta(days=1)


def _read() -> dict[int, list[Leave]]:
    rows: dict[int, list[Leave]] = {}
    for row in Leave.select().order_by(Leave.first_day, Leave.id):
        rows.setdefault(row.agent_id, []).append(row)
    return rows


_leaves = CachedValue(_read)


def zone_of(agent: Agent) -> ZoneInfo:
    """Return the time zone in which this agent's days begin and end."""
    return ZoneInfo(i18n.zone(agent.timezone))


def current(agent: Agent) -> Leave | None:
    """Return the leave that an agent is on now."""
    rows = _leaves().get(agent.id)
    if not rows:
        return None
    today = clock.today(zone_of(agent))
    return next((row for row in rows if row.first_day <= today <= row.last_day), None)


def planned(agent: Agent) -> list[Leave]:
    """Return the leave of an agent that has not ended, the next one first."""
    today = clock.today(zone_of(agent))
    return [row for row in _leaves().get(agent.id, []) if row.last_day >= today]


def last_day(agent: Agent) -> date | None:
    """Return the last day on which an agent who is on leave is away: leave that follows at once is part of it."""
    leave = current(agent)
    if leave is None:
        return None
    end: date = leave.last_day
    for row in planned(agent):
        if row.first_day <= end + _DAY:
            end = max(end, row.last_day)
    return end


def away() -> list[Agent]:
    """Return the active agents who are on leave now."""
    rows = (lookups.agent(key) for key in _leaves())
    return [agent for agent in rows if agent is not None and agent.active and current(agent) is not None]


def is_present(agent: Agent) -> bool:
    """Whether an agent takes tickets that are handed out in turn: active, not on leave, and not switched off."""
    return bool(agent.active and agent.takes_tickets and current(agent) is None)


def find_substitute(agent: Agent, may: Callable[[Agent], bool]) -> Agent | None:
    """Return who stands in for an agent on leave, if they `may`.

    Where that one is on leave too, whoever stands in for them is asked, and so on; a circle has nobody.
    """
    asked = {agent.id}
    leave = current(agent)
    while leave is not None:
        one = lookups.agent(leave.substitute_id)
        if one is None or not one.active or one.id in asked:
            return None
        asked.add(one.id)
        leave = current(one)
        if leave is None:
            return one if may(one) else None
    return None


def purge() -> int:
    """Forget the leave that ended more than a year ago; return how much."""
    old = list(Leave.select().where(Leave.last_day < (clock.now() - KEPT).date()).order_by(Leave.id))
    for row in old:
        row.delete_instance()
    return len(old)
