"""Teams: members, managers, and the tickets that lose their assignee (RULES 7)."""

from __future__ import annotations

from typing import Any

import pytest
from playhouse.test_utils import count_queries

from database import Label
from helpdesk import access, events
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.events import EventKind
from helpdesk.people import teams
from models import Agent, Role, Service, Team, TeamMember, Ticket, TicketEvent
from tests.support import cast


@pytest.fixture
def crew(ben: Agent, root: Agent) -> Team:
    """A team of Ben, who has no permission in Billing."""
    return teams.save_team(Team(), {"label": {"en": "Crew"}, "members": [ben]}, actor=root)


def give(ticket: Ticket, **to: Any) -> Ticket:
    Ticket.update({"assignee": None, "team": None, **to}).where(Ticket.id == ticket.id).execute()
    return ticket


def owner(ticket: Ticket) -> Agent | Team | None:
    stored = Ticket.get_by_id(ticket.id)
    return stored.assignee or stored.team


def lines(ticket: Ticket) -> list[str]:
    return [events.describe(row) for row in ticket.events.where(TicketEvent.kind == EventKind.UNASSIGNED.value)]


def members(team: Team) -> list[str]:
    return sorted(row.agent.name for row in team.memberships)


def test_a_team_has_a_label_an_address_a_manager_and_members(root: Agent, ana: Agent, ben: Agent) -> None:
    values = {"label": {"fr": "Nuit"}, "email": "Night@desk.example", "manager": ana, "members": [ben, ana, ben.id]}
    team = Team.get_by_id(teams.save_team(Team(), values, actor=root).id)
    assert (dict(team.label), team.email, team.manager, team.enabled) == (
        {"fr": "Nuit"},
        "night@desk.example",
        ana,
        True,
    )
    assert members(team) == ["Ana", "Ben"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"label": {}}, "label"),
        ({"email": "x"}, "email"),
        ({"manager": 999_999}, "manager"),
        ({"members": ["x"]}, "members"),
    ],
)
def test_bad_values_are_refused_at_their_field(crew: Team, root: Agent, values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        teams.save_team(crew, values, actor=root)
    assert refused.value.field == field
    assert members(crew) == ["Ben"]


def test_what_is_not_given_stays(crew: Team, root: Agent) -> None:
    teams.save_team(crew, {"label": {"en": "Guard"}}, actor=root)
    assert members(crew) == ["Ben"]
    assert Team.get_by_id(crew.id).enabled


def test_a_disabled_account_cannot_join_but_may_stay(crew: Team, ben: Agent, ana: Agent) -> None:
    Agent.update(active=False).execute()
    with pytest.raises(InvalidInput):
        teams.save_team(crew, {"members": [ben, ana]}, actor=access.SYSTEM)
    teams.save_team(crew, {"members": [ben]}, actor=access.SYSTEM)
    assert members(crew) == ["Ben"]


def test_joining_gives_sight_at_once(ticket: Ticket, crew: Team, ana: Agent, root: Agent, sales: Service) -> None:
    mia = cast.make_agent("Mia")
    give(ticket, team=crew)
    assert not access.sees(mia, Ticket.get())
    teams.save_team(crew, {"members": [mia]}, actor=root)
    assert access.sees(mia, Ticket.get())


def test_switching_a_team_off_unassigns_its_tickets(ticket: Ticket, crew: Team, root: Agent) -> None:
    give(ticket, team=crew)
    assert teams.unassigned_by(crew, {"enabled": False}) == 1
    teams.save_team(crew, {"enabled": False}, actor=root)
    assert owner(ticket) is None
    assert lines(ticket) == ["Root unassigned the ticket: the team Crew was disabled"]


def test_deleting_a_team_unassigns_its_tickets(ticket: Ticket, crew: Team, root: Agent) -> None:
    give(ticket, team=crew)
    assert teams.unassigned_by(crew) == 1
    assert teams.delete_team(crew, actor=root) == 1
    assert lines(ticket) == ["Root unassigned the ticket: the team Crew was deleted"]
    assert TeamMember.select().count() == 0


def test_whoever_leaves_loses_what_they_saw_through_the_team(
    ticket: Ticket, crew: Team, ben: Agent, root: Agent
) -> None:
    give(ticket, assignee=ben)
    assert teams.unassigned_by(crew, {"members": []}) == 1
    teams.save_team(crew, {"members": []}, actor=root)
    assert owner(ticket) is None
    assert lines(ticket) == ["Root unassigned the ticket: Ben left the team"]


def test_the_tickets_of_the_team_stay_with_it_when_somebody_leaves(ticket: Ticket, crew: Team, root: Agent) -> None:
    give(ticket, team=crew)
    assert teams.unassigned_by(crew, {"members": []}) == 0
    teams.save_team(crew, {"members": []}, actor=root)
    assert owner(ticket) == crew


@pytest.mark.parametrize("scope", ["service", "department", None])
def test_whoever_covers_the_ticket_keeps_it(ticket: Ticket, crew: Team, ben: Agent, root: Agent, scope: str) -> None:
    cast.permit(ben, getattr(ticket, scope) if scope else None)
    give(ticket, assignee=ben)
    teams.save_team(crew, {"members": []}, actor=root)
    assert owner(ticket) == ben


def test_the_manager_of_another_team_keeps_it(ticket: Ticket, crew: Team, ben: Agent, root: Agent) -> None:
    cast.make_team("Other", manager=ben)
    give(ticket, assignee=ben)
    teams.save_team(crew, {"members": []}, actor=root)
    assert owner(ticket) == ben


def test_a_manager_who_is_replaced_leaves(ticket: Ticket, team: Team, mona: Agent, ben: Agent, root: Agent) -> None:
    give(ticket, assignee=mona)
    teams.save_team(team, {"manager": ben}, actor=root)
    assert owner(ticket) is None
    assert not access.sees(mona, Ticket.get())


def test_a_manager_who_becomes_a_member_stays(ticket: Ticket, team: Team, mona: Agent, root: Agent) -> None:
    give(ticket, assignee=mona)
    teams.save_team(team, {"manager": None, "members": [mona]}, actor=root)
    assert owner(ticket) == mona


def test_leaving_a_team_that_is_off_takes_nothing(ticket: Ticket, crew: Team, ben: Agent, root: Agent) -> None:
    give(ticket, assignee=ben)
    teams.save_team(crew, {"enabled": False}, actor=root)
    teams.save_team(crew, {"members": []}, actor=root)
    assert owner(ticket) == ben


def test_saving_nothing_unassigns_nothing(ticket: Ticket, crew: Team, ben: Agent, root: Agent) -> None:
    give(ticket, assignee=ben)
    assert teams.unassigned_by(crew, {}) == teams.unassigned_by(Team(), {"members": [ben]}) == 0
    teams.save_team(crew, {}, actor=root)
    assert owner(ticket) == ben


def test_an_agent_who_sets_up_cannot_join_or_manage(crew: Team, ana: Agent, ben: Agent) -> None:
    for agent in (ana, ben):
        agent.role = Role.get(Role.can_configure)
        agent.save()
    for actor, values in ((ana, {"members": [ana, ben]}), (ana, {"manager": ana}), (ben, {"manager": ben})):
        with pytest.raises(NotAllowed):
            teams.save_team(crew, values, actor=actor)
    teams.save_team(crew, {"label": {"en": "Guard"}}, actor=ana)
    assert Team.get_by_id(crew.id).label == Label(en="Guard")


def test_without_set_up_nobody_changes_teams(crew: Team, ana: Agent) -> None:
    for act in (
        lambda: teams.save_team(crew, {"enabled": False}, actor=ana),
        lambda: teams.delete_team(crew, actor=ana),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_who_covers_all_and_a_service_leaves_a_team(ticket: Ticket, ana: Agent, root: Agent, billing: Service) -> None:
    assert access.permitted(ana)[0] == (billing.id,)
    cast.permit(ana, None)
    crew = cast.make_team("Crew", manager=ana)
    Ticket.update(assignee=ana).execute()
    assert teams.unassigned_by(crew, {"manager": None}) == 0
    teams.save_team(crew, {"manager": None}, actor=root)
    assert Ticket.get().assignee == ana


def test_many_tickets_are_unassigned_in_batches(ticket: Ticket, crew: Team, root: Agent) -> None:
    rows = [{**ticket.__data__, "id": None, "number": f"x{number}", "form_key": None} for number in range(1100)]
    for row in rows:
        del row["id"]
    Ticket.insert_many(rows).execute()
    Ticket.update(team=crew).execute()
    with count_queries() as counted:
        assert teams.delete_team(crew, actor=root) == 1101
    # For each ticket one line of its history and one of the journal.
    assert counted.count < 2 * 1101 + 40
    assert TicketEvent.select().where(TicketEvent.kind == EventKind.UNASSIGNED.value).count() == 1101
