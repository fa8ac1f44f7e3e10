"""The set-up wizard: nobody claims the desk without the token, or twice."""

from __future__ import annotations

import pytest

from helpdesk import links, organisation, settings
from helpdesk.errors import InvalidInput, NotAllowed
from models import Agent, Department, Permission, Service
from tests.support import cast, doors

ACCOUNT = {"name": "Léa Martin", "email": "lea@desk.example", "password": cast.PASSWORD}


@pytest.fixture
def lea(client, database):
    doors.post(client, f"/setup/{links.setup_token()}", ACCOUNT)
    return Agent.get(Agent.email == "lea@desk.example")


def test_the_token_opens_the_wizard(client, database):
    answer = client.get(f"/setup/{links.setup_token()}")
    assert answer.status_code == 200
    assert "Step 1 of 4" in doors.text_of(answer)


def test_without_the_token_nobody_claims_the_desk(client, database):
    answer = doors.post(client, "/setup/guess", ACCOUNT)
    assert answer.status_code == 404
    assert not Agent.select().exists()


def test_reading_the_link_uses_nothing_up(client, database):
    for _ in range(2):
        assert client.get(f"/setup/{links.setup_token()}").status_code == 200


def test_the_first_account_covers_everything_and_is_signed_in(client, lea):
    permission = Permission.get(Permission.agent == lea)
    assert (lea.is_admin, permission.service, permission.notify) == (True, None, True)
    assert client.get("/setup/organisation").status_code == 200


def test_a_wrong_account_comes_back_with_what_was_typed(client, database):
    answer = doors.post(client, f"/setup/{links.setup_token()}", {**ACCOUNT, "password": "short"})
    assert answer.status_code == 422
    assert "lea@desk.example" in answer.get_data(as_text=True)
    assert not Agent.select().exists()


def test_the_wizard_is_gone_for_good(client, app, lea):
    other = app.test_client()
    assert other.get(f"/setup/{links.setup_token()}").status_code == 404
    assert doors.post(other, f"/setup/{links.setup_token()}", ACCOUNT).status_code == 404
    assert Agent.select().count() == 1


@pytest.mark.parametrize("step", ["organisation", "service", "mail"])
def test_further_steps_are_the_administrators(client, client_of, ana, lea, app, step):
    assert app.test_client().get(f"/setup/{step}").status_code == 404
    assert client_of(ana).get(f"/setup/{step}").status_code == 404
    assert client.get(f"/setup/{step}").status_code == 200


def test_the_organisation_is_stored(client, lea):
    values = {"desk_name": "Ateliers", "language": "fr", "site_url": "http://localhost", "timezone": "Europe/Paris"}
    assert doors.post(client, "/setup/organisation", values).location == "/setup/service"
    assert [settings.get(key) for key in ("desk_name", "language", "timezone")] == ["Ateliers", "fr", "Europe/Paris"]


def test_another_address_waits_for_the_end(client, lea):
    values = {"desk_name": "A", "language": "en", "site_url": "https://help.example.org", "timezone": "UTC"}
    doors.post(client, "/setup/organisation", values)
    assert client.get("/setup/service").status_code == 200
    assert doors.post(client, "/setup/finish").location == "https://help.example.org/admin/"
    assert settings.get("site_url") == "https://help.example.org"


def test_an_impossible_address_is_refused_at_its_field(client, lea):
    values = {"desk_name": "A", "language": "en", "site_url": "nonsense", "timezone": "UTC"}
    answer = doors.post(client, "/setup/organisation", values)
    assert answer.status_code == 422
    assert 'href="#site_url"' in answer.get_data(as_text=True)


def test_the_first_service_and_its_departments(client, lea):
    answer = doors.post(client, "/setup/service", {"name": "General", "departments": "Registrations\r\n\r\nEquipment "})
    assert answer.location == "/setup/mail"
    assert Service.get().name == {"en": "General"}
    assert [str(row.name) for row in Department.select().order_by(Department.position)] == [
        "Registrations",
        "Equipment",
    ]


def test_mail_is_stored_and_the_desk_opens(client, lea):
    values = {"default_sender": "desk@example.org", "mail_host": "smtp.example.org", "mail_port": "587"}
    answer = doors.post(client, "/setup/mail", {**values, "mail_tls": "starttls"})
    assert answer.location == "/admin/"
    assert settings.mail_server().host == "smtp.example.org"


def test_a_test_mail_is_sent(client, lea, smtp):
    values = {"default_sender": "desk@desk.example", "mail_host": "127.0.0.1", "mail_port": str(smtp.port)}
    answer = doors.post(client, "/setup/mail", {**values, "mail_tls": "none", "test": "1"})
    assert "took the message for lea@desk.example" in doors.text_of(client.get(answer.location))


def test_only_configuring_agents_add_services(database, ana, request_context):
    with pytest.raises(NotAllowed):
        organisation.add_service("Mine", actor=ana)


def test_a_service_needs_a_name(root, request_context):
    with pytest.raises(InvalidInput):
        organisation.add_service("  ", actor=root)
