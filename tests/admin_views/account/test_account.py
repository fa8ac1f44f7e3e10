"""Getting in and out of the desk, and one's own account."""

from __future__ import annotations

import re

import pytest

from helpdesk import links
from models import Agent, OutgoingEmail, SignIn
from tests.support import cast, doors


def sign_in(client, person, **data):
    return doors.post(client, "/admin/sign-in", {"email": person.email, "password": cast.PASSWORD, **data})


def test_signing_in_leads_to_the_page_that_was_asked_for(client, root):
    assert sign_in(client, root, next="/admin/services/").location == "/admin/services/"
    assert client.get("/admin/services/").status_code == 200


@pytest.mark.parametrize("next_page", ["//evil.example/", "https://evil.example", "/\\evil.example", ""])
def test_signing_in_leads_nowhere_else(client, root, next_page):
    assert sign_in(client, root, next=next_page).location == "/admin/"


def test_a_wrong_password_keeps_what_was_typed(client, root):
    page = sign_in(client, root, password="wrong")
    assert page.status_code == 422
    assert root.email in page.text
    assert "not right" in doors.text_of(page)


def test_signing_in_begins_a_fresh_session(client, root):
    with client.session_transaction() as session:
        session["planted"] = "by somebody"
    sign_in(client, root)
    with client.session_transaction() as session:
        assert "planted" not in session


def test_s14_a_copied_cookie_is_dead_after_signing_out(app, client, root):
    sign_in(client, root)
    with client.session_transaction() as session:
        copied = dict(session)
    doors.post(client, "/admin/sign-out")
    thief = app.test_client()
    with thief.session_transaction() as session:
        session.update(copied)
    assert thief.get("/admin/profile").status_code == 302


def test_signing_out_takes_a_form(client_of, root):
    assert client_of(root).get("/admin/sign-out").status_code == 405


def test_a_disabled_agent_is_out_at_the_next_request(client_of, root, ana):
    client = client_of(ana)
    assert client.get("/admin/profile").status_code == 200
    ana.active = False
    ana.save()
    assert client.get("/admin/profile").status_code == 302


def test_a_forgotten_password_is_answered_alike_for_strangers(client, ana):
    known = doors.post(client, "/admin/forgotten", {"email": ana.email}, follow_redirects=True)
    unknown = doors.post(client, "/admin/forgotten", {"email": "nobody@desk.example"}, follow_redirects=True)
    assert "on its way" in doors.text_of(known)
    assert doors.text_of(known) == doors.text_of(unknown)
    assert [email.to_email for email in OutgoingEmail.select()] == [ana.email]


def test_a_reset_link_is_used_by_the_form_not_by_looking(client, ana):
    path = f"/admin/reset/{links.make('reset', agent=ana)}"
    assert client.get(path).status_code == client.get(path).status_code == 200
    assert doors.post(client, path, {"password": "a brand new password"}).location == "/admin/"
    assert doors.post(client, path, {"password": "another new password"}).status_code == 410


def test_a_lost_link_explains_itself_and_offers_another(client, database):
    page = client.get("/admin/reset/nothing")
    assert page.status_code == 404
    assert "/admin/forgotten" in page.text


def test_an_invitation_is_accepted_with_a_name_and_a_password(client, ana):
    Agent.update(password_hash=None).where(Agent.id == ana.id).execute()
    path = f"/admin/invitation/{links.make('invitation', agent=ana)}"
    assert 'value="Ana"' in client.get(path).text
    doors.post(client, path, {"name": "Ana Lopez", "password": "a brand new password"})
    assert Agent.get_by_id(ana.id).name == "Ana Lopez"
    assert client.get("/admin/profile").status_code == 200


def test_a_weak_password_is_refused_at_its_field(client, ana):
    page = doors.post(client, f"/admin/reset/{links.make('reset', agent=ana)}", {"password": "short"})
    assert page.status_code == 422
    assert 'id="password-error"' in page.text


def test_the_profile_stores_name_language_and_time_zone(client_of, ana):
    doors.post(client_of(ana), "/admin/profile", {"name": "Anna", "locale": "fr", "timezone": "Europe/Paris"})
    stored = Agent.get_by_id(ana.id)
    assert (stored.name, stored.locale, stored.timezone) == ("Anna", "fr", "Europe/Paris")


def test_a_former_name_of_a_zone_stays_the_agent_s(client_of, ana):
    Agent.update(timezone="Asia/Calcutta").where(Agent.id == ana.id).execute()
    assert 'selected value="Asia/Calcutta"' in client_of(ana).get("/admin/profile").text
    answer = doors.post(client_of(ana), "/admin/profile", {"name": "Anna", "locale": "", "timezone": "Asia/Calcutta"})
    assert answer.status_code == 303
    assert Agent.get_by_id(ana.id).timezone == "Asia/Calcutta"


def test_the_language_can_be_the_desk_s_again(client_of, ana):
    Agent.update(locale="fr").where(Agent.id == ana.id).execute()
    doors.post(client_of(ana), "/admin/profile", {"name": "Ana", "locale": "", "timezone": ""})
    assert Agent.get_by_id(ana.id).locale is None


def test_changing_the_password_ends_the_other_browsers(client_of, ana):
    here, there = client_of(ana), client_of(ana)
    doors.post(here, "/admin/profile/password", {"current": cast.PASSWORD, "password": "a brand new password"})
    assert here.get("/admin/profile").status_code == 200
    assert there.get("/admin/profile").status_code == 302


def test_a_wrong_current_password_changes_nothing(client_of, ana):
    page = doors.post(client_of(ana), "/admin/profile/password", {"current": "x", "password": "a brand new password"})
    assert page.status_code == 422
    assert Agent.get_by_id(ana.id).password_hash == ana.password_hash


def test_one_browser_can_be_ended(client_of, ana):
    here, there = client_of(ana), client_of(ana)
    row = SignIn.select().order_by(SignIn.id.desc()).get()
    doors.post(here, f"/admin/profile/sign-ins/{row.id}/end")
    assert there.get("/admin/profile").status_code == 302


def test_a_browser_of_others_cannot_be_ended(client_of, ana, ben):
    client_of(ben)
    row = SignIn.get(SignIn.agent == ben)
    assert doors.post(client_of(ana), f"/admin/profile/sign-ins/{row.id}/end").status_code == 404


def test_the_profile_is_for_agents(client, client_of, carol):
    assert client.get("/admin/profile").location == "/admin/sign-in?next=/admin/profile"
    assert client_of(carol).get("/admin/profile").status_code == 403


def test_languages_are_named_in_the_reader_s_language_but_in_the_switch(client_of, client, ana, ticket):
    Agent.update(locale="fr").where(Agent.id == ana.id).execute()
    agent = client_of(ana)
    assert "Langue anglais" in doors.text_of(agent.get(f"/admin/tickets/{ticket.number}"))
    assert '<option value="en">Anglais</option>' in agent.get("/admin/profile").text
    client.set_cookie("language", "fr")
    assert re.search(r'<button[^>]*value="en"[^>]*>English</button>', client.get("/sign-in").text)


def test_a_profile_that_changes_language_says_so_in_it(client_of, ana):
    client = client_of(ana)
    answer = doors.post(client, "/admin/profile", {"name": "Ana", "locale": "fr", "timezone": "Europe/Paris"})
    assert answer.status_code == 303
    assert "Votre profil a été enregistré." in doors.text_of(client.get("/admin/profile"))
