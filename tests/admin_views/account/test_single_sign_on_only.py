"""A desk whose agents come in by a provider alone: the server refuses the rest, and the machine reopens it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from helpdesk import clock, links, settings
from helpdesk.errors import InvalidInput, StillInUse
from helpdesk.people import mailed_links
from helpdesk.settings import environment
from helpdesk.single_sign_on import only, providers
from models import Agent, Customer, Identity, IdentityProvider, OutgoingEmail, SignIn
from tests.support import cast, doors, phones, sqlite_only
from tests.support.oidc_pages import SIGN_IN, come_back, is_in
from tests.support.oidc_provider import OidcProvider

Clients = Callable[[Agent | Customer], FlaskClient]
CLOSED = "passwords and passkeys open nothing"


@pytest.fixture
def roots(provider: IdentityProvider, root: Agent) -> Identity:
    """The administrator's account at the provider, by which they have come once."""
    now = clock.now()
    return Identity.create(provider=provider, sub="root", agent=root, email=root.email, linked_at=now, last_used_at=now)


@pytest.fixture
def only_there(roots: Identity, root: Agent) -> Identity:
    """The desk takes no passwords."""
    settings.save({only.ONLY: True}, actor=root)
    return roots


@pytest.fixture
def reopened(only_there: Identity) -> Iterator[None]:
    """The machine says that passwords open again."""
    before = environment.current()
    environment.use(replace(before, passwords=True))
    yield
    environment.use(before)


def test_it_is_refused_before_an_administrator_has_come_by_a_provider(
    provider: IdentityProvider, root: Agent, ana: Agent
) -> None:
    def refused() -> bool:
        with pytest.raises(InvalidInput, match="sign in with it once"):
            settings.save({only.ONLY: True}, actor=root)
        return not settings.get(only.ONLY)

    assert refused()
    Identity.create(provider=provider, sub="a", agent=ana, linked_at=clock.now(), last_used_at=clock.now())
    assert refused()
    row = Identity.create(provider=provider, sub="r", agent=root, linked_at=clock.now())
    assert refused()
    Identity.update(last_used_at=clock.now()).where(Identity.id == row.id).execute()
    provider.enabled = False
    provider.save()
    assert refused()
    provider.enabled = True
    provider.save()
    settings.save({only.ONLY: True}, actor=root)
    assert only.is_only()


def test_its_refusal_stands_at_the_switch_and_what_was_typed_stays(client_of: Clients, root: Agent) -> None:
    answer = doors.post(client_of(root), "/admin/configuration/", {only.ONLY: "y", "desk_name": "Acme’s desk"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert f'id="{only.ONLY}-error"' in page
    assert "sign in with it once" in doors.text_of(answer)
    assert 'value="Acme’s desk"' in page
    assert not settings.get(only.ONLY)


def test_it_ends_what_passwords_had_opened_but_for_who_switched_it(
    client_of: Clients, roots: Identity, root: Agent, ana: Agent, carol: Customer
) -> None:
    mine, theirs, customer = client_of(root), client_of(ana), client_of(carol)
    settings.save({only.ONLY: True}, actor=root)
    assert (is_in(mine), is_in(theirs)) == (True, False)
    assert customer.get("/tickets").status_code == 200


def test_the_server_refuses_the_password_and_the_page_has_no_form(
    app: Any, only_there: Identity, ana: Agent, root: Agent
) -> None:
    client = app.test_client()
    page = client.get(SIGN_IN).get_data(as_text=True)
    assert ('name="password"' in page, "/forgotten" in page, "Sign in with Acme" in page) == (False, False, True)
    for person in (ana, root):
        answer = doors.post(client, SIGN_IN, {"email": person.email, "password": cast.PASSWORD})
        assert (answer.status_code, CLOSED in doors.text_of(answer)) == (422, True)
    assert SignIn.select().count() == 0
    customer = cast.make_customer("Carl")
    doors.post(client, "/sign-in", {"email": customer.primary_address.email, "password": cast.PASSWORD})
    assert client.get("/tickets").status_code == 200


def test_a_password_links_once_beside_the_provider_and_does_no_more(
    app: Any, only_there: Identity, acme: OidcProvider, ana: Agent, ben: Agent
) -> None:
    acme.sign_in_as(ana.email)
    client = app.test_client()
    come_back(client, acme)
    assert 'name="password"' in client.get(SIGN_IN).get_data(as_text=True)
    doors.post(client, SIGN_IN, {"email": ben.email, "password": cast.PASSWORD})
    assert not is_in(client)
    doors.post(client, SIGN_IN, {"email": ana.email, "password": cast.PASSWORD})
    assert is_in(client)
    assert Identity.select().where(Identity.agent == ana).count() == 1
    # From now on another account there opens nothing, though it has the address.
    acme.sign_in_as(ana.email, sub="another one")
    other = app.test_client()
    come_back(other, acme)
    doors.post(other, SIGN_IN, {"email": ana.email, "password": cast.PASSWORD})
    assert not is_in(other)


def test_forgotten_passwords_and_links_to_new_ones_open_nothing(
    app: Any, only_there: Identity, ana: Agent, root: Agent
) -> None:
    client = app.test_client()
    doors.post(client, "/admin/forgotten", {"email": ana.email})
    assert OutgoingEmail.select().where(OutgoingEmail.to_email == ana.email).count() == 0
    url = mailed_links.new_password_link(root, actor=None).removeprefix(settings.site_url())
    answer = client.get(url)
    assert (answer.status_code, CLOSED in doors.text_of(answer)) == (403, True)
    assert doors.post(client, url, {"password": "a brand new password"}).status_code == 403
    # Who is not linked yet chooses one, to link: they are not signed in by it.
    url = mailed_links.new_password_link(ana, actor=root).removeprefix(settings.site_url())
    answer = doors.post(client, url, {"password": "a brand new password"})
    assert (answer.location, is_in(client)) == (SIGN_IN, False)


def test_an_invitation_lets_in_whom_it_invites(app: Any, only_there: Identity, root: Agent) -> None:
    agent = cast.make_agent("New", password_hash=None)
    url = links.url("invitation", links.make("invitation", agent=agent)).removeprefix(settings.site_url())
    client = app.test_client()
    doors.post(client, url, {"name": "New", "password": "a brand new password"})
    assert is_in(client)


@sqlite_only
def test_a_passkey_alone_opens_nothing_and_after_the_provider_it_is_the_second_factor(
    app: Any, only_there: Identity, acme: OidcProvider, ana: Agent, root: Agent
) -> None:
    client = app.test_client()
    answer = doors.post(client, "/admin/sign-in/passkey", {"passkey": "{}"})
    assert CLOSED in doors.text_of(answer)
    phones.set_up(root)
    acme.sign_in_as(root.email, sub="root")
    come_back(client, acme)
    answer = doors.post(client, "/admin/sign-in/passkey", {"passkey": "{}"}, follow_redirects=True)
    assert CLOSED not in doors.text_of(answer)
    assert "was not accepted" in doors.text_of(answer)


def test_the_machine_opens_passwords_again(app: Any, reopened: None, ana: Agent) -> None:
    client = app.test_client()
    doors.post(client, SIGN_IN, {"email": ana.email, "password": cast.PASSWORD})
    assert is_in(client)


def test_what_the_machine_opened_ends_with_it(app: Any, reopened: None, ana: Agent) -> None:
    client = app.test_client()
    doors.post(client, SIGN_IN, {"email": ana.email, "password": cast.PASSWORD})
    assert is_in(client)
    environment.use(replace(environment.current(), passwords=False))
    assert not is_in(client)


def test_the_last_way_in_of_administrators_is_kept(
    only_there: Identity, provider: IdentityProvider, root: Agent
) -> None:
    def form(**values: Any) -> dict[str, Any]:
        return {"label": provider.label, "issuer": provider.issuer, "client_id": provider.client_id, **values}

    for values in ({"enabled": False}, {"client_id": "another", "secret": "x"}):
        with pytest.raises(StillInUse, match="no administrator could any more"):
            providers.save(IdentityProvider.get(), form(**values), actor=root)
    with pytest.raises(StillInUse):
        providers.delete(IdentityProvider.get(), actor=root)
    assert (IdentityProvider.get().enabled, Identity.select().count()) == (True, 1)
    settings.save({only.ONLY: False}, actor=root)
    providers.delete(IdentityProvider.get(), actor=root)
    assert Identity.select().count() == 0
