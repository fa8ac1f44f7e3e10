"""Teams, places, substitutions and keys of an agent who leaves."""

from __future__ import annotations

from helpdesk import access, availability
from helpdesk.departures.holding import Move
from helpdesk.people import api_keys, permissions, teams
from helpdesk.settings import lookups
from models import Agent, ApiKey, Leave, Permission, Team

# --- Teams --------------------------------------------------------------------------------------------------------


def managed(agent: Agent) -> list[Team]:
    """Return the teams the agent manages."""
    return [row for row in lookups.teams(enabled_only=False) if row.manager_id == agent.id]


def joined(agent: Agent) -> list[Team]:
    """Return the teams the agent is a member of."""
    ids = teams.memberships_of(agent)
    return [row for row in lookups.teams(enabled_only=False) if row.id in ids]


def move_managed(move: Move) -> int:
    """Give the teams another manager, or none."""
    rows = managed(move.agent)
    heir = move.to.id if isinstance(move.to, Agent) else None
    for row in rows:
        teams.save_team(Team.get_by_id(row.id), {"manager": heir}, actor=move.actor)
        move.note(row.id, after={"manager": heir})
    return len(rows)


def give_back_managed(move: Move) -> int:
    """Give back the teams that have the manager they were given."""
    count = 0
    for change in move.changes():
        team = Team.get_or_none(Team.id == change.row_id)
        if team is not None and team.manager_id == change.after["manager"]:
            teams.save_team(team, {"manager": move.agent.id}, actor=move.actor)
            count += 1
    return count


def move_memberships(move: Move) -> int:
    """Let somebody else be a member in their place, or nobody."""
    rows, heir = joined(move.agent), move.to if isinstance(move.to, Agent) else None
    for row in rows:
        members = teams.members_of(row)
        joins = heir is not None and heir.id not in members
        after = [key for key in members if key != move.agent.id] + ([heir.id] if heir is not None and joins else [])
        teams.save_team(Team.get_by_id(row.id), {"members": after}, actor=move.actor)
        move.note(row.id, after={"joined": heir.id if heir is not None and joins else None})
    return len(rows)


def give_back_memberships(move: Move) -> int:
    """Let them be a member again, in place of who joined for them; not where that person has left since."""
    count = 0
    for change in move.changes():
        team, heir = Team.get_or_none(Team.id == change.row_id), change.after["joined"]
        members = teams.members_of(team) if team is not None else []
        if team is None or move.agent.id in members or (heir is not None and heir not in members):
            continue
        after = [key for key in members if key != heir] + [move.agent.id]
        teams.save_team(team, {"members": after}, actor=move.actor)
        count += 1
    return count


# --- Places -------------------------------------------------------------------------------------------------------


def places(agent: Agent) -> list[str]:
    """Return what the agent covers: nothing, once the account is closed."""
    return [access.place_text(row) for row in lookups.permissions_of(agent.id)] if agent.active else []


def move_places(move: Move) -> int:
    """Let somebody else cover these places too, and be notified where they were; return how many that changes."""
    count = 0
    for row in lookups.permissions_of(move.agent.id):
        own = [one for one in lookups.permissions_of(move.heir.id) if _scope(one) == _scope(row)]
        before = {"notify": own[0].notify} if own else None
        stored = permissions.take_over(row, move.heir, actor=move.actor)
        if stored is not None:
            move.note(stored.id, before, {"notify": stored.notify, "signature": stored.signature})
            count += 1
    return count


def _scope(row: Permission) -> tuple[int | None, int | None]:
    return row.service_id, row.department_id


def give_back_places(move: Move) -> int:
    """Take from the others what they were given to cover, as far as it is as it was left."""
    count = 0
    for change in move.changes():
        row = Permission.get_or_none(Permission.id == change.row_id)
        if row is None or {"notify": row.notify, "signature": row.signature} != change.after:
            continue
        if change.before:
            permissions.save_permission(row.agent, change.before, actor=move.actor, permission=row)
        else:
            permissions.delete_permission(row, actor=move.actor)
        count += 1
    return count


# --- Leave of others ----------------------------------------------------------------------------------------------


def substitutions(agent: Agent) -> list[Leave]:
    """Return the leave of others, not over yet, for whom the agent stands in."""
    return [row for one in lookups.agents() for row in availability.planned(one) if row.substitute_id == agent.id]


def move_substitutions(move: Move) -> int:
    """Let somebody else stand in, or nobody: also nobody where it is the leave of who was chosen."""
    rows = substitutions(move.agent)
    for row in rows:
        heir = move.to if isinstance(move.to, Agent) and move.to.id != row.agent_id else None
        availability.set_substitute(Leave.get_by_id(row.id), heir, actor=move.actor)
        move.note(row.id, after={"substitute": heir.id if heir is not None else None})
    return len(rows)


def give_back_substitutions(move: Move) -> int:
    """Let them stand in again where whoever was given that, or nobody, still does."""
    count = 0
    for change in move.changes():
        row = Leave.get_or_none(Leave.id == change.row_id)
        if row is not None and row.substitute_id == change.after["substitute"]:
            availability.set_substitute(row, move.agent, actor=move.actor)
            count += 1
    return count


# --- Keys of other programs ---------------------------------------------------------------------------------------


def keys(agent: Agent) -> list[ApiKey]:
    """Return the keys that the agent made and that open."""
    rows = ApiKey.select().where(ApiKey.created_by == agent.id, ApiKey.revoked_at.is_null())
    return list(rows.order_by(ApiKey.name, ApiKey.id))


def revoke_keys(move: Move) -> int:
    """Revoke the keys, so that what the agent may still know of them opens nothing."""
    rows = keys(move.agent)
    for row in rows:
        api_keys.revoke(row, actor=move.actor)
        move.note(row.id)
    return len(rows)


def restore_keys(move: Move) -> int:
    """Let the keys open again, but those whose name another one has now."""
    count = 0
    for change in move.changes():
        key = ApiKey.get_or_none(ApiKey.id == change.row_id, ApiKey.revoked_at.is_null(False))
        count += key is not None and api_keys.restore(key, actor=move.actor)
    return count
