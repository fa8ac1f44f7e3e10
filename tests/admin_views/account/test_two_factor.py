"""Two-factor authentication on the screens: signing in by two steps, setting it up, requiring and resetting it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpdesk import clock, links
from helpdesk.people import api_keys
from helpdesk.settings import environment
from helpdesk.two_factor import recovery_codes, second_factors
from models import Agent, JournalEntry, Message, PendingSignIn, Role, SecondFactor, SignIn, Ticket
from tests.support import cast, doors, phones

CODE = "/admin/sign-in/code"
PAGE = "/admin/profile/two-factor"


def sign_in(client: FlaskClient, person: Agent, **data: str) -> TestResponse:
    return doors.post(client, "/admin/sign-in", {"email": person.email, "password": cast.PASSWORD, **data})


def overdue(agent: Agent, *, days: int = 8) -> None:
    """Let a second factor be required of this agent since so many days."""
    Role.update(requires_second_factor=True).where(Role.id == agent.role_id).execute()
    agent.second_factor_due_at = clock.now() + timedelta(days=7 - days)
    agent.save()


# --- Signing in by two steps ----------------------------------------------------------------------------------------


def test_the_password_alone_opens_nothing(client: FlaskClient, ana: Agent, ticket: Ticket) -> None:
    phone, _codes = phones.set_up(ana)
    answer = sign_in(client, ana, next="/admin/dashboard/")
    assert answer.location == f"{CODE}?next=/admin/dashboard/"
    assert not SignIn.select().exists()
    for path in ("/admin/tickets/", f"/admin/tickets/{ticket.number}", "/admin/profile", PAGE):
        assert client.get(path).location.startswith("/admin/sign-in?next=")
    assert "the app on your phone" in doors.text_of(client.get(answer.location))
    answer = doors.post(client, CODE, {"code": phone.code(), "next": "/admin/dashboard/"})
    assert (answer.status_code, answer.location) == (303, "/admin/dashboard/")
    assert client.get("/admin/dashboard/").status_code == 200
    assert client.get(CODE).location == "/admin/"


def test_without_a_second_factor_nothing_changes(client: FlaskClient, ana: Agent) -> None:
    assert sign_in(client, ana).location == "/admin/"
    assert client.get("/admin/profile").status_code == 200
    assert not PendingSignIn.select().exists()


def test_a_wrong_password_does_not_tell_who_has_a_second_factor(client: FlaskClient, ana: Agent, ben: Agent) -> None:
    phones.set_up(ana)
    texts = {doors.text_of(sign_in(client, one, password="wrong")) for one in (ana, ben)}
    assert len(texts) == 1


@time_machine.travel("2026-03-02T12:00:00Z", tick=False)
def test_a_wrong_code_a_used_one_and_a_wrong_recovery_code_are_answered_alike(client: FlaskClient, ana: Agent) -> None:
    phone, codes = phones.set_up(ana)
    second_factors.use(ana, codes[0])
    second_factors.use(ana, phone.code())
    sign_in(client, ana)
    pages = [doors.post(client, CODE, {"code": code}) for code in (phone.wrong_code(), phone.code(), codes[0])]
    assert {page.status_code for page in pages} == {422}
    assert len({doors.text_of(page) for page in pages}) == 1
    assert phone.code() not in pages[1].text


def test_after_five_wrong_codes_one_waits(client: FlaskClient, ana: Agent) -> None:
    phone, _codes = phones.set_up(ana)
    sign_in(client, ana)
    for _ in range(5):
        assert doors.post(client, CODE, {"code": phone.wrong_code()}).status_code == 422
    answer = doors.post(client, CODE, {"code": phone.code()})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    sign_in(client, ana)
    assert doors.post(client, CODE, {"code": phone.code()}).status_code == 429


def test_a_recovery_code_signs_in_and_says_how_many_are_left(client: FlaskClient, ana: Agent) -> None:
    _phone, codes = phones.set_up(ana)
    sign_in(client, ana)
    assert "recovery codes you kept" in doors.text_of(client.get(f"{CODE}?recovery=1"))
    page = doors.post(client, f"{CODE}?recovery=1", {"code": codes[3]}, follow_redirects=True)
    assert "9 are left" in doors.text_of(page)


def test_half_a_sign_in_is_over_after_ten_minutes(client: FlaskClient, ana: Agent) -> None:
    phone, _codes = phones.set_up(ana)
    sign_in(client, ana)
    PendingSignIn.update(expires_at=clock.now()).execute()
    assert client.get(CODE).location == "/admin/sign-in?next=/admin/"
    page = doors.post(client, CODE, {"code": phone.code()}, follow_redirects=True)
    assert "within 10 minutes" in doors.text_of(page)
    assert client.get("/admin/profile").status_code == 302


@pytest.mark.parametrize("next_page", ["//evil.example/", "https://evil.example", "/\\evil.example", ""])
def test_the_code_leads_nowhere_else(client: FlaskClient, ana: Agent, next_page: str) -> None:
    phone, _codes = phones.set_up(ana)
    sign_in(client, ana)
    assert doors.post(client, CODE, {"code": phone.code(), "next": next_page}).location == "/admin/"


def test_a_copied_half_is_dead_when_the_other_is_whole(app: Any, client: FlaskClient, ana: Agent) -> None:
    phone, codes = phones.set_up(ana)
    sign_in(client, ana)
    with client.session_transaction() as session:
        copied = dict(session)
    doors.post(client, CODE, {"code": phone.code()})
    thief = app.test_client()
    with thief.session_transaction() as session:
        session.update(copied)
    assert doors.post(thief, CODE, {"code": codes[0]}).location.startswith("/admin/sign-in")
    assert recovery_codes.left(ana) == 10


@pytest.mark.parametrize("kind", ["reset", "invitation"])
def test_a_mailed_link_asks_for_the_code_too(client: FlaskClient, ana: Agent, kind: str) -> None:
    phone, _codes = phones.set_up(ana)
    path = f"/admin/{kind}/{links.make(kind, agent=ana)}"
    answer = doors.post(client, path, {"name": "Ana", "password": "a brand new password"})
    assert answer.location.startswith(CODE)
    assert client.get("/admin/profile").status_code == 302
    doors.post(client, CODE, {"code": phone.code()})
    assert client.get("/admin/profile").status_code == 200


def test_keys_of_programs_are_not_asked_for_a_code(client: FlaskClient, root: Agent) -> None:
    _key, secret = api_keys.make("Shop", actor=root)
    phones.set_up(root)
    overdue(root)
    answer = client.get("/api/orders/web/none", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 404


def test_signing_out_ends_half_a_sign_in(client: FlaskClient, ana: Agent) -> None:
    phones.set_up(ana)
    sign_in(client, ana)
    doors.post(client, "/admin/sign-out")
    assert not PendingSignIn.select().exists()


# --- The page that sets it up ---------------------------------------------------------------------------------------


def secret_of(page: str) -> str:
    found = re.search(r'id="secret"\s+value="([A-Z2-7]{32})"', page)
    assert found
    return found[1]


def test_it_is_set_up_by_a_picture_or_a_secret_and_a_code(client_of: Any, ana: Agent) -> None:
    here, there = client_of(ana), client_of(ana)
    assert "Off" in doors.text_of(here.get("/admin/profile"))
    assert doors.post(here, PAGE, {"action": "begin", "current": cast.PASSWORD}).location == PAGE
    page = here.get(PAGE).text
    assert 'src="data:image/svg+xml;base64,' in page
    phone = phones.Phone(secret_of(page))
    wrong = doors.post(here, PAGE, {"action": "confirm", "code": phone.wrong_code()})
    assert wrong.status_code == 422
    assert secret_of(wrong.text) == phone.totp.secret
    shown = doors.post(here, PAGE, {"action": "confirm", "code": phone.code()})
    assert len(set(re.findall(r"[0-9a-z]{4}(?:-[0-9a-z]{4}){3}", shown.text))) == 10
    assert shown.headers["Cache-Control"] == "no-store"
    assert here.get(PAGE).status_code == 200
    assert there.get("/admin/profile").status_code == 302
    assert "10 recovery codes are left" in doors.text_of(here.get(PAGE))
    # Sent once more, by loading the page of the codes again, it says what is so; nothing is shown again.
    again = doors.text_of(doors.post(here, PAGE, {"action": "confirm", "code": phone.code()}, follow_redirects=True))
    assert "Two-factor authentication is on. The recovery codes are shown once" in again
    assert "outdated" not in again


@pytest.mark.parametrize("action", ["begin", "codes", "off", "", "nonsense"])
def test_each_change_asks_for_the_password(client_of: Any, ana: Agent, action: str) -> None:
    phones.set_up(ana)
    before = [row.id for row in JournalEntry.select()]
    for current in ("", "wrong"):
        page = doors.post(client_of(ana), PAGE, {"action": action, "current": current})
        assert page.status_code == 422
        assert 'id="current-error"' in page.text
    assert [row.id for row in JournalEntry.select().where(JournalEntry.act.not_in(["signed-in"]))] == before
    assert second_factors.is_on(ana)


def test_new_codes_and_off(client_of: Any, ana: Agent) -> None:
    phones.set_up(ana)
    client = client_of(ana)
    assert "shown this once" in doors.text_of(doors.post(client, PAGE, {"action": "codes", "current": cast.PASSWORD}))
    assert doors.post(client, PAGE, {"action": "off", "current": cast.PASSWORD}).location == "/admin/profile"
    assert "Two-factor authentication is off." in doors.text_of(client.get("/admin/profile"))
    page = doors.post(client, PAGE, {"action": "codes", "current": cast.PASSWORD})
    assert (page.status_code, "is not on" in doors.text_of(page)) == (422, True)


def test_reading_the_page_makes_no_secret(client_of: Any, ana: Agent) -> None:
    assert "base64" not in client_of(ana).get(PAGE).text
    assert not SecondFactor.select().exists()


def test_no_browser_keeps_a_page_with_the_secret(client_of: Any, ana: Agent) -> None:
    client = client_of(ana)
    doors.post(client, PAGE, {"action": "begin", "current": cast.PASSWORD})
    pages = [client.get(PAGE), doors.post(client, PAGE, {"action": "confirm", "code": "no"})]
    pages.append(doors.post(client, PAGE, {"action": "begin", "current": "wrong"}))
    assert [(page.status_code, 'id="secret"' in page.text) for page in pages] == [(200, True), (422, True), (422, True)]
    assert {page.headers["Cache-Control"] for page in pages} == {"no-store"}


def test_a_browser_beside_is_not_shown_the_secret(client_of: Any, ana: Agent) -> None:
    here, there = client_of(ana), client_of(ana)
    doors.post(here, PAGE, {"action": "begin", "current": cast.PASSWORD})
    assert secret_of(here.get(PAGE).text) not in there.get(PAGE).text
    assert "base64" not in there.get(PAGE).text


# --- Required -------------------------------------------------------------------------------------------------------


def test_the_days_are_counted_down_on_every_page(client_of: Any, ana: Agent, ticket: Ticket) -> None:
    overdue(ana, days=5)
    client = client_of(ana)
    for path in ("/admin/tickets/", f"/admin/tickets/{ticket.number}", "/admin/profile", "/admin/dashboard/"):
        assert "2 days are left to set it up" in doors.text_of(client.get(path))
    assert "days are left to set it up" not in doors.text_of(client.get(PAGE))


def test_then_nothing_opens_but_the_page_that_sets_it_up(client_of: Any, ana: Agent, ticket: Ticket) -> None:
    client = client_of(ana)
    overdue(ana)
    for path in ("/admin/", "/admin/tickets/", f"/admin/tickets/{ticket.number}", "/admin/profile", "/admin/nowhere"):
        assert client.get(path).location == PAGE
    page = client.get(PAGE)
    assert "the days to set it up are over" in doors.text_of(page)
    assert "/admin/dashboard/" not in page.text
    doors.post(client, PAGE, {"action": "begin", "current": cast.PASSWORD})
    phone = phones.Phone(secret_of(client.get(PAGE).text))
    doors.post(client, PAGE, {"action": "confirm", "code": phone.code()})
    assert client.get("/admin/tickets/").status_code == 200


def test_what_was_typed_when_the_days_were_over_comes_back(client_of: Any, ana: Agent, ticket: Ticket) -> None:
    client = client_of(ana)
    overdue(ana)
    typed = {"body": "<p>Long and careful words.</p>"}
    origin = {"Origin": "http://localhost"}
    page = doors.post(client, f"/admin/tickets/{ticket.number}/reply", typed, headers=origin)
    assert page.status_code == 403
    assert "Long and careful words." in doors.text_of(page)
    assert "Set up two-factor authentication first" in doors.text_of(page)
    assert Message.select().where(Message.ticket == ticket.id).count() == 1


def test_a_role_requires_it_on_its_screen(client_of: Any, root: Agent, ana: Agent) -> None:
    client = client_of(root)
    form = doors.text_of(client.get(f"/admin/roles/edit/?id={ana.role_id}"))
    assert "Two-factor authentication required" in form
    data = {"name-en": "Agent", "requires_second_factor": "1"}
    assert doors.post(client, f"/admin/roles/edit/?id={ana.role_id}", data).status_code == 302
    assert "Missing: 7 days left" in doors.text_of(client.get("/admin/users/"))
    assert "7 days are left" in doors.text_of(client_of(ana).get("/admin/tickets/"))


def test_the_list_of_users_is_narrowed_to_who_is_missing(client_of: Any, root: Agent, ana: Agent, ben: Agent) -> None:
    phones.set_up(ana)
    ben.second_factor_due_at = clock.now()
    ben.save()
    client = client_of(root)
    options = client.get("/admin/users/").text
    name = re.search(r'name="(flt\d*_\d+)"[^>]*>(?:(?!</select>).)*?value="missing"', options, re.DOTALL)
    assert name
    for value, emails in {"missing": [ben], "yes": [ana], "no": [ben, root]}.items():
        page = client.get(f"/admin/users/?{name[1]}={value}").text
        assert [one for one in (ana, ben, root) if one.email in page] == emails


# --- Reset ----------------------------------------------------------------------------------------------------------


def test_an_administrator_resets_it_once_asked(client_of: Any, root: Agent, ana: Agent, ben: Agent) -> None:
    phones.set_up(ana)
    phones.set_up(root)
    client, path = client_of(root), f"/admin/users/reset-two-factor/?id={ana.id}"
    users = client.get("/admin/users/").text
    assert [f"reset-two-factor/?id={one.id}" in users for one in (ana, ben, root)] == [True, False, False]
    assert "Reset the two-factor authentication of Ana?" in doors.text_of(client.get(path))
    assert second_factors.is_on(ana)
    doors.post(client, path, {"confirmed": "1"})
    assert not second_factors.is_on(ana)
    assert "was reset" in doors.text_of(client.get("/admin/users/"))
    again = doors.post(client, path, {"confirmed": "1"}, follow_redirects=True)
    assert "is not on" in doors.text_of(again)
    assert client.get(f"/admin/users/reset-two-factor/?id={ana.id + 10_000}").status_code == 404


def test_the_desk_s_name_and_the_address_stand_in_the_app(request_context: None, ana: Agent) -> None:
    setup = second_factors.pending(ana, second_factors.begin(ana, cast.PASSWORD))
    assert setup is not None
    assert setup.address.startswith("otpauth://totp/Guichet:ana%40desk.example?secret=")
    assert environment.current().secret_key not in setup.address
