"""Races with accounts, teams, roles and links that end."""

from __future__ import annotations

from helpdesk import departures, links, tickets
from helpdesk.lists import undo
from helpdesk.people import agents, invitations, permissions, sign_ins, teams
from helpdesk.people.sign_in_limits import Visitor
from models import Agent, Departure, Role, Team
from tests.faults.world import Race, World, again, require_messages, require_seen
from tests.support import cast


def assigning_beside_disabling(world: World) -> Race:
    """A ticket is assigned to somebody whose account ends."""
    ticket, leaving = world.ticket(), world.agent()
    acts = lambda: tickets.assign(again(ticket), leaving, actor=world.ana), world.disable(leaving)
    return Race(acts, lambda _ended: require_seen(ticket))


def taking_beside_disabling(world: World) -> Race:
    """Who takes a ticket is disabled."""
    ticket, leaving = world.ticket(), world.agent()
    acts = lambda: tickets.take(again(ticket), actor=leaving), world.disable(leaving)
    return Race(acts, lambda _ended: require_seen(ticket))


def transferring_beside_deleting(world: World) -> Race:
    """Who gets a ticket is deleted."""
    ticket, leaving = world.ticket(), world.agent()
    acts = lambda: tickets.transfer(again(ticket), leaving, actor=world.ana, note="Yours"), world.delete(leaving)
    return Race(acts, lambda _ended: require_seen(ticket))


def replying_beside_deleting(world: World) -> Race:
    """Who replies is deleted: the reply is stored, or refused in words."""
    ticket, leaving = world.ticket(), world.agent()
    acts = world.send(leaving, ticket, "reply", body="The answer"), world.delete(leaving)

    def check(ended: list[str]) -> None:
        assert ended == ["done", "done"]
        require_seen(ticket)

    return Race(acts, check)


def many_assigned_beside_disabling(world: World) -> Race:
    """Many tickets are assigned to somebody whose account ends, and who has some of them already."""
    leaving = world.agent()
    rows = [*world.make_assigned(leaving, 2), *(world.ticket() for _ in range(4))]
    give = world.many("assign", rows, lambda row: tickets.assign(row, leaving, actor=world.ana))

    def check(ended: list[str]) -> None:
        assert ended == ["done", "done"]
        require_seen(*rows)

    return Race((give, world.disable(leaving)), check)


def taking_an_act_back_beside_disabling(world: World) -> Race:
    """Tickets go back to their former assignee, whose account ends."""
    leaving = world.agent()
    rows = world.make_assigned(leaving, 3)
    outcome = world.many("assign", rows, lambda row: tickets.assign(row, None, actor=world.ana))()
    action = getattr(outcome, "action")  # noqa: B009 — an act's result has no type here
    acts = lambda: undo.undo(action, actor=world.ana), world.disable(leaving)
    return Race(acts, lambda _ended: require_seen(*rows))


def merging_beside_disabling(world: World) -> Race:
    """The account of a merged ticket's assignee ends."""
    leaving, target = world.agent(), world.ticket()
    (source,) = world.make_assigned(leaving)
    acts = lambda: tickets.merge(again(source), again(target), actor=world.ana), world.disable(leaving)
    return Race(acts, lambda _ended: require_seen(target))


def assigning_to_a_team_beside_disabling_it(world: World) -> Race:
    """A team that gets a ticket is disabled."""
    ticket, team = world.ticket(), cast.make_team(f"Team {next(world.numbers)}", world.ana)
    acts = (
        lambda: tickets.assign(again(ticket), team, actor=world.ana),
        lambda: teams.save_team(Team.get_by_id(team.id), {"enabled": False}, actor=world.root),
    )
    return Race(acts, lambda _ended: require_seen(ticket))


def writing_beside_disabling_the_assignee(world: World) -> Race:
    """A customer writes to somebody whose account ends."""
    leaving = world.agent()
    (ticket,) = world.make_assigned(leaving)

    def check(ended: list[str]) -> None:
        assert ended == ["done", "done"]
        require_seen(ticket)
        require_messages(2, ticket)

    return Race((world.write(again(ticket), "Still there?"), world.disable(leaving)), check)


def disabling_each_other(world: World) -> Race:
    """Two administrators end each other’s account: one may, the other is told, and neither waits for ever."""
    one, two = world.agent(is_admin=True), world.agent(is_admin=True)
    acts = (
        lambda: agents.disable_agent(Agent.get_by_id(one.id), actor=two),
        lambda: agents.disable_agent(Agent.get_by_id(two.id), actor=one),
    )

    def check(ended: list[str]) -> None:
        assert sorted(ended) == ["NotAllowed", "done"]

    return Race(acts, check)


def deleting_a_role_beside_giving_it(world: World) -> Race:
    """Nobody is left without a role."""
    role, agent = cast.make_role(f"Role {next(world.numbers)}"), world.agent()
    acts = (
        lambda: agents.save_agent(Agent.get_by_id(agent.id), {"role": role}, actor=world.root),
        lambda: permissions.delete_role(Role.get_by_id(role.id), actor=world.root),
    )

    def check(_ended: list[str]) -> None:
        assert Role.select().where(Role.id == Agent.get_by_id(agent.id).role_id).exists()

    return Race(acts, check)


def using_two_reset_links(world: World) -> Race:
    """Two links to a new password are used: one wins, the other one is told."""
    agent = world.agent()
    rows = [links.find("reset", links.make("reset", agent=agent)) for _ in range(2)]
    visitor = Visitor("192.0.2.1")
    one, two = (
        lambda row=row: sign_ins.reset_password(row, f"some words of {row.id}", visitor=visitor) for row in rows
    )

    def check(ended: list[str]) -> None:
        assert sorted(ended) == ["LinkExpired", "done"]

    return Race((one, two), check)


def accepting_an_invitation_twice(world: World) -> Race:
    """Two browsers accept one invitation."""
    token = links.make("invitation", agent=world.agent(password_hash=None))
    rows = [links.find("invitation", token) for _ in range(2)]
    one, two = (lambda row=row: invitations.accept_invitation(row, "Eve", "a long password") for row in rows)

    def check(ended: list[str]) -> None:
        assert sorted(ended) == ["LinkExpired", "done"]

    return Race((one, two), check)


def leaving_twice(world: World) -> Race:
    """Two administrators hand over what hangs on one account, each to somebody else: one of them does."""
    leaving, other = world.agent(), world.agent(is_admin=True)
    rows, team = world.make_assigned(leaving, 3), cast.make_team(f"Team {next(world.numbers)}", manager=leaving)

    def leave(actor: Agent) -> Departure | None:
        heir = departures.value_of(actor)
        choices = {"tickets": heir, "managed_teams": heir}
        return departures.leave(Agent.get_by_id(leaving.id), choices, actor=actor)

    def check(ended: list[str]) -> None:
        assert ended == ["done", "done"]
        require_seen(*rows)
        heirs = {again(row).assignee_id for row in rows} | {Team.get_by_id(team.id).manager_id}
        assert heirs in ({world.root.id}, {other.id})
        assert Departure.select().where(Departure.agent == leaving.id).count() == 1

    return Race((lambda: leave(world.root), lambda: leave(other)), check)


def leaving_beside_the_heir(world: World) -> Race:
    """Who gets the tickets leaves at the same moment: they go to nobody who is gone."""
    leaving, heir = world.agent(), world.agent()
    rows = world.make_assigned(leaving, 2)
    choices = {"tickets": departures.value_of(heir)}
    acts = (
        lambda: departures.leave(Agent.get_by_id(leaving.id), choices, actor=world.root),
        lambda: departures.leave(Agent.get_by_id(heir.id), {}, actor=world.root),
    )

    def check(ended: list[str]) -> None:
        assert ended in (["done", "done"], ["InvalidInput", "done"])
        require_seen(*rows)

    return Race(acts, check)


def undoing_a_departure_twice(world: World) -> Race:
    """Two administrators undo one departure: it is undone once."""
    leaving, other = world.agent(), world.agent(is_admin=True)
    rows = world.make_assigned(leaving, 2)
    departure = departures.leave(Agent.get_by_id(leaving.id), {}, actor=world.root)
    assert departure is not None
    one, two = (
        lambda actor=actor: departures.undo(Departure.get_by_id(departure.id), actor=actor)
        for actor in (world.root, other)
    )

    def check(ended: list[str]) -> None:
        assert sorted(ended) == ["InvalidInput", "done"]
        assert {again(row).assignee_id for row in rows} == {leaving.id}

    return Race((one, two), check)


KINDS = (
    *(leaving_twice, leaving_beside_the_heir, undoing_a_departure_twice),
    *(assigning_beside_disabling, taking_beside_disabling, transferring_beside_deleting, replying_beside_deleting),
    *(many_assigned_beside_disabling, taking_an_act_back_beside_disabling, merging_beside_disabling),
    *(assigning_to_a_team_beside_disabling_it, writing_beside_disabling_the_assignee, disabling_each_other),
    *(deleting_a_role_beside_giving_it, using_two_reset_links, accepting_an_invitation_twice),
)
