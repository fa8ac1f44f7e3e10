"""The role *configure* sets the desk up and makes nobody an administrator (RULES 41 and 49)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import request

from admin_views.setup.configuration import ConfigurationForm, ConfigurationPage
from helpdesk import settings
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.incoming import mailboxes
from helpdesk.notifications import email_texts
from helpdesk.people import addresses, api_keys, teams
from helpdesk.settings import DECLARED
from helpdesk.settings.email_kinds import KINDS
from helpdesk.setup import configuration
from helpdesk.tickets import cc
from models import Agent, CannedResponse, CustomerAddress, EmailText, JournalEntry, Mailbox
from tests.support import cast, doors, mails
from tests.support import mailbox as smtp_servers

PAGE = "/admin/configuration/"
#: Settings that lead to more rights than those of set-up.
GUARDED = {
    "mail_account": "1",
    "mail_host": "evil.example",
    "mail_port": "25",
    "mail_tls": "none",
    "mail_username": "eve",
    "mail_password": "secret",
    "site_url": "http://localhost",
    "default_sender": "eve@evil.example",
    "log_enabled": "",
    "journal_days": "1",
    "administrators_second_factor": "1",
    "mail_on_new_browser": "",
    "erasure_days": "0",
    "erasure_second": "1",
    "single_sign_on_only": "1",
}


@pytest.fixture
def eve(sales: Any) -> Agent:
    """Who configures the desk, covers Sales and is no administrator."""
    return cast.make_agent("Eve", sales, role=cast.make_role("Keeper", can_configure=True))


def form(**values: Any) -> dict[str, Any]:
    """Return the form of Configuration, filled in as it stands."""
    data: dict[str, Any] = {}
    for key, row in DECLARED.items():
        value = settings.get(key)
        if row.kind == "label":
            data |= {f"{key}-{code}": text for code, text in value.items()}
        elif row.kind == "switch":
            data |= {key: "y"} if value else {}
        elif row.kind not in {"secret", "picture"}:
            data[key] = str(value)
    return {**data, **values}


def stored() -> dict[str, Any]:
    return {key: settings.get(key) for key in GUARDED}


def test_every_guarded_setting_is_named_here() -> None:
    assert set(GUARDED) == {key for key, row in DECLARED.items() if row.is_for_administrators}


def test_who_configures_neither_sees_nor_changes_what_administrators_keep(client_of: Any, eve: Agent) -> None:
    client, before = client_of(eve), stored()
    page = client.get(PAGE).text
    assert 'name="desk_name"' in page
    assert [key for key in GUARDED if f'name="{key}"' in page] == []
    assert "Send me a test mail" not in page
    assert doors.post(client, PAGE, form(**GUARDED, desk_name="Canal")).status_code == 302
    assert (settings.get("desk_name"), stored()) == ("Canal", before)


@pytest.mark.parametrize("key", sorted(GUARDED))
def test_who_configures_takes_no_guarded_setting_back(client_of: Any, root: Agent, eve: Agent, key: str) -> None:
    values = {"site_url": "http://localhost", "default_sender": "desk@desk.example", "mail_host": "mx.desk.example"}
    settings.save({**values, "mail_password": "secret", "journal_days": 30}, actor=root)
    before = stored()
    assert doors.post(client_of(eve), PAGE, {"reset": key}).status_code == 403
    with pytest.raises(NotAllowed):
        configuration.save({key: DECLARED[key].default}, actor=eve)
    assert stored() == before


def test_who_configures_sends_no_test_to_a_server_of_their_choice(client_of: Any, eve: Agent) -> None:
    server = smtp_servers.Mailbox().start()
    try:
        data = form(test="1", mail_host="127.0.0.1", mail_port=str(server.port), mail_tls="none")
        assert "Your role does not allow this." in doors.text_of(doors.post(client_of(eve), PAGE, data))
        assert server.messages == []
    finally:
        server.stop()


# --- The stored password ------------------------------------------------------------------------------------------

OTHER = {"mail_host": "mx.other.example", "mail_port": "465", "mail_username": "other", "mail_tls": "tls"}


@pytest.fixture
def server_password(root: Agent) -> None:
    values = {"mail_host": "mx.desk.example", "mail_port": 587, "mail_username": "desk", "mail_password": "secret"}
    settings.save(values, actor=root)


@pytest.mark.usefixtures("server_password")
@pytest.mark.parametrize("key", sorted(OTHER))
def test_the_password_is_forgotten_with_what_it_was_given_for(client_of: Any, root: Agent, key: str) -> None:
    page = doors.post(client_of(root), PAGE, form(**{key: OTHER[key]}), follow_redirects=True)
    assert "was forgotten" in doors.text_of(page)
    assert settings.get("mail_password") == ""
    assert "mail_password" in [row.subject for row in JournalEntry.select().where(JournalEntry.act == "secret")]


@pytest.mark.usefixtures("server_password")
def test_the_password_stays_or_another_one_takes_its_place(client_of: Any, root: Agent) -> None:
    client = client_of(root)
    doors.post(client, PAGE, form(desk_name="Canal"))
    assert settings.decrypt(settings.get("mail_password")) == "secret"
    doors.post(client, PAGE, form(**OTHER, mail_password="new"))
    assert settings.decrypt(settings.get("mail_password")) == "new"


@pytest.mark.usefixtures("server_password")
@pytest.mark.parametrize("key", sorted(OTHER))
def test_a_test_hands_the_stored_password_to_no_other_server(app: Any, root: Agent, key: str) -> None:
    for values, password in (({key: OTHER[key]}, ""), ({}, "secret")):
        with app.test_request_context(PAGE, method="POST", data=form(**values)):
            server = ConfigurationPage.server(ConfigurationForm(request.form))
            assert server is not None
            assert server.password == password


# --- Ports --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("port", ["22", "80", "6379", "11211"])
def test_a_mail_server_has_a_port_of_mail(database: Any, port: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        settings.clean("mail_port", port)
    assert refused.value.field == "mail_port"


@pytest.mark.parametrize("port", [25, 465, 587, 2525])
def test_the_usual_ports_are_taken(database: Any, port: int) -> None:
    assert settings.clean("mail_port", str(port)) == port


def test_a_mailbox_has_a_port_of_imap(root: Agent, sales: Any) -> None:
    values = {"address": "a@desk.example", "kind": "imap", "host": "mx.example", "username": "a"}
    values |= {"password": "open-sesame", "service": sales.id}
    with pytest.raises(InvalidInput) as refused:
        mailboxes.save(Mailbox(), {**values, "port": 6379}, actor=root)
    assert refused.value.field == "port"
    assert mailboxes.save(Mailbox(), {**values, "port": 993}, actor=root).port == 993


# --- Texts, teams, customers --------------------------------------------------------------------------------------

TEXT = {"sender_name-en": "Desk", "subject-en": "Hello", "body-en": "Hello", "sender_name-fr": "Desk"}
TEXT |= {"subject-fr": "Bonjour", "body-fr": "Bonjour"}


@pytest.mark.parametrize("key", [kind.key for kind in KINDS.values() if kind.group == "accounts"])
def test_who_configures_writes_no_mail_that_brings_a_link_to_an_account(client_of: Any, eve: Agent, key: str) -> None:
    client, path = client_of(eve), f"/admin/emails/{key}"
    assert f'href="{path}"' not in client.get("/admin/emails/").text
    assert client.get(path).status_code == client.get(f"{path}/preview").status_code == 403
    answers = {doors.post(client, f"{path}{end}", TEXT).status_code for end in ("", "/preview", "/test", "/restore")}
    assert answers == {403}
    with pytest.raises(NotAllowed):
        email_texts.save_text(KINDS[key], {}, actor=eve)
    with pytest.raises(NotAllowed):
        email_texts.restore_original(KINDS[key], actor=eve)


def test_what_comes_back_goes_to_no_address_of_who_configures(client_of: Any, root: Agent, eve: Agent) -> None:
    client, path = client_of(eve), "/admin/emails/confirmation"
    doors.post(client_of(root), path, {**TEXT, "enabled": "y", "sender_email": "desk@desk.example"})
    assert 'name="sender_email"' not in client.get(path).text
    doors.post(client, path, {**TEXT, "enabled": "y", "subject-en": "Hers", "sender_email": "eve@evil.example"})
    row = EmailText.get(EmailText.kind == "confirmation")
    assert (row.subject["en"], row.sender_email) == ("Hers", "desk@desk.example")
    email_texts.restore_original(KINDS["confirmation"], actor=eve)
    row = EmailText.get(EmailText.kind == "confirmation")
    assert (row.subject.get("en"), row.sender_email) == (None, "desk@desk.example")


def test_the_failure_of_a_test_is_told_in_full_to_administrators_only(
    client_of: Any, root: Agent, eve: Agent, smtp: Any
) -> None:
    smtp.refuse = "554 5.7.1 go away, 10.0.0.7"
    pages = [
        doors.text_of(doors.post(client_of(person), "/admin/emails/confirmation/test", TEXT)) for person in (root, eve)
    ]
    assert ["10.0.0.7" in page for page in pages] == [True, False]
    assert "ask an administrator to look" in pages[1]


def test_the_address_of_a_team_gets_its_tickets_and_is_not_who_configures_to_choose(eve: Agent, root: Agent) -> None:
    team = cast.make_team("Night", email="night@desk.example")
    with pytest.raises(NotAllowed):
        teams.save_team(team, {"email": "eve@evil.example"}, actor=eve)
    assert teams.save_team(team, {"email": "night@desk.example"}, actor=eve).email == "night@desk.example"
    assert teams.save_team(team, {"email": "dusk@desk.example"}, actor=root).email == "dusk@desk.example"


def test_an_address_is_added_to_no_customer_with_unseen_tickets(
    eve: Agent, carol: Any, dan: Any, ticket: Any, sales: Any
) -> None:
    with pytest.raises(NotAllowed):
        addresses.add(carol, "eve@evil.example", actor=eve)
    cast.open_ticket(dan, sales)
    assert addresses.add(dan, "dan@home.example", actor=eve).customer == dan
    cc.add_cc(ticket, ["dan@home.example"], actor=carol)
    with pytest.raises(NotAllowed):
        addresses.add(dan, "eve@evil.example", actor=eve)


def test_an_address_is_corrected_for_no_customer_with_unseen_tickets(
    client_of: Any, eve: Agent, root: Agent, ticket: Any
) -> None:
    """Whoever reads the new address would read the tickets; the screens of customers are theirs all the same."""
    old, path = ticket.address.email, f"/admin/addresses/{ticket.address_id}"
    answer = doors.post(client_of(eve), path, {"email": "eve@evil.example"})
    assert "ask an administrator" in doors.text_of(answer)
    assert CustomerAddress.get_by_id(ticket.address_id).email == old
    doors.post(client_of(root), path, {"email": "right@home.example"})
    assert CustomerAddress.get(CustomerAddress.customer == ticket.customer_id).email == "right@home.example"


def test_a_key_to_every_order_is_made_by_who_sees_all_of_them(client_of: Any, eve: Agent, root: Agent) -> None:
    client, path = client_of(eve), "/admin/api-keys"
    assert f'href="{path}/new/' not in client.get(f"{path}/").text
    assert doors.post(client, f"{path}/new/", {"name": "Hers"}).status_code == client.get(f"{path}/new/").status_code
    assert client.get(f"{path}/new/").status_code == 403
    with pytest.raises(NotAllowed):
        api_keys.make("Hers", actor=eve)
    assert f'href="{path}/new/' in client_of(root).get(f"{path}/").text


# --- Canned responses ---------------------------------------------------------------------------------------------


def test_responses_of_services_one_does_not_cover_are_hidden(
    client_of: Any, eve: Agent, ana: Agent, sales: Any
) -> None:
    hidden = CannedResponse.create(name="Hidden", body="<p>Only Billing.</p>", service=ana.permissions.get().service)
    shown = CannedResponse.create(name="Shown", body="<p>Sales.</p>", service=sales)
    client, path = client_of(eve), "/admin/canned-responses"
    page = client.get(f"{path}/").text
    assert "Shown" in page
    assert "Hidden" not in page
    for view in ("details", "edit"):
        assert client.get(f"{path}/{view}/?id={hidden.id}").status_code == 404
        assert client.get(f"{path}/{view}/?id={shown.id}").status_code == 200
    assert doors.post(client, f"{path}/delete/", {"id": hidden.id, "confirmed": "1"}).status_code == 404


def test_no_response_is_moved_to_a_service_one_does_not_cover(
    client_of: Any, eve: Agent, billing: Any, sales: Any
) -> None:
    row = CannedResponse.create(name="Shown", body="<p>Sales.</p>", service=sales)
    client, path = client_of(eve), f"/admin/canned-responses/edit/?id={row.id}"
    services = re.search(r'<select[^>]* name="service".*?</select>', client.get(path).text, re.DOTALL)[0]
    assert f'<option value="{sales.id}"' in services.replace(" selected", "")
    assert f'<option value="{billing.id}"' not in services
    doors.post(client, path, {"name-en": "Shown", "body-en": "<p>Sales.</p>", "service": billing.id})
    assert CannedResponse.get_by_id(row.id).service == sales
    doors.post(client, path, {"name-en": "Shown", "body-en": "<p>Sales.</p>", "service": ""})
    assert CannedResponse.get_by_id(row.id).service is None


def test_a_mailbox_is_its_administrators(client_of: Any, eve: Agent, sales: Any) -> None:
    row, client = mails.make_mailbox(sales), client_of(eve)
    assert client.get("/admin/mailboxes/").status_code == 403
    for view in ("edit/?id=", "test/?id=", "probe/?id=", "read/?id="):
        assert doors.post(client, f"/admin/mailboxes/{view}{row.id}", {"id": row.id}).status_code == 403


def test_who_may_not_end_all_links_is_not_asked_first(client_of: Any, eve: Agent) -> None:
    assert doors.post(client_of(eve), "/admin/health/links", {"email": ""}).status_code == 403
