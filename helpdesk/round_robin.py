"""Handing tickets out in turn: the fewest open tickets first, among those who are there and cover the place.

Open tickets are counted as the list of open tickets counts them: neither spam nor the bin, and none that is snoozed
(RULES 48). Of two who have as many, it is the turn of who was given one longest ago. Whoever has the ticket already is
not drawn: it goes to somebody else. Whose turn it was is one row, locked while one draws: what two processes hand out
at the same moment is counted one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from peewee import SQL, ModelSelect, fn

from database import is_sqlite
from helpdesk import access, availability, clock, settings
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, lazy
from helpdesk.lib.statements import Prepared
from helpdesk.locking import act, hold
from helpdesk.settings import lookups
from helpdesk.tickets import assignment
from models import LIVE, Agent, Setting, Team, Ticket

#: Where it is remembered when each agent was given a ticket in turn, by id.
STATE = "turns"
NOT_OPEN = lazy("Only an open ticket is handed out, not one under Spam or in the bin.")
#: Agents whose numbers are kept of one draw.
KEPT = 30


@dataclass(frozen=True)
class Seen:
    """What a draw looked at: each agent who is there with their open tickets, in turn; who is away; who has enough."""

    loads: list[tuple[int, int]] = field(default_factory=list)
    away: list[int] = field(default_factory=list)
    full: list[int] = field(default_factory=list)

    def data(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {name: rows[:KEPT] for name, rows in vars(self).items() if rows}


class NobodyPresent(InvalidInput):
    """Nobody can be given a ticket in turn. `seen` is who was looked at."""

    def __init__(self, message: Any, seen: Seen) -> None:
        super().__init__(message, field="to")
        self.seen = seen


class Draw:
    """Whose turn it is, read once: the open tickets of each agent, and when each was given one."""

    def __init__(self, loads: dict[int, int], turns: dict[str, str]) -> None:
        self.loads = loads
        self.turns = turns
        self.limit = int(settings.get("turn_limit"))

    @classmethod
    def look(cls) -> Draw:
        """Return how it stands now, for what is only shown."""
        row = Setting.get_or_none(Setting.key == STATE)
        return cls(_counts(), dict(row.value) if row is not None else {})

    @classmethod
    def begin(cls) -> Draw:
        """Return how it stands, and let nobody else draw until the running transaction is stored."""
        return cls(turns=_lock(), loads=_counts())

    def order(self, agents: Iterable[Agent]) -> tuple[list[Agent], Seen]:
        """Return those of these agents who may be given a ticket, whose turn it is first, and what was looked at."""
        seen, free = Seen(), []
        for agent in agents:
            if not availability.is_present(agent):
                seen.away.append(agent.id)
            elif self.limit and self.loads.get(agent.id, 0) >= self.limit:
                seen.full.append(agent.id)
            else:
                free.append(agent)
        free.sort(key=lambda row: (self.loads.get(row.id, 0), self.turns.get(str(row.id), ""), row.id))
        seen.loads.extend((row.id, self.loads.get(row.id, 0)) for row in free)
        return free, seen

    def note(self, ticket: Ticket, former: int | None, agent: Agent) -> None:
        """Count a ticket that was handed from `former` (an id, or None) to an agent."""
        if not ticket.is_snoozed:
            self.loads[agent.id] = self.loads.get(agent.id, 0) + 1
            if former is not None:
                self.loads[former] = self.loads.get(former, 0) - 1
        self.turns[str(agent.id)] = clock.now().isoformat()


def candidates(ticket: Ticket, team: Team | None = None) -> list[Agent]:
    """Return among whom a ticket is handed out: who covers its place by a permission, or the members of a team.

    An administrator or a manager who has no permission there is not among them, nor who has the ticket already, nor
    who was invited and has not come yet.
    """
    rows = lookups.members_of(team.id) if team is not None else lookups.agents()
    return [
        row
        for row in rows
        if row.id != ticket.assignee_id
        and row.password_hash is not None
        and access.can(row, "reply")
        and (team is not None or access.covers(row, ticket.service_id, ticket.department_id))
    ]


def assign(ticket: Ticket, team: Team | None = None, *, actor: Actor, draw: Draw | None = None) -> Seen:
    """Hand a ticket out in turn; return what was looked at. With a `draw` begun in this transaction, by that.

    Raises InvalidInput for a ticket that is not open, and NobodyPresent, which leaves it as it is.
    """
    with act(ticket, "assign", actor=actor):
        if not ticket.is_unresolved:
            raise InvalidInput(NOT_OPEN)
        draw = draw or Draw.begin()
        free, seen = draw.order(candidates(ticket, team))
        for agent in free:
            # Somebody may just be disabling the account.
            stored = hold(agent)
            if stored is None or not stored.active:
                continue
            former = ticket.assignee_id
            assignment.assign(ticket, agent, actor=actor, open_tickets=draw.loads.get(agent.id, 0))
            draw.note(ticket, former, agent)
            _write(draw.turns)
            return seen
        raise NobodyPresent(why_nobody(seen), seen)


def why_nobody(seen: Seen) -> Any:
    """Return why nobody can be given a ticket."""
    if seen.full:
        return lazy("Nobody who is there has room for another ticket.")
    if seen.away:
        return lazy("Nobody is there to whom the ticket could be handed.")
    return lazy("There is nobody to whom the ticket could be handed.")


def choices(tickets: Iterable[Ticket], team: Team | None = None) -> dict[int, tuple[Agent | None, Seen]]:
    """Return who would get each of these tickets now, one after the other, and what was looked at, by their ids.

    Nothing is changed, and whether a ticket is open is not looked at.
    """
    draw, chosen = Draw.look(), {}
    for ticket in tickets:
        free, seen = draw.order(candidates(ticket, team))
        if free:
            draw.note(ticket, ticket.assignee_id, free[0])
        chosen[ticket.id] = (free[0] if free else None, seen)
    return chosen


@dataclass
class Plan:
    """What handing many tickets out would do: how many each agent has and gets, and how many nobody gets and why."""

    rows: list[tuple[Agent, int, int]] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)


def plan(tickets: Sequence[Ticket], team: Team | None = None) -> Plan:
    """Return what handing these tickets out now would do. Nothing is changed."""
    had, made, gets = _counts(), Plan(), dict[int, int]()
    chosen = choices([ticket for ticket in tickets if ticket.is_unresolved], team)
    for agent, seen in chosen.values():
        if agent is not None:
            gets[agent.id] = gets.get(agent.id, 0) + 1
        else:
            why = str(why_nobody(seen))
            made.refused[why] = made.refused.get(why, 0) + 1
    if len(chosen) < len(tickets):
        made.refused[str(NOT_OPEN)] = len(tickets) - len(chosen)
    made.rows = [(row, had.get(row.id, 0), gets[row.id]) for row in lookups.agents() if row.id in gets]
    return made


def in_words(seen: Mapping[str, Any]) -> str:
    """Return in the reader's language what a draw looked at, as it was kept."""
    texts = []
    if seen.get("loads"):
        counts = _(" · ").join(_("%(name)s %(count)s", name=_name(key), count=count) for key, count in seen["loads"])
        texts.append(_("Open tickets: %(counts)s.", counts=counts))
    if seen.get("away"):
        texts.append(_("Not there: %(names)s.", names=", ".join(map(_name, seen["away"]))))
    if seen.get("full"):
        texts.append(_("At the limit: %(names)s.", names=", ".join(map(_name, seen["full"]))))
    return " ".join(texts)


def _name(key: int) -> str:
    agent = lookups.agent(key)
    return agent.name if agent is not None else "[?]"


def _counts() -> dict[int, int]:
    """Return how many open tickets each agent has, by one statement of one index."""
    return dict(_count())


@Prepared
def _count() -> ModelSelect:
    query = Ticket.select(Ticket.assignee, fn.COUNT(SQL("*"))).where(LIVE, Ticket.assignee.is_null(False))
    return query.group_by(Ticket.assignee).tuples()


def _lock() -> dict[str, str]:
    row = _locked().first()
    if row is None:
        Setting.insert(key=STATE, value={}, changed_at=clock.now()).on_conflict_ignore().execute()
        row = _locked().first()
    return dict(row.value)


def _locked() -> ModelSelect:
    query = Setting.select().where(Setting.key == STATE)
    return query if is_sqlite() else query.for_update()


def _write(turns: dict[str, str]) -> None:
    there = {str(row.id) for row in lookups.agents(active_only=False)}
    value = {key: at for key, at in turns.items() if key in there}
    Setting.update(value=value, changed_at=clock.now()).where(Setting.key == STATE).execute()
