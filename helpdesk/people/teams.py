"""Teams, and unassigning tickets when members leave or a team is disabled (RULES 7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from peewee import SQL, ModelSelect, chunked, fn

from database import Stamp
from helpdesk import access, events, journal
from helpdesk.access import SYSTEM, Actor
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.events import EventKind
from helpdesk.i18n import lazy
from helpdesk.lib import email_syntax, inputs
from helpdesk.locking import for_update, lock_account, lock_all
from helpdesk.settings import lookups
from models import Agent, Team, TeamMember, Ticket

#: Tickets unassigned by one statement: SQLite takes 32,766 values, and the rows are in memory.
BATCH = 500


@dataclass(frozen=True)
class LostAssignments:
    """Tickets about to lose their assignee, with the reason (a key of ``events.REASONS``) and the name it mentions."""

    tickets: ModelSelect
    why: str
    name: str


def unassign(tickets: ModelSelect, *, actor: Actor, why: str, name: str) -> int:
    """Remove the assignee of these tickets and record the reason in each history; return how many."""
    count = 0
    with events.transaction():
        ids = [key for (key,) in tickets.select(Ticket.id).order_by(Ticket.id).tuples()]
        for batch in chunked(ids, BATCH):
            # Read again with a lock: tickets that were assigned to somebody else meanwhile keep their assignee.
            rows = list(for_update(tickets.where(Ticket.id.in_(batch)).order_by(Ticket.id)))
            Ticket.update(assignee=None, team=None).where(Ticket.id.in_([row.id for row in rows])).execute()
            for ticket in rows:
                ticket.assignee = ticket.team = None
                events.record(ticket, EventKind.UNASSIGNED, actor=actor, why=why, name=name)
            count += len(rows)
    return count


def unassign_all(lost: Iterable[LostAssignments], *, actor: Actor) -> int:
    """Unassign all these tickets; return how many."""
    return sum(unassign(loss.tickets, actor=actor, why=loss.why, name=loss.name) for loss in lost)


def unassigned_by(row: Agent | Team, values: Mapping[str, Any] | None = None) -> int:
    """Return how many tickets will lose their assignee when this agent or team is disabled or deleted.

    With `values`: when they are saved (for a team ``members``, ``manager``, ``enabled``; for an agent ``active``).
    """
    if isinstance(row, Agent):
        ends = values is None or not values.get("active", True)
        return assigned_to(row).count() if ends else 0
    lost = _lost_assignments(
        row, _Membership.of(row), _Membership.empty() if values is None else _Membership.after(row, values)
    )
    return sum(loss.tickets.count() for loss in lost)


def assigned_to(agent: Agent) -> ModelSelect:
    """Return the tickets assigned to an agent, closed ones and those in the bin among them."""
    return Ticket.select().where(Ticket.assignee == agent.id)


def leftovers() -> list[LostAssignments]:
    """Return the tickets of accounts and teams that are disabled: they should have been freed with them (RULES 7)."""
    has_tickets = fn.EXISTS(Ticket.select(SQL("1")).where(Ticket.assignee == Agent.id))
    agents = Agent.select().where(~Agent.active, has_tickets).order_by(Agent.id)
    has_tickets = fn.EXISTS(Ticket.select(SQL("1")).where(Ticket.team == Team.id))
    teams = Team.select().where(~Team.enabled, has_tickets).order_by(Team.id)
    lost = [LostAssignments(assigned_to(row), "agent-disabled", row.name) for row in agents]
    return lost + [LostAssignments(_tickets_of(row), "team-disabled", str(row)) for row in teams]


def free_leftovers() -> int:
    """Unassign what nobody has any more and return how many tickets: once a day, should any be left."""
    return unassign_all(leftovers(), actor=SYSTEM)


def memberships_of(agent: Agent) -> list[int]:
    """Return the ids of the teams an agent is a member of, disabled ones among them."""
    return [key for (key,) in TeamMember.select(TeamMember.team).where(TeamMember.agent == agent.id).tuples()]


def members_of(team: Team) -> list[int]:
    """Return the ids of the members of a team, longest first."""
    rows = TeamMember.select(TeamMember.agent).where(TeamMember.team == team.id).order_by(TeamMember.id)
    return [key for (key,) in rows.tuples()]


# --- Teams --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Membership:
    """What decides the sight through a team: whether it is enabled, its manager and its members."""

    enabled: bool
    manager: Agent | None
    members: tuple[Agent, ...]

    @classmethod
    def of(cls, team: Team) -> _Membership:
        """Return the stored membership of the team, whatever a form has set on the instance."""
        row = Team.get_or_none(Team.id == team.id) if team.id is not None else None
        if row is None:
            return cls.empty()
        members = Agent.select().join(TeamMember).where(TeamMember.team == row.id).order_by(Agent.id)
        return cls(row.enabled, row.manager, tuple(members))

    @classmethod
    def empty(cls) -> _Membership:
        """Return the membership of a deleted team."""
        return cls(False, None, ())

    @classmethod
    def after(cls, team: Team, values: Mapping[str, Any]) -> _Membership:
        """Return the membership after these values are saved. Raises InvalidInput at ``manager`` or ``members``."""
        now = cls.of(team)
        enabled = bool(values.get("enabled", now.enabled or team.id is None))
        manager = inputs.find_row(Agent, values["manager"], "manager") if "manager" in values else now.manager
        members = now.members
        if "members" in values:
            rows = [inputs.find_row(Agent, value, "members") for value in values["members"] or ()]
            members = tuple({row.id: row for row in rows if row is not None}.values())
        return cls(enabled, manager, members)

    @property
    def people(self) -> dict[int, Agent]:
        """The members and the manager by id."""
        people = {row.id: row for row in self.members}
        return people if self.manager is None else {**people, self.manager.id: self.manager}


def save_team(team: Team, values: Mapping[str, Any], *, actor: Actor) -> Team:
    """Store ``label``, ``email``, ``manager``, ``enabled`` and ``members`` of a new or existing team.

    A leaving member's tickets that they saw only through the team are unassigned, as are those of a disabled team
    (RULES 7). Raises NotAllowed, or InvalidInput at the field that is wrong.
    """
    access.require(actor, "configure")
    before, after = _Membership.of(team), _Membership.after(team, values)
    _check_people(before, after, actor)
    clean: dict[str, Any] = {"manager": after.manager, "enabled": after.enabled}
    if "label" in values or team.id is None:
        clean["label"] = inputs.label(values.get("label"), "label", 80)
    if "email" in values:
        clean["email"] = _address(team, values["email"], actor)
    inputs.set_attributes(team, clean)
    with events.transaction():
        if team.id is not None:
            lock_account(team, actor=actor)
        lost, snapshot = _lost_assignments(team, before, after), journal.snapshot(team)
        for loss in lost:
            lock_all(loss.tickets)
        team.save()
        _store_members(team, before, after)
        unassign_all(lost, actor=actor)
        journal.saved(team, snapshot, actor=actor)
    return team


def _address(team: Team, value: Any, actor: Actor) -> str:
    """Return the team's e-mail address. Raises NotAllowed for who does not see what would be mailed there."""
    email = email_syntax.normalise(value) if value else ""
    if email and email != team.email and isinstance(actor, Agent) and not access.sees_all(actor):
        raise NotAllowed(lazy("Ask an administrator to change the address of a team: its tickets are mailed there."))
    return email


def delete_team(team: Team, *, actor: Actor) -> int:
    """Delete a team; return how many tickets lost their assignee. Raises NotAllowed."""
    access.require(actor, "configure")
    with events.transaction():
        lock_account(team, actor=actor)
        count = unassign_all(
            _lost_assignments(team, _Membership.of(team), _Membership.empty(), deleted=True), actor=actor
        )
        team.delete_instance()
        journal.deleted(team, str(team), actor=actor)
    return count


def _check_people(before: _Membership, after: _Membership, actor: Actor) -> None:
    joining = {**after.people}
    for key in before.people:
        joining.pop(key, None)
    if any(not row.active for row in joining.values()):
        raise InvalidInput(lazy("Choose people whose account is active."), field="members")
    if not isinstance(actor, Agent) or actor.is_admin:
        return
    promoted = after.manager is not None and (before.manager is None or before.manager.id != after.manager.id)
    if actor.id in joining or (promoted and after.manager is not None and after.manager.id == actor.id):
        # A team lets its members see tickets, and its manager all: only an administrator may give that to themself.
        raise NotAllowed(lazy("Ask an administrator to add you to a team."))


def _store_members(team: Team, before: _Membership, after: _Membership) -> None:
    old, new = {row.id for row in before.members}, {row.id for row in after.members}
    TeamMember.delete().where(TeamMember.team == team.id, TeamMember.agent.in_(old - new)).execute()
    for key in sorted(new - old):
        TeamMember.insert(team=team.id, agent=key).on_conflict_ignore().execute()
    Stamp.bump()


def _lost_assignments(
    team: Team, before: _Membership, after: _Membership, *, deleted: bool = False
) -> list[LostAssignments]:
    if not before.enabled:
        # A disabled team gave no sight, and its tickets were unassigned when it was disabled.
        return [LostAssignments(_tickets_of(team), "team-deleted", str(team))] if deleted else []
    lost = []
    if not after.enabled:
        lost.append(LostAssignments(_tickets_of(team), "team-deleted" if deleted else "team-disabled", str(team)))
    for key, agent in before.people.items():
        if key not in after.people:
            lost.append(LostAssignments(_seen_only_through(team, agent), "left-team", agent.name))
    return lost


def _tickets_of(team: Team) -> ModelSelect:
    return Ticket.select().where(Ticket.team == team.id)


def _seen_only_through(team: Team, agent: Agent) -> ModelSelect:
    """Return the agent's tickets that neither a permission nor another team's management lets them see."""
    tickets = assigned_to(agent)
    manages_another = any(row.manager_id == agent.id and row.id != team.id for row in lookups.teams())
    if agent.is_admin or manages_another or access.covers_all(agent):
        return tickets.where(SQL("1 = 0"))
    services, departments = access.permitted(agent)
    if services:
        tickets = tickets.where(Ticket.service.not_in(services))
    if departments:
        tickets = tickets.where(Ticket.department.is_null() | Ticket.department.not_in(departments))
    return tickets
