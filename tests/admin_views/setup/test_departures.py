"""The page of an agent who leaves: what hangs on the account, to whom it goes, the way back."""

from __future__ import annotations

import pytest

from helpdesk import settings, tickets
from helpdesk.people import api_keys, teams
from models import Agent, ApiKey, Departure, Permission, Stamp, Team, Ticket
from tests.support import cast, doors

URL = "/admin/departures/"


@pytest.fixture
def admin(client_of, root):
    return client_of(root)


@pytest.fixture
def leaving(ana, ticket):
    """Ana, who has a ticket and manages a team."""
    Ticket.update(assignee=ana).execute()
    cast.make_team("Second line", manager=ana)
    return ana


def page(client, person, **arguments):
    return doors.text_of(client.get(URL, query_string={"id": person.id, **arguments}))


def send(client, person, values=None, path=""):
    return doors.post(client, f"{URL}{path}?id={person.id}", values or {}, follow_redirects=True)


def test_the_page_tells_what_hangs_on_the_account_before(admin, leaving):
    text = page(admin, leaving)
    assert "When Ana leaves" in text
    assert "Open tickets: 1" in text
    assert "Teams they manage: 1" in text
    assert "Second line" in text
    assert "If nobody gets them, they are unassigned." in text
    assert Agent.get_by_id(leaving.id).active


def test_a_reply_that_waits_is_told_with_what_taking_it_back_costs(admin, ana, ticket):
    settings.save({"undo_send_seconds": "30"})
    tickets.delay_reply(tickets.reply(ticket, "<p>Soon</p>", actor=ana), actor=ana)
    text = page(admin, ana)
    assert "Replies that wait to be sent: 1" in text
    assert "One that is taken back loses its files." in text


def test_places_left_to_nobody_are_named(admin, ana):
    Permission.delete().where(Permission.agent != ana).execute()
    Permission.update(notify=True).execute()
    Stamp.bump()
    assert "Nobody else covers these places: Billing, Invoices · Billing, Refunds" in page(admin, ana)


def test_somebody_is_proposed_for_everything_they_may_have(admin, leaving, ben):
    html = admin.get(URL, query_string={"id": leaving.id, "to": f"agent-{ben.id}"}).get_data(as_text=True)
    # In the menu that proposes, for the ticket, for the team and for the place.
    assert html.count(f'<option value="agent-{ben.id}" selected>') == 4


def test_confirming_closes_the_account_and_hands_over(admin, leaving, ben):
    answer = send(admin, leaving, {"tickets": f"agent-{ben.id}", "managed_teams": f"agent-{ben.id}"})
    text = doors.text_of(answer)
    assert "The account of Ana is disabled." in text
    assert "2 things changed hands." in text
    assert "Open tickets Ben 1" in text
    assert Ticket.get().assignee_id == ben.id
    assert not Agent.get_by_id(leaving.id).active


def test_undo_says_in_numbers_what_came_back_and_what_did_not(admin, leaving, ben, root):
    send(admin, leaving, {"tickets": f"agent-{root.id}", "managed_teams": f"agent-{ben.id}"})
    team = Team.get(Team.manager == ben)
    teams.save_team(team, {"manager": root.id}, actor=root)
    text = doors.text_of(send(admin, leaving, path="undo/"))
    assert "The departure of Ana was undone." in text
    assert "1 thing was given back." in text
    assert "1 thing has changed since and stays as it is." in text
    assert "Undone on" in text
    assert Agent.get_by_id(leaving.id).active
    assert "This was undone already." in doors.text_of(send(admin, leaving, path="undo/"))


def test_a_page_that_stood_open_for_a_day_says_that_it_is_too_late(admin, leaving):
    send(admin, leaving)
    Departure.delete().execute()
    text = doors.text_of(send(admin, leaving, path="undo/"))
    assert "This can no longer be undone: it is more than a day ago." in text
    assert not Agent.get_by_id(leaving.id).active


def test_a_wrong_choice_keeps_the_others(admin, leaving, ben):
    answer = send(admin, leaving, {"tickets": "agent-0", "managed_teams": f"agent-{ben.id}"})
    assert answer.status_code == 422
    html = answer.get_data(as_text=True)
    assert 'id="tickets-error"' in html
    assert "Choose one from the list." in html
    assert f'<option value="agent-{ben.id}" selected>' in html
    assert Departure.select().count() == 0


def test_the_last_administrator_is_told_at_once(admin, root):
    text = page(admin, root)
    assert "This is the last active administrator: appoint another one first." in text
    assert "Disable the account" not in text
    assert send(admin, root).status_code == 422


def test_what_goes_to_nobody_says_what_became_of_it(admin, ana, root):
    api_keys.make("Web shop", actor=root)
    ApiKey.update(created_by=ana).execute()
    text = doors.text_of(send(admin, ana, {"keys": "revoke"}))
    assert "Keys they made for other programs Revoked 1" in text


def test_a_second_click_changes_nothing_more(admin, leaving, ben):
    for _time in range(2):
        assert send(admin, leaving, {"tickets": f"agent-{ben.id}"}).status_code == 200
    assert "Open tickets Ben 1" in page(admin, leaving)


def test_it_leads_to_a_disabled_account_too(admin, leaving):
    Agent.update(active=False).where(Agent.id == leaving.id).execute()
    Stamp.bump()
    assert "What still hangs on it can be handed over." in page(admin, leaving)


@pytest.mark.parametrize("key", ["", "0", "999", "x", "9" * 40])
def test_nobody_of_that_id_is_not_there(admin, key):
    assert admin.get(URL, query_string={"id": key}).status_code == 404


def test_disabling_and_deleting_tell_of_it_and_lead_there(admin, leaving):
    link = f'href="{URL}?id={leaving.id}"'
    edited = admin.get(f"/admin/users/edit/?id={leaving.id}").get_data(as_text=True)
    values = {"name": "Ana", "email": leaving.email, "role": str(leaving.role_id)}
    disabled = doors.post(admin, f"/admin/users/edit/?id={leaving.id}", values).get_data(as_text=True)
    deleted = doors.post(admin, "/admin/users/delete/", {"id": str(leaving.id)}).get_data(as_text=True)
    for html in (edited, disabled, deleted):
        assert link in html
    for html in (disabled, deleted):
        assert "1 ticket will be unassigned." in html
        assert "More hangs on this account: Teams they manage (1) · Places they cover (1)." in html
    assert Agent.get_by_id(leaving.id).active


def test_the_page_speaks_french(admin, leaving, root):
    root.locale = "fr"
    root.save()
    text = page(admin, leaving)
    assert "Départ : Ana" in text
    assert "Tickets en cours" in text
