"""Mailboxes of Google and Microsoft: signed in by OAuth, at a provider and a mail server that are real."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from flask.testing import FlaskClient

from helpdesk import clock, i18n, settings
from helpdesk.errors import InvalidInput, StillInUse
from helpdesk.incoming import mailbox_health, mailboxes, pipeline
from helpdesk.settings import mail_accounts, mail_providers
from models import Agent, Customer, IncomingMail, Mailbox, OutgoingEmail, Service
from tests.support import doors, sqlite_only
from tests.support import dovecot as real
from tests.support.imap_script import Script, ScriptedServer
from tests.support.mailbox import Controller, free_port
from tests.support.mails import mail, make_mailbox
from tests.support.oauth_provider import CLIENT, SECRET, OAuthProvider

Clients = Callable[[Agent | Customer], FlaskClient]


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[OAuthProvider, real.Dovecot]]:
    """A provider, and a dovecot that asks it about tokens."""
    provider = OAuthProvider()
    try:
        with real.running(f"{provider.url}/introspect") as server:
            yield provider, server
    finally:
        provider.stop()


@pytest.fixture
def provider(
    servers: tuple[OAuthProvider, real.Dovecot], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> OAuthProvider:
    made, server = servers
    made.account, made.seconds, made.renewals, made.is_down = f"u{abs(hash(request.node.nodeid))}", 3600, 0, False
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    made.admits_applications, made.applications = True, 0
    monkeypatch.setitem(mail_providers.PROVIDERS, "google", made.as_google(server.port))
    monkeypatch.setitem(mail_providers.PROVIDERS, "microsoft", made.as_microsoft(server.port))
    return made


@pytest.fixture
def server(servers: tuple[OAuthProvider, real.Dovecot], monkeypatch: pytest.MonkeyPatch) -> real.Dovecot:
    monkeypatch.setenv("SSL_CERT_FILE", str(servers[1].folder / "cert.pem"))
    return servers[1]


@pytest.fixture
def mailbox(provider: OAuthProvider, server: real.Dovecot, sales: Service) -> Mailbox:
    return make_mailbox(
        sales, kind="imap", auth="google", host="127.0.0.1", port=server.port, username=provider.account,
        client_id=CLIENT, client_secret=settings.encrypt(SECRET), begin="all",
    )  # fmt: skip


def sign_in(client: FlaskClient, mailbox: Mailbox, provider: OAuthProvider) -> str:
    """Sign a mailbox in as a browser does; return what the desk says."""
    there = client.get(f"/admin/mailboxes/sign-in/?id={mailbox.id}").location
    back = provider.allow(there)
    return doors.text_of(client.get(back.removeprefix(settings.site_url()), follow_redirects=True))


def run(app: Any) -> list[str]:
    with app.app_context(), i18n.in_language("en"):
        pipeline.run()
    return [row.state for row in IncomingMail.select().order_by(IncomingMail.id)]


def test_a_mailbox_signs_in_and_its_mails_become_tickets(
    client_of: Clients, root: Agent, mailbox: Mailbox, provider: OAuthProvider, server: real.Dovecot, app: Any
) -> None:
    server.put(mail(), user=provider.account)
    client = client_of(root)
    assert "To reconnect" in doors.text_of(client.get("/admin/mailboxes/"))
    assert "The mailbox is signed in." in sign_in(client, mailbox, provider)
    assert run(app) == ["new"]
    text = doors.text_of(doors.post(client, "/admin/mailboxes/test/", {"id": mailbox.id}))
    assert "Everything works." in text
    row = Mailbox.get()
    pages = client.get(f"/admin/mailboxes/edit/?id={row.id}").get_data(as_text=True) + row.tokens + row.client_secret
    assert not [secret for secret in provider.secrets if secret in pages]


def test_an_application_opens_a_mailbox_without_a_person(
    client_of: Clients, root: Agent, mailbox: Mailbox, provider: OAuthProvider, server: real.Dovecot, app: Any
) -> None:
    server.put(mail("One"), user=provider.account)
    mailbox.auth, mailbox.tenant, mailbox.as_application = "microsoft", "desk.example", True
    mailbox.save()
    client = client_of(root)
    assert "To reconnect" not in doors.text_of(client.get("/admin/mailboxes/"))
    assert "/sign-in/" not in client.get(f"/admin/mailboxes/edit/?id={mailbox.id}").get_data(as_text=True)
    assert "nobody signs in" in doors.text_of(
        client.get(f"/admin/mailboxes/sign-in/?id={mailbox.id}", follow_redirects=True)
    )
    assert run(app) == ["new"]
    assert run(app) == ["new"]
    # One token for all, renewed in time.
    assert provider.applications == 1
    provider.seconds = 1
    Mailbox.update(tokens="").execute()
    server.put(mail("Two"), user=provider.account)
    assert run(app) == ["new"] * 2
    run(app)
    assert provider.applications == 3
    # A permission that was taken away is asked for once an hour.
    provider.withdraw()
    run(app)
    run(app)
    assert provider.applications == 4
    assert "To reconnect" in doors.text_of(client.get("/admin/mailboxes/"))
    assert "unauthorized_client" in mailbox_health.failure_text(Mailbox.get())
    provider.admits_applications, provider.seconds = True, 3600
    mail_accounts.try_anew(mailbox.id)
    server.put(mail("Three"), user=provider.account)
    assert run(app) == ["new"] * 3
    row = Mailbox.get()
    pages = client.get(f"/admin/mailboxes/edit/?id={row.id}").get_data(as_text=True) + row.tokens
    assert not [secret for secret in provider.secrets if secret in pages]


def test_an_application_belongs_to_one_directory(root: Agent, sales: Service) -> None:
    values = {
        "address": "support@desk.example", "kind": "imap", "auth": "microsoft", "service": sales, "client_id": CLIENT,
        "client_secret_new": SECRET, "as_application": True,
    }  # fmt: skip
    with pytest.raises(InvalidInput, match="one directory"):
        mailboxes.save(Mailbox(), values, actor=root)
    row = mailboxes.save(Mailbox(), {**values, "tenant": "desk.example"}, actor=root)
    assert row.as_application
    Mailbox.update(tokens="x").execute()
    kept = {**values, "client_secret_new": "", "tenant": "desk.example", "as_application": False}
    row = mailboxes.save(row, kept, actor=root)
    # Its tokens were another permission's; the secret is that of the same application.
    assert (Mailbox.get().tokens, settings.decrypt(Mailbox.get().client_secret)) == ("", SECRET)
    with_password = {**values, "auth": "password", "host": "imap.desk.example", "username": "support"}
    assert not mailboxes.save(row, with_password, actor=root).as_application


def test_no_token_reaches_the_log(
    client_of: Clients, root: Agent, mailbox: Mailbox, provider: OAuthProvider, app: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    sign_in(client_of(root), mailbox, provider)
    run(app)
    provider.seconds = 1
    sign_in(client_of(root), mailbox, provider)
    run(app)
    provider.withdraw()
    run(app)
    assert provider.renewals == 2
    assert not [secret for secret in provider.secrets if secret in caplog.text or secret in Mailbox.get().last_error]


def test_a_sign_in_is_of_one_browser_for_some_minutes_and_once(
    client_of: Clients, root: Agent, ana: Agent, mailbox: Mailbox, provider: OAuthProvider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    ana.is_admin = True
    ana.save()
    client, other = client_of(root), client_of(ana)
    back = provider.allow(client.get(f"/admin/mailboxes/sign-in/?id={mailbox.id}").location)
    path = back.removeprefix(settings.site_url())
    assert "not begun here" in doors.text_of(other.get(path, follow_redirects=True))
    assert "not begun here" in doors.text_of(client.get("/admin/mailboxes/oauth?code=x&state=y", follow_redirects=True))
    assert "signed in" in doors.text_of(client.get(path, follow_redirects=True))
    assert "To reconnect" in doors.text_of(client.get(path, follow_redirects=True))
    refused = path.replace("code=", "error=access_denied&was=")
    assert "was not allowed" in doors.text_of(client.get(refused, follow_redirects=True))
    monkeypatch.setattr(mail_accounts, "WINDOW", -1)
    assert "too long ago" in doors.text_of(client.get(path, follow_redirects=True))


def test_a_token_is_renewed_in_time_and_not_at_each_use(
    client_of: Clients, root: Agent, mailbox: Mailbox, provider: OAuthProvider, app: Any
) -> None:
    sign_in(client_of(root), mailbox, provider)
    for _minute in range(3):
        run(app)
    assert provider.renewals == 0
    provider.seconds = 200
    sign_in(client_of(root), mailbox, provider)
    for number in (1, 2, 3):
        # Less than five minutes are left: each new refresh token is stored, or the next run would be shut out.
        run(app)
        assert (provider.renewals, Mailbox.get().failing_since) == (number, None)


def test_a_provider_that_is_away_costs_nothing(
    client_of: Clients, root: Agent, mailbox: Mailbox, provider: OAuthProvider, app: Any
) -> None:
    provider.seconds = 1
    sign_in(client_of(root), mailbox, provider)
    provider.is_down = True
    run(app)
    assert Mailbox.get().failing_since is not None
    provider.is_down = False
    run(app)
    assert Mailbox.get().failing_since is None


def test_consent_withdrawn_is_told_once_and_mails_stay_on_their_server(
    client_of: Clients, root: Agent, mailbox: Mailbox, provider: OAuthProvider, server: real.Dovecot, app: Any
) -> None:
    client = client_of(root)
    sign_in(client, mailbox, provider)
    provider.withdraw()
    server.put(mail("While nobody was let in"), user=provider.account)
    values = json.loads(settings.decrypt(Mailbox.get().tokens))
    past = (clock.now() - timedelta(minutes=1)).isoformat()
    Mailbox.update(tokens=settings.encrypt(json.dumps(values | {"until": past}))).execute()
    for _minute in range(3):
        assert run(app) == []
    # It is asked once an hour, not once a minute.
    assert provider.renewals == 1
    assert "To reconnect" in doors.text_of(client.get("/admin/mailboxes/"))
    Mailbox.update(failing_since=clock.now() - timedelta(minutes=90)).execute()
    for _minute in range(3):
        run(app)
    with app.app_context(), i18n.in_language("en"):
        [row] = [line for line in mailbox_health.findings() if line[0] == "Mailboxes"]
    assert (row[1], "sign in again (Google: invalid_grant)" in row[2]) == (False, True)
    alerts = [row.to_email for row in OutgoingEmail.select() if "cannot be read" in row.subject]
    assert alerts == [root.email]
    sign_in(client, mailbox, provider)
    assert run(app) == ["new"]


def test_what_a_server_refuses_is_renewed_though_it_seemed_good(
    client_of: Clients, root: Agent, mailbox: Mailbox, provider: OAuthProvider, app: Any
) -> None:
    sign_in(client_of(root), mailbox, provider)
    provider.access_tokens.clear()
    values = json.loads(settings.decrypt(Mailbox.get().tokens))
    earlier = (clock.now() - timedelta(minutes=20)).isoformat()
    Mailbox.update(tokens=settings.encrypt(json.dumps(values | {"since": earlier}))).execute()
    run(app)
    assert "refused" in mailbox_health.failure_text(Mailbox.get())
    run(app)
    assert (provider.renewals, Mailbox.get().failing_since) == (1, None)


def test_tokens_are_forgotten_with_what_they_were_for(
    client_of: Clients, root: Agent, mailbox: Mailbox, provider: OAuthProvider
) -> None:
    client = client_of(root)
    sign_in(client, mailbox, provider)
    form = {
        "kind": "imap", "auth": "google", "address": mailbox.address, "name": "Support", "host": "127.0.0.1",
        "port": str(mailbox.port), "security": "tls", "username": mailbox.username, "client_id": CLIENT,
        "service": mailbox.service_id, "enabled": "y", "begin": "all",
    }  # fmt: skip
    url = f"/admin/mailboxes/edit/?id={mailbox.id}"
    doors.post(client, url, form | {"name": "Renamed"})
    assert (Mailbox.get().name, bool(Mailbox.get().tokens), bool(Mailbox.get().client_secret)) == (
        "Renamed",
        True,
        True,
    )
    doors.post(client, url, form | {"username": "another"})
    assert (Mailbox.get().tokens, bool(Mailbox.get().client_secret)) == ("", True)
    doors.post(client, url, form | {"client_id": "another"})
    assert Mailbox.get().client_secret == ""
    assert "Type the client ID and the client secret first." in doors.text_of(
        client.get(f"/admin/mailboxes/sign-in/?id={mailbox.id}", follow_redirects=True)
    )


def form_of(mailbox: Mailbox, **values: str) -> dict[str, Any]:
    """Return the form of a mailbox of Google as a browser sends it."""
    return {
        "kind": "imap", "auth": "google", "address": mailbox.address, "name": "Support", "username": mailbox.username,
        "client_id": CLIENT, "service": mailbox.service_id, "enabled": "y", "begin": "all", **values,
    }  # fmt: skip


@sqlite_only
def test_the_mailbox_that_sends_all_mail_stays_and_says_what_ends_it(
    client_of: Clients, root: Agent, mailbox: Mailbox, provider: OAuthProvider
) -> None:
    client, url = client_of(root), f"/admin/mailboxes/edit/?id={mailbox.id}"
    sign_in(client, mailbox, provider)
    settings.save({"mail_account": str(mailbox.id)}, actor=root)
    ways = "choose another way in “Configuration → Mail server” first"
    assert ways in doors.text_of(doors.post(client, "/admin/mailboxes/delete/", {"id": mailbox.id, "confirmed": "1"}))
    with pytest.raises(StillInUse):
        mailboxes.delete(Mailbox.get(), actor=root)
    password = {"auth": "password", "host": "imap.shop.example", "password": "x"}
    assert ways in doors.text_of(doors.post(client, url, form_of(mailbox, **password)))
    assert (Mailbox.get().auth, mail_accounts.is_signed_in(Mailbox.get())) == ("google", True)
    wait = "they wait until it is signed in again"
    answer = doors.post(client, url, form_of(mailbox, name="Renamed"), follow_redirects=True)
    assert wait not in doors.text_of(answer)
    answer = doors.post(client, url, form_of(mailbox, username="another"), follow_redirects=True)
    assert (wait in doors.text_of(answer), Mailbox.get().tokens) == (True, "")
    settings.save({"mail_account": ""}, actor=root)
    mailboxes.delete(Mailbox.get(), actor=root)
    assert not Mailbox.select().exists()


@sqlite_only
def test_a_new_client_secret_alone_ends_a_refusal(
    client_of: Clients, root: Agent, mailbox: Mailbox, provider: OAuthProvider, server: real.Dovecot, app: Any
) -> None:
    server.put(mail(), user=provider.account)
    client = client_of(root)
    sign_in(client, mailbox, provider)
    # The secret has ended at the provider, and the token with it.
    refresh = json.loads(settings.decrypt(Mailbox.get().tokens))["refresh"]
    old = settings.encrypt("ended")
    Mailbox.update(client_secret=old, tokens=settings.encrypt(json.dumps({"refresh": refresh}))).execute()
    assert run(app) == []
    assert not mail_accounts.is_signed_in(Mailbox.get())
    doors.post(client, f"/admin/mailboxes/edit/?id={mailbox.id}", form_of(mailbox, client_secret_new=SECRET))
    assert run(app) == ["new"]
    assert Mailbox.get().failing_since is None


def test_a_sign_in_is_a_line_of_the_journal(
    client_of: Clients, root: Agent, mailbox: Mailbox, provider: OAuthProvider
) -> None:
    client = client_of(root)
    sign_in(client, mailbox, provider)
    assert f"{root.name} signed the mailbox “Support” in at Google" in doors.text_of(client.get("/admin/journal/"))


def test_a_token_goes_to_the_server_of_its_provider_alone(
    client_of: Clients, root: Agent, mailbox: Mailbox, provider: OAuthProvider, server: real.Dovecot, app: Any
) -> None:
    server.put(mail(), user=provider.account)
    client = client_of(root)
    sign_in(client, mailbox, provider)
    elsewhere = ScriptedServer(Script())
    foreign = form_of(mailbox, host="127.0.0.1", port="143", security="none")
    answer = doors.post(client, f"/admin/mailboxes/edit/?id={mailbox.id}", foreign)
    assert answer.status_code == 302, doors.text_of(answer)
    row = Mailbox.get()
    assert (row.host, row.port, row.security, bool(row.tokens)) == ("127.0.0.1", server.port, "tls", True)
    # Nor does a row that names another one, however it came to that.
    Mailbox.update(host="localhost", port=elsewhere.port, security="none").execute()
    assert run(app) == ["new"]
    text = doors.text_of(doors.post(client, "/admin/mailboxes/test/", {"id": mailbox.id}))
    assert ("Everything works." in text, "localhost" in text) == (True, False)
    elsewhere.stop()
    assert elsewhere.commands == []


@sqlite_only
def test_google_and_microsoft_fill_in_their_servers(root: Agent, sales: Service) -> None:
    values = {
        "kind": "imap",
        "auth": "microsoft",
        "address": "help@shop.example",
        "client_id": "x",
        "service": sales.id,
    }
    row = mailboxes.save(Mailbox(), values, actor=root)
    assert (row.host, row.port, row.username) == ("outlook.office365.com", 993, "help@shop.example")
    url = mail_accounts.sign_in_url(
        row, mail_providers.MICROSOFT, nonce="n", browser="b", redirect_url="https://desk.example/admin/mailboxes/oauth"
    )
    assert url.startswith("https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize?")
    assert "SMTP.Send+offline_access" in url
    for wrong in ("../common", "a/b", "x?y"):
        with pytest.raises(mailboxes.InvalidInput):
            mailboxes.save(row, values | {"tenant": wrong}, actor=root)


class TokenServer:
    """An SMTP server that takes mails of whoever has a good token."""

    def __init__(self, provider: OAuthProvider) -> None:
        self.provider, self.recipients, self.port = provider, list[str](), free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, auth_require_tls=False)

    async def auth_XOAUTH2(self, server: Any, words: list[str]) -> AuthResult:  # noqa: N802  aiosmtpd's name
        """Look the token up."""
        text = base64.b64decode(words[1]).decode()
        user, _bar, bearer = text.strip("\1").partition("\1")
        token = bearer.removeprefix("auth=Bearer ")
        if user == f"user={self.provider.account}" and token in self.provider.access_tokens:
            return AuthResult(success=True, auth_data=user)
        reason = base64.b64encode(b'{"status":"401"}').decode()
        await server.push(f"334 {reason}")
        await server._reader.readline()
        return AuthResult(success=False, handled=False)

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        """Take the mail."""
        if not session.authenticated:
            return "530 sign in first"
        self.recipients += envelope.rcpt_tos
        return "250 OK"


def test_mails_go_out_by_the_account_of_a_mailbox(
    client_of: Clients, root: Agent, mailbox: Mailbox, provider: OAuthProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = TokenServer(provider)
    server.controller.start()
    monkeypatch.setitem(mail_providers.PROVIDERS, "google", provider.as_google(mailbox.port, server.port))
    client = client_of(root)
    sign_in(client, mailbox, provider)
    page = client.get("/admin/configuration/").get_data(as_text=True)
    assert f'<option value="{mailbox.id}">Support (Google)</option>' in page
    settings.save({"mail_account": str(mailbox.id)}, actor=root)
    form = {"mail_account": str(mailbox.id), "test": "1"}
    text = doors.text_of(doors.post(client, "/admin/configuration/", form))
    assert "The mail server took the message" in text, text
    assert server.recipients == [root.email]
    provider.withdraw()
    text = doors.text_of(doors.post(client, "/admin/configuration/", form))
    assert "The mail server refused the user name or password" in text
    Mailbox.update(tokens=settings.encrypt(json.dumps({"refresh": "gone"}))).execute()
    text = doors.text_of(doors.post(client, "/admin/configuration/", form))
    assert "must be signed in again (Google: invalid_grant)" in text
    server.controller.stop(no_assert=True)
