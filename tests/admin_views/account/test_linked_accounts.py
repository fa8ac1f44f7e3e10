"""Accounts of providers: linked and unlinked in the profile, asked before what hurts, tried out, made for a group."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from helpdesk import clock
from helpdesk.lib import passwords
from helpdesk.people import required_second_factor
from helpdesk.single_sign_on import providers
from models import Agent, Customer, Identity, IdentityProvider, JournalEntry, Permission, Role, Service, SignIn, Ticket
from tests.support import cast, doors, phones, sqlite_only
from tests.support.oidc_pages import SIGN_IN, come_back, is_in, leave, links_on, path_of, refusals
from tests.support.oidc_provider import OidcProvider

Clients = Callable[[Agent | Customer], FlaskClient]
PROFILE = "/admin/profile"


def age(minutes: int = 16) -> None:
    """Let every sign-in be so old."""
    SignIn.update(created_at=clock.now() - timedelta(minutes=minutes), confirmed_at=None).execute()


# --- Linked and unlinked ------------------------------------------------------------------------------------------


def test_an_account_is_linked_from_the_profile_whatever_its_address(
    client_of: Clients, provider: IdentityProvider, acme: OidcProvider, ana: Agent
) -> None:
    client = client_of(ana)
    acme.sign_in_as("another@acme.example", email_verified=False)
    answer = come_back(client, acme, PROFILE, "/linked/")
    assert answer.location == PROFILE
    assert "From now on, “Acme” opens your account." in doors.text_of(client.get(PROFILE))
    row = Identity.get()
    assert (row.agent_id, row.email, row.last_used_at) == (ana.id, "another@acme.example", None)
    assert links_on(client, PROFILE, "/new") == []
    doors.post(client, f"{PROFILE}/linked/{row.id}/remove")
    assert Identity.select().count() == 0
    acts = [line.act for line in JournalEntry.select().order_by(JournalEntry.id)]
    assert acts[-2:] == ["identity-linked", "identity-unlinked"]


def test_linking_and_unlinking_ask_again_after_a_quarter_of_an_hour(
    client_of: Clients, linked: Identity, ana: Agent
) -> None:
    client = client_of(ana)
    age()
    assert doors.post(client, f"{PROFILE}/linked/{linked.id}/remove").location.startswith("/admin/confirm")
    assert Identity.select().count() == 1
    Identity.delete().execute()
    assert client.get(links_on(client, PROFILE, "/linked/")[0]).location.startswith("/admin/confirm")


def test_what_is_somebody_elses_is_neither_linked_nor_unlinked(
    client_of: Clients, linked: Identity, acme: OidcProvider, ben: Agent
) -> None:
    client = client_of(ben)
    come_back(client, acme, PROFILE, "/linked/")
    assert "is linked to another person here" in doors.text_of(client.get(PROFILE))
    assert doors.post(client, f"{PROFILE}/linked/{linked.id}/remove").status_code == 404
    assert [row.agent_id for row in Identity.select()] == [linked.agent_id]


def test_a_way_begun_by_one_person_is_not_ended_by_another(
    app: Any, client_of: Clients, provider: IdentityProvider, acme: OidcProvider, ana: Agent, ben: Agent
) -> None:
    acme.sign_in_as("eve@acme.example")
    mine, theirs = client_of(ana), client_of(ben)
    back = path_of(acme.allow(leave(mine, PROFILE, "/linked/")))
    with mine.session_transaction() as session:
        ways = session["ways_to_providers"]
    with theirs.session_transaction() as session:
        session["ways_to_providers"] = ways
    theirs.get(back)
    assert Identity.select().count() == 0
    assert refusals() == []


@sqlite_only
def test_no_other_site_links_an_account(client_of: Clients, provider: IdentityProvider, ana: Agent) -> None:
    client = client_of(ana)
    for address in (f"{PROFILE}/linked/{provider.id}/new", f"/admin/confirm/by/{provider.id}"):
        assert not str(client.get(address).location).startswith("http")
        assert not str(client.get(f"{address}?token=x").location).startswith("http")


@sqlite_only
def test_the_last_way_in_stays(client_of: Clients, linked: Identity, ana: Agent) -> None:
    ana.password_hash = passwords.NONE
    ana.save()
    client = client_of(ana)
    doors.post(client, f"{PROFILE}/linked/{linked.id}/remove")
    assert "choose a password first" in doors.text_of(client.get(PROFILE))
    answer = doors.post(client, f"{PROFILE}/password", {"password": "a brand new password"})
    assert answer.status_code == 303, doors.text_of(answer)
    doors.post(client, f"{PROFILE}/linked/{linked.id}/remove")
    assert Identity.select().count() == 0


# --- Once more, before what hurts ---------------------------------------------------------------------------------


def test_who_has_no_password_confirms_at_the_provider(
    client_of: Clients, linked: Identity, acme: OidcProvider, ana: Agent
) -> None:
    ana.password_hash = passwords.NONE
    ana.save()
    client = client_of(ana)
    age()
    page = f"/admin/confirm?next={PROFILE}/two-factor"
    text = client.get(page).get_data(as_text=True)
    assert ('name="current"' in text, "sign in once more" in text) == (False, True)
    assert doors.post(client, "/admin/confirm", {"next": PROFILE}).status_code == 422
    answer = doors.post(client, f"{PROFILE}/password", {"password": "a brand new password"})
    assert "Confirm first that it is you." in doors.text_of(answer)
    assert Agent.get_by_id(ana.id).password_hash == passwords.NONE
    assert come_back(client, acme, page, "/by/").location == f"{PROFILE}/two-factor"
    assert (acme.queries[-1]["prompt"], acme.queries[-1]["max_age"]) == ("login", "0")
    assert SignIn.get().confirmed_at is not None
    assert doors.post(client, f"{PROFILE}/password", {"password": "a brand new password"}).status_code == 303
    assert passwords.is_set(Agent.get_by_id(ana.id).password_hash)


def test_a_second_factor_is_given_beside_the_provider_unless_it_asks_itself(
    client_of: Clients, linked: Identity, acme: OidcProvider, ana: Agent
) -> None:
    phone, _codes = phones.set_up(ana)
    ana.password_hash = passwords.NONE
    ana.save()
    client, page = client_of(ana), f"/admin/confirm?next={PROFILE}"
    age()
    assert 'name="code"' not in client.get(page).get_data(as_text=True)
    code = {"code": phone.code(), "next": PROFILE}
    assert doors.post(client, "/admin/confirm", code).status_code == 422
    onward = come_back(client, acme, page, "/by/").location
    assert (onward, SignIn.get().confirmed_at) == (page, None)
    assert 'name="code"' in client.get(page).get_data(as_text=True)
    assert doors.post(client, "/admin/confirm", {**code, "code": phone.wrong_code()}).status_code == 422
    assert doors.post(client, "/admin/confirm", code).location == PROFILE
    assert SignIn.get().confirmed_at is not None
    row = IdentityProvider.get()
    row.vouches = True
    row.save()
    age()
    assert come_back(client, acme, page, "/by/").location == PROFILE


@sqlite_only
def test_a_provider_must_have_asked_once_more_and_the_same_person(
    client_of: Clients, linked: Identity, acme: OidcProvider, ana: Agent
) -> None:
    client, page = client_of(ana), f"/admin/confirm?next={PROFILE}"

    def long_ago(claims: dict[str, Any], _header: Any) -> None:
        claims["auth_time"] -= 600

    def unsaid(claims: dict[str, Any], _header: Any) -> None:
        del claims["auth_time"]

    for twist, sentence in ((long_ago, "did not ask you to sign in once more"), (unsaid, "does not say when you")):
        age()
        acme.twist = twist
        assert sentence in doors.text_of(client.get(come_back(client, acme, page, "/by/").location))
        assert SignIn.get().confirmed_at is None
    acme.begin()
    acme.sign_in_as("eve@acme.example")
    age()
    text = doors.text_of(client.get(come_back(client, acme, page, "/by/").location))
    assert "another account of Acme than the one that is linked to you" in text
    assert SignIn.get().confirmed_at is None


# --- Tried out ----------------------------------------------------------------------------------------------------

TEST = "/admin/identity-providers/test/?id="


def test_the_test_shows_the_claims_and_neither_signs_in_nor_links(
    client_of: Clients, provider: IdentityProvider, acme: OidcProvider, root: Agent, ana: Agent
) -> None:
    provider.enabled = False
    provider.save()
    acme.sign_in_as(ana.email, groups=["desk", "<script>alert(1)</script>"])
    client = client_of(root)
    answer = come_back(client, acme, f"{TEST}{provider.id}", "token=")
    text = doors.text_of(answer)
    assert "Nobody was signed in or linked by it." in text
    assert "No account here is linked to this account of Acme." in text
    assert (ana.email in text, "<script>alert" in answer.get_data(as_text=True)) == (True, False)
    assert "desk-client" in text
    assert (Identity.select().count(), SignIn.select().count()) == (0, 1)
    Identity.create(provider=provider, sub=acme.person["sub"], agent=ana, linked_at=clock.now())
    text = doors.text_of(come_back(client, acme, f"{TEST}{provider.id}", "token="))
    assert f"{ana.name} would be signed in." in text
    assert Identity.get().last_used_at is None


@sqlite_only
def test_a_test_that_fails_says_why(
    client_of: Clients, provider: IdentityProvider, acme: OidcProvider, root: Agent
) -> None:
    client = client_of(root)
    acme.sign_in_as("x@acme.example")
    acme.twist = lambda claims, _header: claims.update(aud="another")
    answer = come_back(client, acme, f"{TEST}{provider.id}", "token=")
    assert answer.location == "/admin/identity-providers/"
    assert "lacks “aud”, or it is not for this desk" in doors.text_of(client.get(answer.location))


# --- A group ------------------------------------------------------------------------------------------------------


@pytest.fixture
def group(provider: IdentityProvider, billing: Service, acme: OidcProvider) -> IdentityProvider:
    """Who is in the group *desk* becomes an agent of Billing."""
    values = {
        "admits": True, "group": "desk", "role": Role.get(Role.can_configure == False),  # noqa: E712
        "covers": "place", "service": billing,
    }  # fmt: skip
    for name, value in values.items():
        setattr(provider, name, value)
    provider.save()
    acme.sign_in_as("new@desk.example", groups=["staff", "desk"], name="New  Person\n")
    return provider


def test_who_is_new_and_in_the_group_has_an_account_made(
    app: Any, group: IdentityProvider, acme: OidcProvider, billing: Service
) -> None:
    client = app.test_client()
    come_back(client, acme)
    agent = Agent.get(Agent.email == "new@desk.example")
    assert is_in(client)
    assert (agent.name, agent.password_hash, agent.is_admin) == ("New Person", "!", False)
    permission = Permission.get(Permission.agent == agent)
    assert (permission.service_id, permission.department_id) == (billing.id, None)
    assert Identity.get().by_group
    # No password opens it, not even the mark that stands for none.
    for password in ("!", ""):
        other = app.test_client()
        doors.post(other, SIGN_IN, {"email": agent.email, "password": password})
        assert not is_in(other)


def test_who_left_the_group_is_disabled_at_the_next_sign_in_and_their_tickets_are_freed(
    app: Any, group: IdentityProvider, acme: OidcProvider, sales: Service
) -> None:
    client = app.test_client()
    come_back(client, acme)
    agent = Agent.get(Agent.email == "new@desk.example")
    ticket = cast.open_ticket(cast.make_customer("Carl"), sales)
    Ticket.update(assignee=agent).where(Ticket.id == ticket.id).execute()
    acme.person["groups"] = ["staff"]
    other = app.test_client()
    answer = come_back(other, acme)
    assert (is_in(other), is_in(client)) == (False, False)
    assert not Agent.get_by_id(agent.id).active
    assert Ticket.get_by_id(ticket.id).assignee_id is None
    assert "No account here is linked to this account" in doors.text_of(other.get(answer.location))
    acme.person["groups"] = ["desk"]
    come_back(other, acme)
    # Who was disabled is made active again by an administrator.
    assert (is_in(other), refusals()) == (False, ["group", "disabled"])


def test_who_is_in_so_many_groups_that_none_is_named_has_left_none(
    app: Any, group: IdentityProvider, acme: OidcProvider
) -> None:
    come_back(app.test_client(), acme)
    made = Agent.get(Agent.email == "new@desk.example")
    del acme.person["groups"]
    acme.person |= {
        "_claim_names": {"groups": "src1"},
        "_claim_sources": {"src1": {"endpoint": "https://graph.example/getMemberObjects"}},
    }
    client = app.test_client()
    come_back(client, acme)
    assert "names no groups of yours, as you are in too many" in doors.text_of(client.get(SIGN_IN))
    assert (is_in(client), Agent.get_by_id(made.id).active, refusals()) == (False, True, ["groups-hidden"])


def test_who_is_linked_by_themselves_is_not_bound_to_the_group(
    app: Any, group: IdentityProvider, acme: OidcProvider, ana: Agent
) -> None:
    acme.sign_in_as(ana.email)
    Identity.create(provider=group, sub=acme.person["sub"], agent=ana, linked_at=clock.now())
    client = app.test_client()
    come_back(client, acme)
    assert (is_in(client), Agent.get_by_id(ana.id).active) == (True, True)


@sqlite_only
def test_no_account_is_made_without_the_group_for_an_address_somebody_has_or_one_not_proven(
    app: Any, group: IdentityProvider, acme: OidcProvider, ana: Agent
) -> None:
    for claims in ({"groups": []}, {"groups": None}, {"groups": "Desk"}, {"groups": {"desk": 1}}, {"email": ana.email},
                   {"email_verified": False}):  # fmt: skip
        acme.sign_in_as("new@desk.example", groups=["desk"])
        acme.person.update(claims)
        client = app.test_client()
        come_back(client, acme)
        assert not is_in(client), claims
    assert Agent.select().count() == 1


@sqlite_only
def test_groups_may_lie_deeper_or_come_later(app: Any, group: IdentityProvider, acme: OidcProvider) -> None:
    group.group_claim = "realm_access.roles"
    group.save()
    acme.sign_in_as("new@desk.example", realm_access={"roles": ["desk"]})
    acme.only_in_userinfo = {"realm_access"}
    client = app.test_client()
    come_back(client, acme)
    assert is_in(client)


@sqlite_only
def test_an_account_without_a_password_owes_a_second_factor_unless_its_provider_asks(
    app: Any, group: IdentityProvider, acme: OidcProvider
) -> None:
    role = group.role
    role.requires_second_factor = True
    role.save()
    come_back(app.test_client(), acme)
    agent = Agent.get(Agent.email == "new@desk.example")
    assert agent.second_factor_due_at is not None
    group.vouches = True
    group.save()
    required_second_factor.refresh()
    assert Agent.get_by_id(agent.id).second_factor_due_at is None


@sqlite_only
def test_where_no_group_admits_any_more_those_who_came_by_it_go_on(
    app: Any, client_of: Clients, group: IdentityProvider, acme: OidcProvider, root: Agent
) -> None:
    come_back(app.test_client(), acme)
    group.admits = False
    group.save()
    tested = doors.text_of(come_back(client_of(root), acme, f"{TEST}{group.id}", "token="))
    assert "New Person would be signed in." in tested
    client = app.test_client()
    come_back(client, acme)
    assert (is_in(client), Agent.get(Agent.email == "new@desk.example").active) == (True, True)


@sqlite_only
def test_who_may_also_come_by_a_provider_that_does_not_ask_owes_a_second_factor(
    app: Any, group: IdentityProvider, acme: OidcProvider, root: Agent
) -> None:
    group.role.requires_second_factor = group.vouches = True
    group.role.save()
    group.save()
    come_back(app.test_client(), acme)
    agent = Agent.get(Agent.email == "new@desk.example")
    assert agent.second_factor_due_at is None
    other = acme.row(client_id="another")
    Identity.create(provider=other, sub="x", agent=agent, linked_at=clock.now())
    Identity.create(provider=other, sub="y", customer=cast.make_customer("Carl"), linked_at=clock.now())
    required_second_factor.refresh()
    assert Agent.get_by_id(agent.id).second_factor_due_at is not None
    other.enabled = False
    other.save()
    required_second_factor.refresh()
    assert Agent.get_by_id(agent.id).second_factor_due_at is None
    providers.delete(group, actor=root)
    assert Agent.get_by_id(agent.id).second_factor_due_at is not None
