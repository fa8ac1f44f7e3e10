"""The rows of a list of people to invite: who they are, their role, what they cover, their teams.

Each is invited as one alone would be (`people.invitations`), and nobody is unless all are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from database import Stamp
from helpdesk import access, events, folding, links
from helpdesk.errors import InvalidInput
from helpdesk.i18n import _, lazy
from helpdesk.imports import by_name
from helpdesk.lib import email_syntax, inputs
from helpdesk.locking import lock_account
from helpdesk.orders import Stored
from helpdesk.people import agents, invitations, permissions, teams
from helpdesk.settings import lookups
from models import Agent, Department, Role, Service, Team

MAX_ROWS = 200
#: Places and teams in one line.
MAX_NAMED = 20
MAX_NAME = 120
#: What stands for the whole support, folded.
EVERYWHERE = frozenset({"*", "all", "everything", "whole support", "the whole support", "tout", "tout le support"})
YES = frozenset({"yes", "y", "oui", "o", "true", "vrai", "1", "x"})
NO = frozenset({"", "no", "n", "non", "false", "faux", "0", "-"})


@dataclass(frozen=True)
class Place:
    """What a permission covers: everything, a service, or a department of it."""

    service: Service | None = None
    department: Department | None = None

    def __str__(self) -> str:
        if self.service is None:
            return _("The whole support")
        return f"{self.service.name}/{self.department.name}" if self.department else str(self.service.name)


@dataclass(frozen=True)
class NewAgent:
    """A checked row of the list."""

    email: str
    name: str
    role: Role
    places: tuple[Place, ...] = ()
    teams: tuple[Team, ...] = ()
    notify: bool = False

    @property
    def key(self) -> tuple[str]:
        """What identifies the account."""
        return (self.email,)


def read(values: Mapping[str, str]) -> NewAgent:
    """Check a row. Raises InvalidInput at the column that is wrong, also for an address with an account."""
    if not values.get("email"):
        raise InvalidInput(lazy("This field is required."), field="email")
    email = email_syntax.normalise(values["email"])
    if any(agent.email == email for agent in lookups.agents(active_only=False)):
        raise InvalidInput(lazy("There is an account with this e-mail address."), field="email")
    name = inputs.required(values.get("name"), "name", MAX_NAME + 1)
    if len(name) > MAX_NAME:
        raise InvalidInput(lazy("At most %(limit)s characters.", limit=MAX_NAME), field="name")
    role = inputs.required(values.get("role"), "role")
    return NewAgent(
        email,
        name,
        by_name.find(lookups.roles(), role, lambda row: row.name, "role"),
        tuple(dict.fromkeys(_place(text) for text in _named(values, "places"))),
        tuple(dict.fromkeys(_team(text) for text in _named(values, "teams"))),
        _yes_or_no(values.get("notify", "")),
    )


def _named(values: Mapping[str, str], field: str) -> list[str]:
    texts = [text.strip() for text in values.get(field, "").split("|") if text.strip()]
    if len(texts) > MAX_NAMED:
        raise InvalidInput(lazy("At most %(limit)s in one line.", limit=MAX_NAMED), field=field)
    return texts


def _team(text: str) -> Team:
    return by_name.find(lookups.teams(enabled_only=False), text, lambda row: row.label, "teams")


def _place(text: str) -> Place:
    """Return the place that a text names: everything, a service, ``service/department``, or a department alone."""
    services = by_name.matches(lookups.services(), text, lambda row: row.name)
    if not services and folding.fold(text) in EVERYWHERE:
        return Place()
    found = [Place(row) for row in services] or list(_parts(text)) or list(_departments(text))
    if len(found) == 1:
        return found[0]
    raise by_name.none_or_several(text, names_of_places(), "places", several=bool(found))


def names_of_places() -> list[str]:
    """Return what a line may name beside the whole support: each service, then its departments."""
    names = []
    for service in lookups.services():
        names += [str(Place(service)), *(str(Place(service, row)) for row in lookups.departments(service.id))]
    return names


def _parts(text: str) -> Iterator[Place]:
    """Yield the departments that the text names behind their service; a name may hold a slash itself."""
    for slash in re.finditer("/", text):
        for service in by_name.matches(lookups.services(), text[: slash.start()], lambda row: row.name):
            rows = by_name.matches(lookups.departments(service.id), text[slash.end() :], lambda row: row.name)
            yield from (Place(service, row) for row in rows)


def _departments(text: str) -> Iterator[Place]:
    rows = by_name.matches(lookups.departments(), text, lambda row: row.name)
    yield from (Place(lookups.service(row.service_id), row) for row in rows)


def _yes_or_no(text: str) -> bool:
    folded = folding.fold(text)
    if folded not in YES | NO:
        raise InvalidInput(lazy("Write yes or no."), field="notify")
    return folded in YES


def cells(new: NewAgent) -> Sequence[str]:
    """Return a row as the preview shows it."""
    places, joined = " | ".join(map(str, new.places)), " | ".join(map(str, new.teams))
    return new.email, new.name, str(new.role), places, joined, _("Yes") if new.notify else _("No")


def store(rows: Sequence[NewAgent], actor: Agent, write: bool) -> Stored:
    """Invite these people, all of them or nobody; without `write`, only count.

    Who has an account by now is left as they are. Raises NotAllowed, or InvalidInput when something that a row names
    has just gone.
    """
    access.require(actor, "administer")
    if not write:
        return Stored(made=len(rows))
    with events.transaction():
        # Two administrators with the same list wait here for each other.
        Stamp.bump()
        emails = {email for (email,) in Agent.select(Agent.email).tuples()}
        new = [row for row in rows if row.email not in emails]
        joining: dict[int, list[int]] = {}
        invited: list[tuple[int, str]] = []
        for row in new:
            agent = _invite(row, actor)
            invited.append((agent.id, agent.email))
            for team in row.teams:
                joining.setdefault(team.id, []).append(agent.id)
        for team_id, agent_ids in sorted(joining.items()):
            _join(team_id, agent_ids, actor)
    return Stored(made=len(new), same=len(rows) - len(new), new=tuple(invited))


def take_back(invited: Mapping[int, str], actor: Agent) -> int:
    """Delete the accounts of these invitations again; return how many.

    Who has come by now stays, and who has tickets or manages a team. Raises NotAllowed.
    """
    access.require(actor, "administer")
    count = 0
    with events.transaction():
        for key, email in sorted(invited.items()):
            agent = _unused(key, email)
            if agent is None:
                continue
            # Whoever is just choosing a password comes before this, or finds the invitation gone.
            lock_account(agent, actor=actor)
            if _unused(key, email) is not None:
                links.forget_links_of(agent)
                agents.delete_agent(agent, actor=actor)
                count += 1
    return count


def _unused(key: int, email: str) -> Agent | None:
    """Return the account of an invitation that nobody accepted and nothing relies on."""
    agent: Agent | None = Agent.get_or_none(Agent.id == key, Agent.email == email, Agent.password_hash.is_null())
    if agent is None or teams.assigned_to(agent).exists() or Team.select().where(Team.manager == agent.id).exists():
        return None
    return agent


def _invite(row: NewAgent, actor: Agent) -> Agent:
    agent = invitations.invite(actor, row.email, row.name, row.role)
    for place in row.places:
        scope = {"service": place.service, "department": place.department}
        permissions.save_permission(agent, {**scope, "notify": row.notify}, actor=actor)
    return agent


def _join(team_id: int, agent_ids: list[int], actor: Agent) -> None:
    team = inputs.find_row(Team, team_id, "teams")
    teams.save_team(team, {"members": [*teams.members_of(team), *agent_ids]}, actor=actor)
