"""The screens of single sign-on: providers set up, their secrets, and who is linked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask.testing import FlaskClient

from helpdesk import clock, settings
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.single_sign_on import providers, state
from models import Agent, Customer, Identity, IdentityProvider, JournalEntry, Role, Service
from tests.support import doors, sqlite_only
from tests.support.oidc_provider import OidcProvider

Clients = Callable[[Agent | Customer], FlaskClient]
PAGE = "/admin/identity-providers/"
FORM = {
    "label-en": "Acme", "label-fr": "Acmé", "issuer": "https://sso.desk.example/realms/acme", "client_id": "desk",
    "secret": "a secret of the desk", "scopes": "profile email", "enabled": "y", "for_agents": "y", "covers": "nothing",
}  # fmt: skip


def test_a_provider_is_set_up_and_its_secret_is_shown_to_nobody(client_of: Clients, root: Agent) -> None:
    client = client_of(root)
    page = client.get(f"{PAGE}new/").get_data(as_text=True)
    assert f"{settings.site_url()}/admin/single-sign-on" in page
    answer = doors.post(client, f"{PAGE}new/", FORM)
    assert answer.status_code == 302, doors.text_of(answer)
    row = IdentityProvider.get()
    assert (str(row), row.scopes, settings.decrypt(row.client_secret)) == (
        "Acme",
        "openid profile email",
        FORM["secret"],
    )
    text = client.get(f"{PAGE}edit/?id={row.id}").get_data(as_text=True)
    assert (FORM["secret"] in text, row.client_secret in text, FORM["client_id"] in text) == (False, False, True)
    assert FORM["secret"] not in "".join(str(line.data) for line in JournalEntry.select())
    doors.post(client, f"{PAGE}edit/?id={row.id}", {**FORM, "secret": "", "label-en": "Acme Ltd"})
    row = IdentityProvider.get()
    assert (row.label["en"], settings.decrypt(row.client_secret)) == ("Acme Ltd", FORM["secret"])


@sqlite_only
def test_another_application_ends_what_was_linked_once_asked(
    client_of: Clients, root: Agent, linked: Identity, provider: IdentityProvider
) -> None:
    client, url = client_of(root), f"{PAGE}edit/?id={provider.id}"
    form = {**FORM, "issuer": provider.issuer, "client_id": "another", "secret": ""}
    assert "1 account is unlinked: at another application" in doors.text_of(doors.post(client, url, form))
    answer = doors.post(client, url, {**form, "confirmed": "1"})
    assert "Type the client secret: it belongs to this application." in doors.text_of(answer)
    doors.post(client, url, {**form, "secret": "new", "confirmed": "1"})
    assert (Identity.select().count(), IdentityProvider.get().client_id) == (0, "another")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"issuer": ""}, "issuer"),
        ({"issuer": "http://sso.desk.example"}, "issuer"),
        ({"issuer": "https://user@sso.desk.example"}, "issuer"),
        ({"issuer": "https://sso.desk.example?x"}, "issuer"),
        ({"issuer": "https://sso desk.example"}, "issuer"),
        ({"issuer": "https://[::1"}, "issuer"),
        ({"issuer": "sso.desk.example"}, "issuer"),
        ({"client_id": " "}, "client_id"),
        ({"scopes": 'open"id'}, "scopes"),
        ({"secret": ""}, "secret"),
        ({"label": {}}, "label"),
        ({"admits": True}, "group"),
        ({"admits": True, "group": "desk"}, "role"),
        ({"covers": "place"}, "service"),
        ({"covers": "everything"}, "covers"),
    ],
)  # fmt: skip
@sqlite_only
def test_what_cannot_be_is_refused_at_its_field(root: Agent, values: dict[str, Any], field: str) -> None:
    good = {"label": {"en": "Acme"}, "issuer": "https://sso.desk.example", "client_id": "desk", "secret": "x"}
    with pytest.raises(InvalidInput) as refused:
        providers.save(IdentityProvider(), {**good, **values}, actor=root)
    assert refused.value.field == field
    assert IdentityProvider.select().count() == 0


@sqlite_only
def test_only_this_machine_is_asked_without_https_and_only_by_a_desk_that_is_tried_out_there(
    root: Agent, provider: IdentityProvider
) -> None:
    values = {"label": {"en": "x"}, "issuer": provider.issuer, "client_id": "y", "secret": "z"}
    assert providers.save(IdentityProvider(), values, actor=root).id
    settings.save({"site_url": "https://desk.example.org"}, actor=root)
    with pytest.raises(InvalidInput):
        providers.save(IdentityProvider(), values, actor=root)
    failure = providers.protocol().Failure
    with pytest.raises(failure) as refused:
        providers.client_of(provider, "/x").metadata()
    assert refused.value.key == "address"


@sqlite_only
def test_a_certificate_that_nobody_vouches_for_is_refused(
    database: Any, tmp_path: Any, request: pytest.FixtureRequest
) -> None:
    made = OidcProvider(self_signed(tmp_path))
    request.addfinalizer(made.stop)
    failure = providers.protocol().Failure
    with pytest.raises(failure) as refused:
        providers.client_of(made.row(), "/x").metadata()
    assert (refused.value.key, made.requests) == ("certificate", [])


def self_signed(folder: Any) -> str:
    """Return the file of a certificate that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    certificate = made.sign(key, hashes.SHA256())
    path = folder / "certificate.pem"
    encoding, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(
        key.private_bytes(encoding, kind, serialization.NoEncryption()) + certificate.public_bytes(encoding)
    )
    return str(path)


@sqlite_only
def test_who_configures_sets_no_provider_up(client_of: Clients, provider: IdentityProvider, ben: Agent) -> None:
    role = Role.get(Role.can_configure == True)  # noqa: E712
    ben.role = role
    ben.save()
    client = client_of(ben)
    for page in (PAGE, f"{PAGE}new/", "/admin/identities/"):
        assert client.get(page).status_code == 403
    with pytest.raises(NotAllowed):
        providers.save(provider, {}, actor=ben)
    with pytest.raises(NotAllowed):
        providers.delete(provider, actor=ben)


@sqlite_only
def test_the_list_says_who_is_linked_and_an_administrator_unlinks(
    client_of: Clients, linked: Identity, root: Agent, ana: Agent, carol: Customer
) -> None:
    Identity.create(
        provider=linked.provider, sub="c", customer=carol, email="carol@acme.example", linked_at=clock.now()
    )
    client = client_of(root)
    text = doors.text_of(client.get(f"/admin/identities/?id={linked.provider_id}"))
    assert (ana.name in text, "@acme.example" in text) == (True, True)
    assert ana.name in doors.text_of(client.get("/admin/identities/?id=²"))
    assert "Never" not in doors.text_of(client.get(PAGE))
    doors.post(client, "/admin/identities/delete/", {"id": linked.id, "confirmed": "1"})
    assert [row.sub for row in Identity.select()] == ["c"]
    assert "unlinked the account" in doors.text_of(client.get("/admin/journal/"))
    doors.post(client, f"{PAGE}delete/", {"id": linked.provider_id, "confirmed": "1"})
    assert (Identity.select().count(), IdentityProvider.select().count()) == (0, 0)


@sqlite_only
def test_the_doctor_knows(request_context: None, provider: IdentityProvider, acme: OidcProvider) -> None:
    assert [finding[1] for finding in state.findings(deep=True)] == [True]
    acme.is_down = True
    providers.protocol().forget()
    [(_name, is_well, text, _note)] = state.findings(deep=True)
    assert (is_well, "Acme cannot be reached" in text) == (False, True)
    provider.client_secret = "of another key"
    provider.save()
    [(_name, is_well, text, _note)] = state.findings(deep=False)
    assert (is_well, "cannot be read" in text) == (False, True)


@sqlite_only
def test_a_service_that_goes_makes_nobody_see_everything(provider: IdentityProvider, sales: Service) -> None:
    provider.covers, provider.service = "place", sales
    provider.save()
    sales.delete_instance()
    row = IdentityProvider.get()
    assert (row.covers, row.service_id) == ("place", None)
