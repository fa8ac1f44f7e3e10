"""The screen of automatic closing, and what a ticket and its customer's page show of it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from playhouse.test_utils import count_queries

from helpdesk import outbox, tickets
from helpdesk.automatic_closing import keeping, places, steps
from helpdesk.tickets import cc
from models import AutomaticClosing, JournalEntry, OutgoingEmail, Ticket
from tests.support import cast, doors, words
from tests.support.mailbox import text_of

URL = "/admin/automatic-closing/"


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.get_by_id(ticket.id)


def form(**values):
    pending = [str(status.id) for status in places.offered()]
    return {"service": "", "department": "", "after_days": "14", "warning_days": "3", "statuses": pending, **values}


@pytest.fixture
def time():
    with time_machine.travel("2026-11-02T09:00:00+00:00", tick=False) as moment:
        yield moment


@pytest.fixture
def pending(time, carol, ana, billing, invoices) -> Ticket:
    ticket = cast.open_ticket(carol, billing, invoices)
    tickets.reply(fresh(ticket), "<p>Which one?</p>", actor=ana, at_once=True)
    return fresh(ticket)


def switch_on(root, **values) -> AutomaticClosing:
    chosen = [status.id for status in places.offered()]
    values = {"after_days": 14, "warning_days": 3, "statuses": chosen, "enabled": True, **values}
    row = places.save(AutomaticClosing(), values, actor=root)
    keeping.recalculate()
    return row


def test_a_row_is_set_on_its_screen_and_noted(client_of, root, billing, invoices):
    client = client_of(root)
    assert client.get(f"{URL}new/").status_code == 200
    page = doors.post(client, f"{URL}new/", form(department=invoices.id, enabled="y"), follow_redirects=True)
    assert "Billing, Invoices 14 days 3 days" in doors.text_of(page)
    row = AutomaticClosing.get()
    assert (row.service_id, row.department_id, row.enabled) == (billing.id, invoices.id, True)
    doors.post(client, f"{URL}edit/?id={row.id}", form(department=invoices.id, warning_days="5"))
    assert AutomaticClosing.get().warning_days == 5
    assert {"warning_days", "enabled"} <= set(JournalEntry.get(JournalEntry.act == "changed").data["fields"])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"warning_days": "14"}, "Écrivez de 1 à 30 jours, moins que"),
        ({"after_days": "0"}, "Écrivez un nombre de jours de 2 à 365"),
        ({"after_days": "10000"}, "Écrivez un nombre de jours de 2 à 365"),
        ({"statuses": []}, "Cochez au moins un statut"),
    ],
)
def test_what_makes_no_sense_is_told_at_its_field_and_stays(client_of, root, wrong, said):
    cast.speak_french()
    page = doors.post(words.in_french(client_of(root)), f"{URL}new/", form(**wrong))
    assert said in doors.text_of(page)
    assert words.english_of(page) == set()
    name, value = next(iter(wrong.items()))
    assert not value or f'value="{value}"' in page.get_data(as_text=True), name


def test_before_it_is_switched_on_the_list_tells_what_would_have_been_closed(client_of, root, pending, time):
    row = switch_on(root, enabled=False)
    time.shift(timedelta(days=16))
    client = client_of(root)
    page = client.get(URL)
    assert "1 ticket would have been closed by yesterday." in doors.text_of(page)
    older = client.get(f"{URL}older/?id={row.id}")
    assert pending.number in doors.text_of(older)
    assert "Yes, this 1, too" not in doors.text_of(older)
    doors.post(client, f"{URL}edit/?id={row.id}", form(enabled="y"))
    older = client.get(f"{URL}older/?id={row.id}")
    assert "1 ticket is left alone, as it was due before this was switched on." in doors.text_of(older)
    assert "Yes, this 1, too" in doors.text_of(older)
    cast.speak_french()
    french = words.in_french(client_of(root))
    for address in (URL, f"{URL}older/?id={row.id}"):
        assert words.english_of(french.get(address)) == set()
    doors.post(client, f"{URL}older/?id={row.id}", {})
    assert AutomaticClosing.get().includes_older
    assert JournalEntry.select().where(JournalEntry.act == "changed").count() == 2


def test_the_list_costs_the_same_with_many_rows(client_of, root, pending, time):
    switch_on(root, enabled=False)
    time.shift(timedelta(days=16))
    client = client_of(root)
    client.get(URL)
    with count_queries() as one:
        client.get(URL)
    for number in range(5):
        switch_on(root, service=cast.make_service(f"Place {number}").id, enabled=False)
    client.get(URL)
    with count_queries() as many:
        client.get(URL)
    assert many.count == one.count


def test_a_ticket_tells_when_it_is_closed_and_may_be_kept_open(client_of, ana, root, pending):
    switch_on(root)
    client, address = client_of(ana), f"/admin/tickets/{pending.number}"
    assert "Will be closed on" in doors.text_of(client.get(address))
    doors.post(client, f"{address}/keep-open")
    assert fresh(pending).closes_at is None
    assert "Is not closed by itself" in doors.text_of(client.get(address))
    cast.speak_french()
    assert words.english_of(words.in_french(client_of(ana)).get(address)) == set()
    doors.post(client, f"{address}/allow-closing")
    assert fresh(pending).closes_at is not None


def test_the_page_of_a_ticket_costs_nothing_more(client_of, ana, root, pending):
    client, address = client_of(ana), f"/admin/tickets/{pending.number}"
    client.get(address)
    with count_queries() as before:
        client.get(address)
    switch_on(root)
    client.get(address)
    with count_queries() as after:
        client.get(address)
    assert after.count == before.count


# --- The customer's side ------------------------------------------------------------------------------------------


@pytest.fixture
def announced(app, smtp, root, pending, time) -> str:
    """The private link of the e-mail that announces the closing."""
    switch_on(root)
    time.shift(timedelta(days=11))
    with app.app_context():
        steps.run()
    outbox.deliver_due()
    (mail,) = [mail for mail in smtp.to("carol@customer.example") if "soon be closed" in mail["Subject"]]
    assert "This is not resolved:" in text_of(mail)
    return re.search(r"/t/\S+", text_of(mail)).group()


def test_a_program_that_opens_the_link_changes_nothing_and_its_button_does(client, announced, pending):
    page = client.get(announced)
    assert "This is not resolved" in doors.text_of(page)
    assert "It will be closed on 16" in doors.text_of(page)
    assert fresh(pending).status.category == "pending"
    answer = doors.post(client, announced, {"not_resolved": "1"}, follow_redirects=True)
    assert "The team knows that it is not resolved" in doors.text_of(answer)
    row = fresh(pending)
    assert (row.status.category, row.awaits_reply, row.closes_at) == ("open", True, None)
    assert OutgoingEmail.select().where(OutgoingEmail.kind == "not-resolved").count() == 1
    assert "This is not resolved" not in doors.text_of(client.get(announced))


def test_the_page_of_the_ticket_has_the_button_too(client, announced, pending):
    doors.post(client, announced)
    page = client.get(f"/tickets/{pending.number}")
    assert "This ticket will be closed on 16" in doors.text_of(page)
    answer = doors.post(client, f"/tickets/{pending.number}/not-resolved", follow_redirects=True)
    assert "The team knows that it is not resolved" in doors.text_of(answer)
    assert fresh(pending).awaits_reply


def test_once_it_is_closed_the_button_says_how_to_open_it(client, announced, pending, root):
    client.get(announced)
    tickets.close(fresh(pending), actor=root)
    answer = doors.post(client, announced, {"not_resolved": "1"}, follow_redirects=True)
    assert "This ticket has been closed meanwhile" in doors.text_of(answer)
    assert fresh(pending).is_closed


def test_its_pages_are_french_for_who_reads_french(client, announced, pending):
    cast.speak_french()
    french = words.in_french(client)
    assert words.english_of(french.get(announced)) == set()
    doors.post(french, announced)
    page = french.get(f"/tickets/{pending.number}")
    assert "Ce n’est pas résolu" in doors.text_of(page)
    assert words.english_of(page) == set()


def test_somebody_in_copy_is_not_asked(client_of, announced, pending, dan, ana):
    cc.add_cc(fresh(pending), [dan.primary_address.email], actor=ana)
    client, address = client_of(dan), f"/tickets/{pending.number}"
    assert "will be closed" not in doors.text_of(client.get(address))
    assert doors.post(client, f"{address}/not-resolved").status_code == 403
    assert not fresh(pending).awaits_reply
