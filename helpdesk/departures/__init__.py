"""When an agent leaves: all that hangs on the account, to whom each part of it goes, and the way back.
It may import tickets, lists, filters, setup and what stands before them.
What they have stands in one table (`table.HOLDINGS`): a capability that gives agents something adds its line.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from peewee import ModelSelect, fn

from helpdesk import access, clock, events, journal
from helpdesk.access import Actor
from helpdesk.departures.holding import Heir, Holding, Move, Word, value_of
from helpdesk.departures.table import HOLDINGS
from helpdesk.errors import InvalidInput, NotFound, StillInUse
from helpdesk.i18n import lazy
from helpdesk.journal import Act
from helpdesk.lib import cache, inputs
from helpdesk.locking import hold, hold_actor, lock_account, lock_all
from helpdesk.notifications import outbox_rows
from helpdesk.people import agents, teams
from helpdesk.settings import lookups
from models import Agent, Departure, DepartureChange, OutgoingEmail, Team, Ticket, TicketEvent

__all__ = [
    "HOLDINGS",
    "Heir",
    "Holding",
    "latest",
    "leave",
    "outcome_of",
    "overview",
    "proposed",
    "purge",
    "refuse_last_administrator",
    "too_late",
    "undo",
    "undo_until",
    "value_of",
]

#: How long a departure may be undone, and its rows are stored.
HOURS = 24


def overview(agent: Agent) -> list[tuple[Holding, int]]:
    """Return what hangs on this account, each kind with its number."""
    counts = [(holding, holding.count(agent)) for holding in HOLDINGS]
    return [(holding, count) for holding, count in counts if count]


def proposed(agent: Agent, heir: str) -> dict[str, str]:
    """Return what each kind would go to if one agent or team got all that may go there."""
    kinds = [holding for holding in HOLDINGS if any(value_of(one) == heir for one in holding.heirs(agent))]
    return {holding.key: heir for holding in kinds}


def outcome_of(move: Mapping[str, Any], agent: Agent) -> str:
    """Say who got something, or what became of it; empty for nobody, and for who is gone."""
    kind, _dash, key = str(move["to"]).partition("-")
    if kind in {"agent", "team"}:
        row = lookups.agent(inputs.row_key(key)) if kind == "agent" else lookups.team(inputs.row_key(key))
        return str(row) if row is not None else ""
    heirs = [one for holding in HOLDINGS if holding.key == move["holding"] for one in holding.heirs(agent)]
    return next((str(one.outcome) for one in heirs if isinstance(one, Word) and one.key == kind), "")


def leave(agent: Agent, choices: Mapping[str, str], *, actor: Agent) -> Departure | None:
    """Close an account and hand over what hangs on it, all or nothing; return what became of it.

    None when the account was closed already and nothing changed hands.

    `choices` names for a kind of `HOLDINGS` who gets it (`value_of`); what is not named goes to nobody (RULES 50).
    Raises NotAllowed, StillInUse for the last administrator, or InvalidInput at the kind whose choice is wrong.
    """
    access.require(actor, "administer")
    heirs = {holding.key: _heir(holding, agent, choices.get(holding.key, "")) for holding in HOLDINGS}
    with outbox_rows.noted() as mails, events.transaction():
        _lock(agent, [one for one in heirs.values() if isinstance(one, Agent | Team)], actor)
        stored = Agent.get_or_none(Agent.id == agent.id)
        if stored is None:
            raise NotFound(lazy("This account is gone."))
        was_active = stored.active
        departure = Departure.create(agent=agent, actor_name=actor.name, was_active=was_active, created_at=clock.now())
        for holding in HOLDINGS:
            _move(holding, Move(departure, holding.key, agent, heirs[holding.key], actor))
        if not (was_active or departure.moves):
            departure.delete_instance()
            return None
        if was_active:
            agents.disable_agent(stored, actor=actor)
        departure.last_event = TicketEvent.select(fn.MAX(TicketEvent.id)).scalar() or 0
        departure.mails = mails
        # A reply that was taken back is a draft of just now: nobody changed it since.
        departure.created_at = clock.now()
        departure.save()
    return departure


def _heir(holding: Holding, agent: Agent, value: str) -> Heir | None:
    heir = next((one for one in holding.heirs(agent) if value_of(one) == value), None)
    if value and heir is None:
        raise InvalidInput(lazy("Choose one from the list."), field=holding.key)
    return heir


def _lock(agent: Agent, heirs: list[Agent | Team], actor: Actor, departure: Departure | None = None) -> None:
    """Lock the account, its teams and its tickets, and let whoever gets something stay as they are meanwhile.

    To undo a `departure`, lock the teams and the tickets that it changed.
    """
    people = {row.id: row for row in heirs if isinstance(row, Agent)}
    for key in sorted({*people, agent.id}):
        if key == agent.id:
            lock_account(agent)
        else:
            _require_there(people[key])
    hold_actor(actor)
    own = {row.id for row in lookups.teams(enabled_only=False) if row.manager_id == agent.id}
    own |= set(teams.memberships_of(agent)) | set(_changed(departure, "managed_teams", "memberships"))
    given = {row.id: row for row in heirs if isinstance(row, Team)}
    for key in sorted(own | set(given)):
        if key in own:
            lock_account(Team(id=key))
        if key in given:
            _require_there(given[key])
    # Another process may have stored something while this waited: what is held in memory is outdated then.
    cache.refresh()
    lock_all(teams.assigned_to(agent))
    if departure is not None:
        lock_all(Ticket.select().where(Ticket.id.in_(_rows(departure, "tickets", "other_tickets"))))


def _rows(departure: Departure, *holdings: str) -> ModelSelect:
    """Return the ids of the rows of these kinds that a departure changed."""
    rows = DepartureChange.select(DepartureChange.row_id)
    return rows.where(DepartureChange.departure == departure.id, DepartureChange.holding.in_(holdings))


def _changed(departure: Departure | None, *holdings: str) -> list[int]:
    return [key for (key,) in _rows(departure, *holdings).tuples()] if departure is not None else []


def _require_there(row: Agent | Team) -> None:
    stored = hold(row)
    if stored is None or not (stored.active if isinstance(stored, Agent) else stored.enabled):
        raise InvalidInput(lazy("%(name)s has just been changed or deleted: choose again.", name=str(row)))


def _move(holding: Holding, move: Move) -> None:
    """Hand over one kind of what the agent had, and say it in the journal."""
    if holding.transfer is None or (move.to is None and not holding.is_freed):
        return
    count = holding.transfer(move)
    if not count:
        return
    to = str(move.to) if move.to is not None else ""
    move.departure.moves = [*move.departure.moves, {"holding": holding.key, "count": count, "to": value_of(move.to)}]
    if isinstance(move.to, Agent | Team):
        journal.record(
            Act.HANDED_OVER, actor=move.actor, subject=move.agent.name, to=to, holding=holding.key, count=count
        )
    elif move.to is None:
        journal.record(Act.LEFT_BEHIND, actor=move.actor, subject=move.agent.name, holding=holding.key, count=count)


# --- The way back -------------------------------------------------------------------------------------------------


def undo_until(departure: Departure) -> datetime:
    """Return until when (UTC) a departure may be undone."""
    moment: datetime = departure.created_at + timedelta(hours=HOURS)
    return moment


def too_late() -> InvalidInput:
    """Return the refusal to undo a departure that is forgotten, or soon will be."""
    return InvalidInput(lazy("This can no longer be undone: it is more than a day ago."))


def latest(agent: Agent) -> Departure | None:
    """Return the newest departure of this agent that may be undone, or was undone within the day."""
    since = clock.now() - timedelta(hours=HOURS)
    rows = Departure.select().where(Departure.agent == agent.id, Departure.created_at > since)
    departure: Departure | None = rows.order_by(Departure.undone_at.is_null(False), Departure.id.desc()).first()
    return departure


def undo(departure: Departure, *, actor: Agent) -> Departure:
    """Open the account again and give back what nobody changed since, all or nothing; its e-mails are cancelled.

    How many came back and how many did not stands in `moves`. Raises NotAllowed, InvalidInput when it is too late or
    was done before.
    """
    access.require(actor, "administer")
    if undo_until(departure) < clock.now():
        raise too_late()
    with events.transaction():
        _lock(departure.agent, [], actor, departure)
        mine = (Departure.id == departure.id) & Departure.undone_at.is_null()
        if not Departure.update(undone_at=clock.now()).where(mine).execute():
            raise InvalidInput(lazy("This was undone already."))
        agent = Agent.get_by_id(departure.agent_id)
        if departure.was_active and not agent.active:
            agents.save_agent(agent, {"active": True}, actor=actor)
        moves = [_give_back(departure, move, agent, actor) for move in departure.moves]
        Departure.update(moves=moves).where(Departure.id == departure.id).execute()
        OutgoingEmail.update(state="cancelled").where(
            OutgoingEmail.id.in_(departure.mails), OutgoingEmail.state == "pending"
        ).execute()
        back, lost = sum(move["back"] for move in moves), sum(move["lost"] for move in moves)
        journal.record(Act.DEPARTURE_UNDONE, actor=actor, subject=agent.name, back=str(back), lost=str(lost))
    return Departure.get_by_id(departure.id)


def _give_back(departure: Departure, stored: dict[str, Any], agent: Agent, actor: Agent) -> dict[str, Any]:
    holding = next((one for one in HOLDINGS if one.key == stored["holding"]), None)
    if holding is None or holding.restore is None:
        return {**stored, "back": 0, "lost": stored["count"]}
    move = Move(departure, holding.key, agent, None, actor)
    total = move.changes().count()
    # An account that stays closed gets no ticket and no team (RULES 7).
    back = holding.restore(move) if agent.active or not holding.is_freed else 0
    return {**stored, "back": back, "lost": total - back}


def purge() -> int:
    """Forget the departures that nobody can undo any more; return how many."""
    limit = clock.now() - timedelta(hours=HOURS)
    return int(Departure.delete().where(Departure.created_at < limit).execute())


def refuse_last_administrator(agent: Agent) -> str:
    """Return why this account must stay; an empty text when it may be closed."""
    try:
        agents.keep_one_administrator(agent)
    except StillInUse as error:
        return str(error)
    return ""
