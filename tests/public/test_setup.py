"""The set-up wizard: nobody claims the desk without the token, or twice."""

from __future__ import annotations

import re
from html import unescape

import pytest

from helpdesk import links, settings
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.setup import services
from models import Agent, Department, Mailbox, Permission, Service
from tests.support import cast, doors

ACCOUNT = {"name": "Léa Martin", "email": "lea@desk.example", "password": cast.PASSWORD}


@pytest.fixture
def lea(client, database):
    doors.post(client, f"/setup/{links.setup_token()}", ACCOUNT)
    return Agent.get(Agent.email == "lea@desk.example")


def test_the_token_opens_the_wizard(client, database):
    answer = client.get(f"/setup/{links.setup_token()}")
    assert answer.status_code == 200
    assert "Step 1 of 5" in doors.text_of(answer)


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


@pytest.mark.parametrize("step", ["organisation", "service", "mail", "mailbox"])
def test_further_steps_are_the_administrators(client, client_of, ana, lea, app, step):
    services.add_service("General", actor=lea)
    assert app.test_client().get(f"/setup/{step}").status_code == 404
    assert client_of(ana).get(f"/setup/{step}").status_code == 404
    assert client.get(f"/setup/{step}").status_code == 200


def test_the_organisation_is_stored(client, lea):
    values = {"desk_name": "Ateliers", "language": "fr", "site_url": "http://localhost", "timezone": "Europe/Paris"}
    assert doors.post(client, "/setup/organisation", values).location == "/setup/service"
    assert [settings.get(key) for key in ("desk_name", "language", "timezone")] == ["Ateliers", "fr", "Europe/Paris"]


def test_another_address_waits_for_the_end(client, lea):
    values = {"desk_name": "A", "language": "en", "site_url": "https://help.example.org", "timezone": "UTC"}
    page = doors.text_of(doors.post(client, "/setup/organisation", values))
    assert "Yes, https://help.example.org leads to this desk" in page
    assert "GUICHET_SITE_URL=http://localhost," in page
    assert settings.get("desk_name") == "Guichet"
    doors.post(client, "/setup/organisation", {**values, "site_url_confirmed": "https://help.example.org"})
    assert client.get("/setup/service").status_code == 200
    assert doors.post(client, "/setup/finish").location == "https://help.example.org/admin/ready/"
    assert settings.get("site_url") == "https://help.example.org"


@pytest.mark.parametrize(("step", "back"), [("service", "organisation"), ("mail", "service"), ("mailbox", "mail")])
def test_a_step_leads_back_to_the_one_before(client, lea, step, back):
    services.add_service("General", actor=lea)
    assert f'href="/setup/{back}"' in client.get(f"/setup/{step}").text
    assert 'class="crumbs' not in client.get("/setup/organisation").text


def test_going_back_shows_what_was_stored(client, lea):
    data = {"desk_name": "Canal", "language": "fr", "site_url": "https://help.example.org", "timezone": "Europe/Paris"}
    doors.post(client, "/setup/organisation", {**data, "site_url_confirmed": data["site_url"]})
    page = client.get("/setup/organisation").text
    assert 'value="Canal"' in page
    assert 'value="https://help.example.org"' in page
    assert '<option selected value="fr">' in page
    assert '<option selected value="Europe/Paris">' in page


def test_going_on_again_adds_no_second_service(client, lea):
    doors.post(client, "/setup/service", {"name": "Billing", "departments": "Invoices"})
    page = client.get("/setup/service")
    assert "Already there: Billing" in doors.text_of(page)
    assert 'value="General"' not in page.text
    answer = doors.post(client, "/setup/service", {"name": "", "departments": ""})
    assert answer.location == "/setup/mail"
    assert [str(row) for row in Service.select()] == ["Billing"]


def test_several_services_are_added_one_after_the_other(client, lea):
    for name, departments in (("Billing", "Invoices\nRefunds"), ("Repairs", "")):
        data = {"name": name, "departments": departments, "another": "1"}
        page = doors.text_of(doors.post(client, "/setup/service", data, follow_redirects=True))
        assert f"“{name}” was added." in page
    assert "Already there: Billing, Repairs" in page
    assert doors.post(client, "/setup/service", {"name": "Sales", "departments": ""}).location == "/setup/mail"
    assert [str(row) for row in Service.select().order_by(Service.position)] == ["Billing", "Repairs", "Sales"]
    assert Department.select().count() == 2


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
    assert answer.location == "/setup/mailbox"
    assert settings.mail_server().host == "smtp.example.org"
    assert doors.post(client, "/setup/finish").location == "/admin/ready/"


MAILBOX = {"address": "help@shop.example", "host": "no-such-host.invalid", "username": "", "password": "open-sesame"}


def test_a_mailbox_is_stored_tested_and_mended_in_the_wizard(client, lea):
    assert client.get("/setup/mailbox").location == "/setup/service"
    doors.post(client, "/setup/service", {"name": "Billing", "departments": "Invoices"})
    settings.save({"default_sender": "help@shop.example"})
    page = client.get("/setup/mailbox").text
    assert 'value="help@shop.example"' in page
    place = f"{Service.get().id}-{Department.get().id}"
    refused = doors.post(client, "/setup/mailbox", {**MAILBOX, "host": "no server", "place": place})
    assert (refused.status_code, Mailbox.select().count()) == (422, 0)
    assert "not the name of a server" in doors.text_of(refused)
    answer = doors.post(client, "/setup/mailbox", {**MAILBOX, "place": place, "test": "1"}, follow_redirects=True)
    assert "The name of the server was not found." in doors.text_of(answer)
    row = Mailbox.get()
    assert (row.username, row.port, str(row.department)) == ("help@shop.example", 993, "Billing, Invoices")
    assert settings.decrypt(row.secret) == "open-sesame"
    assert "open-sesame" not in answer.text
    Mailbox.update(aliases="sales@shop.example").execute()
    answer = doors.post(client, "/setup/mailbox", {**MAILBOX, "password": "", "place": place})
    assert answer.location == "/admin/ready/"
    assert (Mailbox.select().count(), Mailbox.get().aliases) == (1, "sales@shop.example")
    assert settings.decrypt(Mailbox.get().secret) == "open-sesame"
    doors.post(client, "/setup/mailbox", {**MAILBOX, "address": "aide@shop.example", "place": place})
    assert (Mailbox.get().address, Mailbox.get().name) == ("aide@shop.example", "aide@shop.example")


def test_the_end_says_once_that_the_form_is_open(client, lea):
    doors.post(client, "/setup/service", {"name": "Billing", "departments": ""})
    page = doors.text_of(client.get(doors.post(client, "/setup/finish").location))
    assert page.count("Your form is open") == 1
    assert "people can write to you" not in page


def test_a_test_mail_is_sent(client, lea, smtp):
    values = {"default_sender": "desk@desk.example", "mail_host": "127.0.0.1", "mail_port": str(smtp.port)}
    answer = doors.post(client, "/setup/mail", {**values, "mail_tls": "none", "test": "1"})
    assert "took the message for lea@desk.example" in doors.text_of(client.get(answer.location))


def test_only_configuring_agents_add_services(database, ana, request_context):
    with pytest.raises(NotAllowed):
        services.add_service("Mine", actor=ana)


def test_a_service_needs_a_name(root, request_context):
    with pytest.raises(InvalidInput):
        services.add_service("  ", actor=root)


def test_a_first_service_holds_no_character_that_nobody_sees(root, request_context):
    service = services.add_service("Sales\u202e\x00", ["\u202e", "Web\x07 \u202dshop"], actor=root)
    assert (str(service), [str(row.name) for row in service.departments]) == ("Sales", ["Web shop"])


# --- Under a public name --------------------------------------------------------------------------------------------

#: What any name is given: it is the same for everybody.
FOR_ALL = ("/healthz", "/labels.css")
ELSEWHERE = {"Host": "desk.example.org"}


def named(client, url, values=None):
    """Ask for an address under the public name, or send a form to it."""
    base = "http://desk.example.org"
    if values is None:
        return client.get(url, base_url=base)
    page = client.get(f"/setup/{links.setup_token()}", base_url=base).get_data(as_text=True)
    token = doors.TOKEN.search(page).group(1)
    return client.post(url, base_url=base, data={**values, "csrf_token": token})


def test_the_wizard_is_whole_under_a_public_name(client, database):
    way = f"/setup/{links.setup_token()}"
    page = named(client, way).get_data(as_text=True)
    files = re.findall(r'(?:href|src)="((?:/static|/labels)[^"#]*)', page)
    assert len(files) >= 3
    for file in files:
        with named(client, unescape(file)) as answer:
            assert answer.status_code == 200
    switched = named(client, "/language", {"language": "fr", "next": way})
    assert (switched.status_code, switched.location) == (303, way)
    assert named(client, "/theme", {"theme": "dark", "next": way}).location == way
    assert '<html lang="fr"' in named(client, way).get_data(as_text=True)


@pytest.mark.parametrize("next_", ["/", "", "/setup/guess", "/setup/", "https://evil.example/", "/[", None])
def test_a_switch_without_the_token_is_refused_under_another_name(client, database, next_):
    values = {"language": "fr"} if next_ is None else {"language": "fr", "next": next_}
    assert named(client, "/language", values).status_code == 400
    assert named(client, "/theme", {**values, "theme": "dark"}).status_code == 400


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("host", ["desk.example.org", "localhost.evil.example", "evil.example:80", "[::1", "["])
def test_another_name_is_refused_before_and_after_the_set_up(app, client, database, request, is_open, host):
    if not is_open:
        request.getfixturevalue("lea")
    token = links.setup_token()
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and not rule.arguments and rule.rule not in FOR_ALL:
            assert client.get(rule.rule, headers={"Host": host}).status_code == 400, rule.rule
    way = f"/setup/{token}"
    assert client.get("/setup/guess", headers=ELSEWHERE).status_code == 400
    assert client.get(way, headers=ELSEWHERE).status_code == (200 if is_open else 400)
    if not is_open:
        for url in ("/language", "/theme"):
            doors.csrf_token(client)
            assert doors.post(client, url, {"next": way}, headers=ELSEWHERE).status_code == 400
