"""One's own availability: the switch of the menu, and leave on the profile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpdesk import clock
from models import Agent, JournalEntry, Leave
from tests.support import cast, doors


def day(ahead: int) -> str:
    return (clock.now().date() + timedelta(days=ahead)).isoformat()


def leave(client, **data):
    return doors.post(
        client, "/admin/profile/leave", {"first_day": day(0), "last_day": day(3), "substitute": "", **data}
    )


def test_the_menu_switches_it_and_goes_on_with_the_page(client_of, ana):
    client = client_of(ana)
    page = client.get("/admin/tickets/?view=mine").text
    assert "Taking tickets" in page
    answer = doors.post(client, "/admin/profile/availability", {"next": "/admin/tickets/?view=mine"})
    assert answer.location == "/admin/tickets/?view=mine"
    assert not Agent.get_by_id(ana.id).takes_tickets
    page = client.get("/admin/tickets/").text
    assert "Not taking tickets" in page
    assert 'name="takes" value="1"' in page
    doors.post(client, "/admin/profile/availability", {"takes": "1", "next": "//evil.example/"})
    assert Agent.get_by_id(ana.id).takes_tickets


def test_who_handles_no_tickets_has_no_switch(client_of, database):
    assert "Taking tickets" not in client_of(cast.make_agent("Nora")).get("/admin/profile").text


def test_leave_is_planned_shown_and_deleted(client_of, ana, ben):
    client = client_of(ana)
    page = leave(client, substitute=str(ben.id))
    assert page.location.endswith("/admin/profile#leave")
    page = doors.text_of(client.get("/admin/profile"))
    assert "Your leave was saved." in page
    assert "You are on leave until" in page
    assert "Substitute: Ben" in page
    assert "Ben does not see all of it: Billing." in page
    assert "absent until" in doors.text_of(client.get("/admin/tickets/"))
    row = Leave.get()
    assert doors.post(client_of(ben), f"/admin/profile/leave/{row.id}/delete").status_code == 404
    doors.post(client, f"/admin/profile/leave/{row.id}/delete")
    assert Leave.select().count() == 0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"first_day": ""}, "Write a day."),
        ({"last_day": "soon"}, "This is not a date."),
        ({"last_day": "2020-01-01"}, "The last day is before the first one."),
        ({"substitute": "999"}, "Not a valid choice"),
    ],
)
def test_bad_input_is_answered_at_its_field_with_what_was_typed(client_of, ana, data, words):
    page = leave(client_of(ana), **data)
    assert page.status_code == 422
    assert words in doors.text_of(page)
    assert f'value="{data.get("last_day", day(3))}"' in page.text
    assert Leave.select().count() == 0


def test_an_administrator_plans_it_for_somebody_and_the_journal_says_so(client_of, root, ana, ben):
    client = client_of(root)
    data = {"agent": ana.id, "first_day": day(0), "last_day": day(3), "substitute": ben.id}
    doors.post(client, "/admin/leave/new/", data)
    page = doors.text_of(client.get("/admin/leave/"))
    assert "“Ana, " in page
    assert "Ben does not see all of it: Billing." in page
    row = Leave.get()
    assert (row.agent, row.substitute) == (ana, ben)
    entry = JournalEntry.select().order_by(JournalEntry.id.desc()).get()
    assert (entry.act, entry.subject, entry.agent) == ("added", "Ana", root)
    page = doors.post(client, f"/admin/leave/edit/?id={row.id}", {**data, "substitute": ana.id})
    assert "Nobody stands in for themselves." in doors.text_of(page)
    assert client_of(ana).get("/admin/leave/").status_code == 403


def test_the_menus_say_who_is_away_and_giving_a_ticket_to_them_is_said(client_of, root, ana, ben, ticket):
    client = client_of(root)
    leave(client_of(ana), last_day=day(2))
    leave(client_of(ben), first_day=day(5), last_day=day(9))
    page = client.get(f"/admin/tickets/{ticket.number}").text
    assert page.count("Ana (absent until") == 2
    assert "Ben (" not in page
    assert "absent until" in client.get("/admin/tickets/").text
    known = page.split('name="known" value="')[1].split('"')[0]
    data = {"known": known, "assignee": f"agent-{ana.id}", "shown_assignee": ""}
    page = doors.post(client, f"/admin/tickets/{ticket.number}/update", data, follow_redirects=True)
    assert "Ana is on leave until" in doors.text_of(page)
    json = {"Accept": "application/json"}
    data = {"known": "", "assignee": f"agent-{ana.id}"}
    answer = doors.post(client, f"/admin/tickets/{ticket.number}/update", data, headers=json)
    assert "Ana is on leave until" in answer.json["text"]
