"""Accounts of agents: how they begin, change and end."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from helpdesk import events, links, settings
from helpdesk.access import SYSTEM
from helpdesk.errors import InvalidInput, NotAllowed, NotFound, StillInUse
from helpdesk.events import EventKind
from helpdesk.people import agents, invitations, sign_ins, teams
from helpdesk.people.sign_in_limits import Visitor
from models import Agent, Customer, Message, OutgoingEmail, Permission, Role, Service, Ticket, TicketEvent
from tests.support import cast

NEW = "a new and longer password"


def first(email: str = "root@desk.example") -> Agent:
    return invitations.create_first_administrator("Root", email, cast.PASSWORD, "fr")


def give(ticket: Ticket, agent: Agent) -> Ticket:
    """Assign a ticket without the mails of it."""
    Ticket.update(assignee=agent, team=None).where(Ticket.id == ticket.id).execute()
    return ticket


def unassignments(ticket: Ticket) -> list[str]:
    lines = ticket.events.where(TicketEvent.kind == EventKind.UNASSIGNED.value)
    return [events.describe(line) for line in lines]


# --- The first administrator --------------------------------------------------------------------------------------


def test_the_first_administrator_covers_the_whole_support_and_is_told(database: Any) -> None:
    root = first()
    permission = Permission.get()
    assert (root.is_admin, root.locale, root.role.can_configure) == (True, "fr", True)
    assert (permission.agent, permission.service, permission.notify) == (root, None, True)
    assert sign_ins.sign_in("root@desk.example", cast.PASSWORD, visitor=Visitor("")) == root


def test_the_second_claim_is_refused(database: Any) -> None:
    first()
    with pytest.raises(NotAllowed):
        first("mallory@desk.example")
    assert Agent.select().count() == 1


def test_a_disabled_administrator_does_not_reopen_the_set_up(database: Any) -> None:
    cast.make_agent("Root", is_admin=True, active=False)
    with pytest.raises(NotAllowed):
        first("mallory@desk.example")


def test_a_claim_waits_for_the_one_before(database: Any) -> None:
    def claim() -> Agent:
        with database.connection_context():
            return first("mallory@desk.example")

    with ThreadPoolExecutor(1) as pool:
        with database.atomic():
            cast.make_agent("Root", is_admin=True)
            late = pool.submit(claim)
            time.sleep(0.3)
        assert isinstance(late.exception(), NotAllowed)
    assert Agent.select().count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ((" ", "root@desk.example", cast.PASSWORD, "en"), "name"),
        (("Root", "root", cast.PASSWORD, "en"), "email"),
        (("Root", "root@desk.example", "short", "en"), "password"),
        (("Root", "root@desk.example", cast.PASSWORD, "xx"), "locale"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(database: Any, values: tuple[str, ...], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        invitations.create_first_administrator(*values)
    assert refused.value.field == field
    assert Agent.select().count() == 0


def test_the_command_makes_a_first_and_further_administrators(database: Any) -> None:
    for name in ("root", "second"):
        invitations.create_administrator(name, f"{name}@desk.example", cast.PASSWORD)
    assert Agent.select().where(Agent.is_admin).count() == 2
    assert [row.agent.name for row in Permission.select()] == ["root"]


def test_without_any_role_the_first_administrator_gets_one(database: Any) -> None:
    Role.delete().execute()
    assert first().role.can_configure


# --- Invitations --------------------------------------------------------------------------------------------------


@pytest.fixture
def eve(request_context: None, root: Agent) -> Agent:
    """An agent who was invited."""
    return invitations.invite(root, "Eve@desk.example", " Eve ", Role.get(), locale="fr")


def invitation(agent: Agent) -> Any:
    return links.find("invitation", links.make("invitation", agent=agent))


def test_an_invitation_is_mailed_to_an_account_without_a_password(eve: Agent) -> None:
    mail = OutgoingEmail.get()
    assert (eve.email, eve.name, eve.is_admin, eve.password_hash) == ("eve@desk.example", "Eve", False, None)
    assert (mail.to_email, mail.link_kind, mail.locale) == ("eve@desk.example", "invitation", "fr")


def test_a_taken_address_is_not_invited(eve: Agent, root: Agent) -> None:
    with pytest.raises(InvalidInput, match="There is an account"):
        invitations.invite(root, "EVE@desk.example", "Eve", Role.get())
    assert OutgoingEmail.select().count() == 1


def test_an_invitation_needs_a_role(root: Agent) -> None:
    with pytest.raises(InvalidInput) as refused:
        invitations.invite(root, "eve@desk.example", "Eve", None)
    assert refused.value.field == "role"


def test_accepting_chooses_name_and_password(eve: Agent) -> None:
    link = invitation(eve)
    invitations.accept_invitation(link, "Eve White", NEW)
    assert sign_ins.sign_in("eve@desk.example", NEW, visitor=Visitor("")).name == "Eve White"
    with pytest.raises(links.LinkExpired):
        invitations.accept_invitation(link, "Mallory", "another password")


def test_accepting_ends_the_other_invitations(eve: Agent) -> None:
    other = links.make("invitation", agent=eve)
    invitations.accept_invitation(invitation(eve), "Eve", NEW)
    with pytest.raises(NotFound):
        links.find("invitation", other)


def test_a_disabled_account_cannot_be_accepted(eve: Agent, root: Agent) -> None:
    link = invitation(eve)
    agents.disable_agent(eve, actor=root)
    with pytest.raises(NotFound):
        invitations.accept_invitation(link, "Eve", NEW)


def test_an_administrator_may_copy_the_link(eve: Agent, root: Agent) -> None:
    settings.save({"site_url": "https://help.example.org"})
    url = invitations.invitation_link(eve, actor=root)
    assert url.startswith("https://help.example.org/admin/invitation/")
    assert links.find("invitation", url.rpartition("/")[2]).agent == eve


def test_a_second_invitation_ends_the_first(eve: Agent, root: Agent) -> None:
    token = links.make("invitation", agent=eve)
    invitations.invite_again(eve, actor=root)
    assert OutgoingEmail.select().count() == 2
    with pytest.raises(NotFound):
        links.find("invitation", token)


def test_whoever_has_a_password_is_not_invited_again(ana: Agent, root: Agent) -> None:
    for act in (invitations.invite_again, invitations.invitation_link):
        with pytest.raises(InvalidInput):
            act(ana, actor=root)


# --- Changing accounts --------------------------------------------------------------------------------------------


def test_an_account_is_changed_as_far_as_given(ana: Agent, root: Agent) -> None:
    agents.save_agent(ana, {"name": "Ana Duval", "timezone": "Europe/Paris", "password_hash": "x"}, actor=root)
    stored = Agent.get_by_id(ana.id)
    assert (stored.name, stored.timezone, stored.email) == ("Ana Duval", "Europe/Paris", "ana@desk.example")
    assert stored.password_hash == cast.password_hash()


def test_saving_a_new_account_invites_it(request_context: None, root: Agent) -> None:
    made = agents.save_agent(Agent(), {"email": "x@desk.example", "name": "X", "role": Role.get()}, actor=root)
    assert OutgoingEmail.get().agent == made


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"email": "x"}, "email"),
        ({"email": "root@desk.example"}, "email"),
        ({"role": 999_999}, "role"),
        ({"locale": "xx"}, "locale"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
    ],
)
def test_bad_values_are_refused_at_their_field(ana: Agent, root: Agent, values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        agents.save_agent(ana, values, actor=root)
    assert refused.value.field == field


def test_a_new_address_ends_what_was_mailed_to_the_old_one(ana: Agent, root: Agent) -> None:
    token = links.make("reset", agent=ana)
    agents.save_agent(ana, {"email": "ana@new.example"}, actor=root)
    with pytest.raises(NotFound):
        links.find("reset", token)


def test_changing_ones_own_address_needs_the_password(root: Agent) -> None:
    with pytest.raises(InvalidInput) as refused:
        agents.save_agent(root, {"email": "root@new.example"}, actor=root)
    assert refused.value.field == "current"
    agents.save_agent(root, {"email": "root@new.example", "current": cast.PASSWORD}, actor=root)
    assert Agent.get_by_id(root.id).email == "root@new.example"


@pytest.mark.parametrize("values", [{"is_admin": True}, {"role": 1}])
def test_other_rights_end_the_sign_ins(ana: Agent, root: Agent, values: dict[str, Any]) -> None:
    ana.role = cast.make_role("Narrow")
    ana.save()
    token = sign_ins.start_sign_in(ana)
    agents.save_agent(ana, {**values, "role": Role.get()} if "role" in values else values, actor=root)
    assert sign_ins.person_of(token) is None


def test_ones_profile_holds_name_language_and_zone_only(ana: Agent) -> None:
    agents.save_profile(ana, {"name": "Anna", "locale": "fr", "email": "x@x.example", "is_admin": True})
    stored = Agent.get_by_id(ana.id)
    assert (stored.name, stored.locale, stored.email, stored.is_admin) == ("Anna", "fr", "ana@desk.example", False)


# --- Disabling and deleting ---------------------------------------------------------------------------------------


def test_disabling_signs_out_and_ends_links(ana: Agent, root: Agent) -> None:
    token, link = sign_ins.start_sign_in(ana), links.make("reset", agent=ana)
    agents.disable_agent(ana, actor=root)
    assert sign_ins.person_of(token) is None
    with pytest.raises(NotFound):
        links.find("reset", link)


def test_disabling_unassigns_every_ticket_and_says_why(ticket: Ticket, ana: Agent, root: Agent) -> None:
    give(ticket, ana)
    assert teams.unassigned_by(ana) == teams.unassigned_by(ana, {"active": False}) == 1
    assert teams.unassigned_by(ana, {"name": "Ana"}) == 0
    agents.disable_agent(ana, actor=root)
    assert Ticket.get().assignee is None
    assert unassignments(ticket) == ["Root unassigned the ticket: Ana was disabled"]


def test_closed_and_binned_tickets_are_unassigned_too(ticket: Ticket, ana: Agent, root: Agent) -> None:
    give(ticket, ana)
    Ticket.update(is_open=False, in_bin=True).execute()
    agents.disable_agent(ana, actor=root)
    assert Ticket.get().assignee is None


def test_the_tickets_of_others_stay_theirs(ticket: Ticket, ana: Agent, ben: Agent, root: Agent) -> None:
    give(ticket, ben)
    agents.disable_agent(ana, actor=root)
    assert Ticket.get().assignee == ben
    assert unassignments(ticket) == []


def test_an_account_may_be_opened_again(ana: Agent, root: Agent) -> None:
    agents.disable_agent(ana, actor=root)
    agents.save_agent(ana, {"active": True}, actor=root)
    assert sign_ins.sign_in("ana@desk.example", cast.PASSWORD, visitor=Visitor("")) == ana


def test_deleting_leaves_the_name_on_what_was_written(ticket: Ticket, ana: Agent, root: Agent) -> None:
    give(ticket, ana)
    Message.create(ticket=ticket, kind="note", agent=ana, author_name="Ana", body="", created_at=ticket.created_at)
    events.record(ticket, EventKind.TAGGED, actor=ana, tag="x")
    assert agents.delete_agent(ana, actor=root) == 1
    assert Message.get(Message.kind == "note").author_name == "Ana"
    assert TicketEvent.get(TicketEvent.kind == "tagged").actor_name == "Ana"
    assert unassignments(ticket) == ["Root unassigned the ticket: Ana was deleted"]


@pytest.mark.parametrize(
    "act",
    [
        lambda agent: agents.disable_agent(agent, actor=agent),
        lambda agent: agents.save_agent(agent, {"is_admin": False}, actor=agent),
        lambda agent: agents.delete_agent(agent, actor=agent),
    ],
)
def test_the_last_administrator_stays(root: Agent, act: Callable[[Agent], object]) -> None:
    cast.make_agent("Old", is_admin=True, active=False)
    with pytest.raises(StillInUse, match="last active administrator"):
        act(root)
    stored = Agent.get_by_id(root.id)
    assert stored.active
    assert stored.is_admin


def test_administrators_cannot_all_leave_at_once(database: Any) -> None:
    for number in range(4):
        cast.make_agent(f"Root{number}", is_admin=True)

    def leave(number: int) -> None:
        with database.connection_context():
            try:
                agents.disable_agent(Agent.get(Agent.name == f"Root{number}"), actor=SYSTEM)
            except StillInUse:
                return

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(leave, range(4)))
    assert Agent.select().where(Agent.active).count() == 1


def test_only_administrators_change_accounts(ana: Agent, ben: Agent, sales: Service, carol: Customer) -> None:
    ana.role = Role.get(Role.can_configure)
    ana.save()
    for actor in (ana, carol):
        for act in (
            lambda actor=actor: invitations.invite(actor, "x@desk.example", "X", Role.get()),
            lambda actor=actor: agents.save_agent(ben, {"name": "X"}, actor=actor),
            lambda actor=actor: agents.save_agent(ben, {"is_admin": True}, actor=actor),
            lambda actor=actor: agents.disable_agent(ben, actor=actor),
            lambda actor=actor: agents.delete_agent(ben, actor=actor),
            lambda actor=actor: invitations.invitation_link(ben, actor=actor),
        ):
            with pytest.raises(NotAllowed):
                act()


def test_an_administrator_who_was_only_invited_does_not_count(root):
    cast.make_agent("Invited", is_admin=True, password_hash=None)
    with pytest.raises(StillInUse):
        agents.disable_agent(root, actor=root)
