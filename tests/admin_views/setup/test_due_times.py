"""The screen of due times, and what the desk shows of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from helpdesk import clock, tickets
from helpdesk.due_times import keeping, rules
from helpdesk.opening_hours import saving
from helpdesk.settings import lookups
from models import Agent, DueOutcome, DueTime, OpeningHours, Ticket
from tests.support import cast, doors, words


def test_a_due_time_is_set_on_its_screen(client_of, root, billing, invoices):
    data = {"service": "", "department": invoices.id, "priority": "", "first_reply": "1 h 30", "resolution": "40 h"}
    page = doors.post(client_of(root), "/admin/due-times/new/", {**data, "next_reply": ""}, follow_redirects=True)
    assert "Billing, Invoices 1 h 30 — 40 h" in doors.text_of(page)
    row = DueTime.get()
    assert (row.first_reply, row.next_reply, row.resolution) == (90, None, 2400)
    form = client_of(root).get(f"/admin/due-times/edit/?id={row.id}").get_data(as_text=True)
    assert 'value="1 h 30"' in form


def test_a_length_that_is_none_is_told_and_stays(client_of, root):
    cast.speak_french()
    client = words.in_french(client_of(root))
    page = doors.post(client, "/admin/due-times/new/", {"first_reply": "bientôt"})
    assert "Écrivez une durée comme 4" in doors.text_of(page)
    assert 'value="bientôt"' in page.get_data(as_text=True)
    assert words.english_of(page) == set()


@pytest.fixture
def ticket_due(root, carol, billing, invoices):
    rules.save(DueTime(), {"first_reply": 120, "resolution": 600}, actor=root)
    return cast.open_ticket(carol, billing, invoices)


def test_the_list_tells_what_is_due_in_words(client_of, root, ticket_due):
    page = client_of(root).get("/admin/tickets/")
    assert "Due time" in doors.text_of(page)
    assert 'class="due"' in page.get_data(as_text=True)
    Ticket.update(due_at=clock.now() - timedelta(days=1, hours=1)).execute()
    page = client_of(root).get("/admin/tickets/?sort=due")
    assert "overdue by 1 day" in doors.text_of(page)
    assert "Due first" in doors.text_of(page)
    assert client_of(root).get("/admin/tickets/?sort=waking").status_code == 200
    assert "due is-late" in page.get_data(as_text=True)
    french = words.in_french(client_of(root))
    cast.speak_french()
    page = french.get("/admin/tickets/")
    assert "dépassée de 1" in doors.text_of(page)
    assert words.english_of(page) == set()


def test_without_rules_there_is_no_column(client_of, root, ticket):
    text = client_of(root).get("/admin/tickets/").get_data(as_text=True)
    assert "c-due" not in text


def test_a_ticket_tells_why_it_is_due_then(client_of, root, ticket_due):
    client = client_of(root)
    page = client.get(f"/admin/tickets/{ticket_due.number}").get_data(as_text=True)
    assert f"/admin/tickets/{ticket_due.number}/due" in page
    why = doors.text_of(client.get(f"/admin/tickets/{ticket_due.number}/due"))
    assert "First reply" in why
    assert "At most 2 h" in why
    assert "day and night, every day" in why
    tickets.reply(Ticket.get_by_id(ticket_due.id), "<p>Yes.</p>", actor=root)
    why = doors.text_of(client.get(f"/admin/tickets/{ticket_due.number}/due"))
    assert "Nothing is due: nobody waits for an answer." in why
    DueTime.delete().execute()
    assert f"{ticket_due.number}/due" not in client.get(f"/admin/tickets/{ticket_due.number}").get_data(as_text=True)


def test_a_pause_is_told_with_its_moments(client_of, root, carol, billing, invoices):
    with time_machine.travel("2026-11-30T09:00:00+00:00", tick=False) as moment:
        rules.save(DueTime(), {"resolution": 600}, actor=root)
        ticket = cast.open_ticket(carol, billing, invoices)
        moment.shift(timedelta(hours=1))
        tickets.reply(Ticket.get_by_id(ticket.id), "<p>Which one?</p>", actor=root)
        moment.shift(timedelta(hours=2))
        tickets.receive_message(Ticket.get_by_id(ticket.id), "The second.", actor=carol)
        client = words.in_french(client_of(root))
        cast.speak_french()
        page = client.get(f"/admin/tickets/{ticket.number}/due")
    assert "Non compté du 30/11/2026 10:00 au 30/11/2026 12:00" in doors.text_of(page)
    assert "dans 9" in doors.text_of(page)
    assert words.english_of(page) == set()
    assert keeping.targets_of(Ticket.get_by_id(ticket.id))[0].due == ticket.created_at + timedelta(hours=12)


def test_a_closed_ticket_tells_whether_it_was_in_time(client_of, root, ticket_due):
    tickets.reply(Ticket.get_by_id(ticket_due.id), "<p>Yes.</p>", actor=root, close=True)
    client = client_of(root)
    assert "In time Why?" in doors.text_of(client.get(f"/admin/tickets/{ticket_due.number}"))
    why = doors.text_of(client.get(f"/admin/tickets/{ticket_due.number}/due"))
    assert "Nothing is due: the ticket is closed." in why
    assert "First reply: in time" in why
    assert "Resolution: in time" in why
    DueOutcome.update(is_met=False).where(DueOutcome.target == "resolution").execute()
    cast.speak_french()
    french = words.in_french(client_of(root))
    page = french.get(f"/admin/tickets/{ticket_due.number}")
    assert "En retard Pourquoi" in doors.text_of(page)
    assert words.english_of(page) == set()
    why = french.get(f"/admin/tickets/{ticket_due.number}/due")
    assert "Résolution : en retard" in doors.text_of(why)
    assert words.english_of(why) == set()


def test_what_is_overdue_has_a_list_in_the_menu_and_a_column_in_the_file(client_of, root, ticket, ticket_due):
    client = client_of(root)
    assert "Nothing is overdue." in doors.text_of(client.get("/admin/tickets/?view=overdue"))
    Ticket.update(due_at=clock.now() - timedelta(hours=1)).where(Ticket.id == ticket_due.id).execute()
    page = doors.text_of(client.get("/admin/tickets/?view=overdue"))
    assert "Overdue" in page
    assert ticket_due.number in page
    assert "overdue by 1 h" in page.replace("\xa0", " ").replace("hour", "h")
    rows = client.get("/admin/tickets/export.csv?view=overdue&column=number&column=due").get_data(as_text=True)
    due = Ticket.get_by_id(ticket_due.id).due_at
    assert f"{ticket_due.number},{due:%Y-%m-%d %H:%M}" in rows
    cast.speak_french()
    page = words.in_french(client_of(root)).get("/admin/tickets/?view=overdue")
    assert "En retard" in doors.text_of(page)
    assert words.english_of(page) == set()
    rules.delete(DueTime.get(), actor=root)
    assert "view=overdue" not in client.get("/admin/tickets/").get_data(as_text=True)


def test_an_agent_says_in_the_profile_which_mails_to_get(client_of, ana, root):
    form = {"name": "Ana", "locale": "fr", "timezone": "", "shortcuts": "y", "after_act": "stay"}
    assert "mail_on_warning" not in client_of(ana).get("/admin/profile").get_data(as_text=True)
    rules.save(DueTime(), {"first_reply": 120}, actor=root)
    client = client_of(ana)
    page = client.get("/admin/profile").get_data(as_text=True)
    assert "mail_on_overdue" in page
    # The list of the day is for those who see everything.
    assert "mail_on_due_list" not in page
    assert "mail_on_due_list" in client_of(root).get("/admin/profile").get_data(as_text=True)
    doors.post(client, "/admin/profile", {**form, "mail_on_overdue": "y"})
    agent = Agent.get_by_id(ana.id)
    assert (agent.mail_on_warning, agent.mail_on_overdue, agent.mail_on_due_list) == (False, True, True)
    cast.speak_french()
    page = client.get("/admin/profile")
    assert "E-mail quand un ticket est en retard" in doors.text_of(page)
    assert words.english_of(page) == set()


def test_due_times_are_tried_before_a_ticket_comes(client_of, root, billing, invoices):
    week = {"saturday": "9-18", "monday": "9-18"}
    saving.save_hours(OpeningHours(), {**week, "timezone": "Europe/Paris"}, actor=root)
    high = lookups.important_priority()
    rules.save(DueTime(), {"priority": high.id, "first_reply": 65, "next_reply": 120, "resolution": 600}, actor=root)
    client, address = client_of(root), "/admin/due-times/test/"
    assert "/admin/due-times/test/" in client.get("/admin/due-times/").get_data(as_text=True)
    assert client.get(address).status_code == 200
    asked = f"{address}?place={billing.id}/{invoices.id}&priority={high.id}&day=2026-12-05&time=17:55"
    text = doors.text_of(client.get(asked))
    assert (
        "A ticket of priority High in Billing, Invoices that arrives on Saturday 5 December 2026 17:55 "
        "is due on Monday 7 December 2026 10:00." in text
    )
    assert "Next reply Monday 7 December 2026 10:55 at most 2 h" in text
    assert "Saturday 5 December 2026 17:55 to Saturday 5 December 2026 18:00 (5 min)" in text
    assert "Monday 7 December 2026 09:00 to Monday 7 December 2026 10:00 (1 h)" in text
    assert "Rule High" in text
    normal = f"{address}?place={billing.id}/{invoices.id}&priority=&day=2026-12-05&time=17:55"
    assert "no rule is for this ticket" in doors.text_of(client.get(normal))
    for wrong in (
        "day=2026-13-05&time=17:55",
        "day=2026-12-05&time=",
        "day=soon&time=25:00",
        "day=9998-01-01&time=09:00",
    ):
        page = client.get(f"{address}?place=x&priority=y&{wrong}")
        assert page.status_code == 422
        assert 'aria-invalid="true"' in page.get_data(as_text=True)
    cast.speak_french()
    page = words.in_french(client_of(root)).get(asked)
    assert "arrive le samedi 5 décembre 2026 17:55" in doors.text_of(page)
    assert words.english_of(page) == set()
