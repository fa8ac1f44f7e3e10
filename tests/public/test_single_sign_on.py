"""Customers sign in with their organisation's account, where an owner has ticked that they may."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk import clock, links
from helpdesk.errors import InvalidInput
from helpdesk.single_sign_on import providers
from models import Agent, Customer, CustomerAddress, Identity, IdentityProvider
from tests.support import cast, doors, sqlite_only
from tests.support.oidc_pages import come_back, leave, links_on, path_of
from tests.support.oidc_provider import OidcProvider

SIGN_IN = "/sign-in"


@pytest.fixture
def for_members(provider: IdentityProvider) -> IdentityProvider:
    provider.for_members = True
    provider.save()
    return provider


def is_in(client: Any) -> bool:
    return bool(client.get("/tickets").status_code == 200)


def test_somebody_new_becomes_a_member(app: Any, for_members: IdentityProvider, acme: OidcProvider) -> None:
    acme.sign_in_as("new@acme.example", name="Nora New")
    for _time in range(2):
        client = app.test_client()
        assert come_back(client, acme, SIGN_IN).location == "/tickets"
        assert is_in(client)
    address = CustomerAddress.get(CustomerAddress.email == "new@acme.example")
    assert (address.is_proven, address.customer.full_name, Customer.select().count()) == (True, "Nora New", 1)


def test_a_known_address_is_linked_after_a_mailed_link_and_not_before(
    app: Any, for_members: IdentityProvider, acme: OidcProvider, carol: Customer
) -> None:
    acme.sign_in_as(carol.primary_address.email)
    client = app.test_client()
    come_back(client, acme, SIGN_IN)
    assert (is_in(client), Identity.select().count()) == (False, 0)
    assert "sign in once below" in doors.text_of(client.get(SIGN_IN))
    token = links.make("sign-in", address=carol.primary_address)
    doors.post(client, f"/sign-in/{token}")
    assert [row.customer_id for row in Identity.select()] == [carol.id]
    other = app.test_client()
    come_back(other, acme, SIGN_IN)
    assert is_in(other)
    page = other.get("/account").get_data(as_text=True)
    assert "Linked accounts" in page
    doors.post(other, f"/account/linked/{Identity.get().id}/remove")
    assert Identity.select().count() == 0


@sqlite_only
def test_an_address_that_a_stranger_typed_opens_nothing_of_it(
    app: Any, for_members: IdentityProvider, acme: OidcProvider
) -> None:
    customer = cast.make_customer("Typed", proven=False)
    acme.sign_in_as(customer.primary_address.email)
    client = app.test_client()
    come_back(client, acme, SIGN_IN)
    assert not is_in(client)


@sqlite_only
def test_without_the_tick_there_is_no_button_and_no_way(
    app: Any, provider: IdentityProvider, acme: OidcProvider
) -> None:
    client = app.test_client()
    assert links_on(client, SIGN_IN, "/by/") == []
    assert client.get(f"/sign-in/by/{provider.id}?token={doors.csrf_token(client)}").status_code == 404


@sqlite_only
def test_the_account_of_an_agent_is_no_customers(
    app: Any, for_members: IdentityProvider, linked: Identity, acme: OidcProvider
) -> None:
    client = app.test_client()
    come_back(client, acme, SIGN_IN)
    assert (is_in(client), Customer.select().count()) == (False, 0)


def test_once_it_is_for_agents_alone_it_opens_no_customers_account(
    app: Any, for_members: IdentityProvider, acme: OidcProvider, carol: Customer
) -> None:
    acme.sign_in_as(carol.primary_address.email)
    Identity.create(provider=for_members, sub=acme.person["sub"], customer=carol, linked_at=clock.now())
    client = app.test_client()
    back = path_of(acme.allow(leave(client, SIGN_IN)))
    for_members.for_members = False
    for_members.save()
    client.get(back)
    assert not is_in(client)


def test_a_provider_for_customers_alone_opens_no_account_of_the_team(
    app: Any, for_members: IdentityProvider, linked: Identity, acme: OidcProvider, ana: Agent, root: Agent
) -> None:
    values = {"label": for_members.label, "issuer": for_members.issuer, "client_id": for_members.client_id}
    with pytest.raises(InvalidInput, match="agents, customers or both"):
        providers.save(for_members, {**values, "for_agents": False}, actor=root)
    providers.save(IdentityProvider.get(), {**values, "for_agents": False, "for_members": True}, actor=root)
    client = app.test_client()
    assert links_on(client, "/admin/sign-in", "/by/") == []
    place = f"/admin/sign-in/by/{for_members.id}?token={doors.csrf_token(client)}"
    assert client.get(place).status_code == 404
    assert links_on(client, SIGN_IN, "/by/") != []


def test_one_account_there_opens_one_here_and_that_is_said(
    app: Any, for_members: IdentityProvider, linked: Identity, acme: OidcProvider, carol: Customer
) -> None:
    client = app.test_client()
    come_back(client, acme, SIGN_IN)
    assert "opens an account of the team here" in doors.text_of(client.get(SIGN_IN))
    Identity.update(agent=None, customer=carol).execute()
    other = app.test_client()
    come_back(other, acme)
    assert "opens an account of customers here" in doors.text_of(other.get("/admin/sign-in"))
