"""The journal's screen: who reads it, its filters, its pages and its export."""

from __future__ import annotations

from datetime import timedelta

import pytest

from admin_views.setup.journal import PER_PAGE
from helpdesk import clock, journal, journal_listing, settings, tickets
from models import JournalEntry, Priority, Service
from tests.support import doors

URL = "/admin/journal/"


@pytest.fixture
def admin(client_of, root):
    return client_of(root)


def lines(client, **arguments):
    return doors.text_of(client.get(URL, query_string=arguments))


def note(actor, subject, count=1):
    for number in range(count):
        journal.record(journal.Act.EXPORTED, actor=actor, subject=f"{subject} {number}")


def test_sign_ins_on_the_screens_are_read_in_the_journal(app, root, admin):
    client = app.test_client()
    for password in ("wrong", "correct horse battery staple"):
        doors.post(client, "/admin/sign-in", {"email": root.email, "password": password})
    doors.post(client, "/admin/sign-out")
    page = lines(admin, kind="sign-ins")
    assert "A sign-in was refused (root@desk.example) Sign-ins 127.0.0.1" in page
    assert "Root signed out" in page


def test_a_changed_setting_and_its_way_back_are_read(admin):
    doors.post(admin, "/admin/configuration/", {"reset": "desk_enabled"})
    settings.save({"ticket_prefix": "7"})
    doors.post(admin, "/admin/configuration/", {"reset": "ticket_prefix"})
    assert "Root set “Prefix”: 7 → 10000" in lines(admin, kind="settings")


def test_rows_of_set_up_screens_are_read(admin, billing):
    values = {"name-en": "Billing", "position": "0"}
    doors.post(admin, f"/admin/services/edit/?id={billing.id}", values)
    assert not Service.get_by_id(billing.id).enabled
    doors.post(admin, "/admin/tags/new/", {"name": "urgent"})
    page = lines(admin, kind="set-up")
    assert "Root changed “Billing” (service): enabled" in page
    assert "Root added “urgent” (tag)" in page


def test_a_deleted_row_is_read(admin):
    priority = Priority.create(identifier="odd", label={"en": "Odd"})
    doors.post(admin, "/admin/priorities/delete/", {"id": priority.id, "confirmed": "1"})
    assert "Root deleted “Odd” (priority)" in lines(admin)


def test_an_export_is_noted(admin, carol):
    admin.get("/admin/customers/export/csv/").get_data()
    assert "Root exported “Customers”" in lines(admin, kind="data")


def test_pages_go_on_by_key(admin, root):
    note(root, "List", PER_PAGE + 5)
    first = admin.get(URL, query_string={"kind": "data"}).get_data(as_text=True)
    oldest = list(JournalEntry.select().where(JournalEntry.kind == "data").order_by(JournalEntry.id))[5]
    key = journal_listing.write_key(oldest)
    assert f"before={key}" in first
    second = lines(admin, kind="data", before=key)
    assert "List 4" in second
    assert "List 5”" not in second


def test_filters_by_person_and_day(admin, root, ana):
    note(root, "Mine")
    note(ana, "Hers")
    JournalEntry.update(created_at=clock.now() - timedelta(days=9)).where(JournalEntry.agent == ana).execute()
    day = (clock.now() - timedelta(days=2)).date().isoformat()
    assert "Hers" not in lines(admin, since=day)
    assert "Mine" not in lines(admin, until=day)
    assert "Mine" not in lines(admin, person=ana.id)
    assert "Hers" in lines(admin, person=ana.id)


def test_a_ticket_is_found_by_its_number_and_a_person_by_name(admin, ticket, ana, ben):
    tickets.close(ticket, actor=ana)
    note(ben, "Hers")
    page = lines(admin, q=ticket.number)
    assert f"By and about: {ticket.number}" in page
    assert f"Ticket {ticket.number}: Ana closed the ticket" in page
    assert "Hers" not in page
    page = lines(admin, q="ben@desk.example")
    assert "By and about: Ben" in page
    assert "Ben exported “Hers 0”" in page
    assert "Ana closed" not in page
    assert "No line here" in lines(admin, q="nobody at all")


def test_who_deleted_what_is_one_click_from_the_journal(admin, root, ticket):
    tickets.delete(ticket, actor=root)
    note(root, "Not deleted")
    html = admin.get(URL).get_data(as_text=True)
    assert f'href="{URL}?kind=deleted"' in html
    page = lines(admin, kind="deleted")
    assert f"Ticket {ticket.number}: Root moved the ticket to the bin" in page
    assert "Not deleted" not in page


def test_pages_and_the_export_keep_to_the_search(admin, root, ana):
    note(root, "Mine", PER_PAGE + 2)
    note(ana, "Hers")
    html = admin.get(URL, query_string={"q": "Root"}).get_data(as_text=True)
    assert "Older lines" in html
    assert html.count("q=Root") >= 2
    rows = admin.get(f"{URL}export/", query_string={"q": "Ana"}).get_data(as_text=True)
    assert "Hers 0" in rows
    assert "Mine 0" not in rows


def test_bad_filters_are_said_and_do_no_harm(admin, root):
    page = lines(admin, since="soon", kind="'", person="x", before="9" * 40, q="%'" * 400)
    assert "This is not a date. Example: 2026-12-31." in page
    assert "The last day is before the first one." in lines(admin, since="2026-02-02", until="2026-02-01")
    assert admin.get(URL, query_string={"since": "0001-01-01", "until": "9999-12-31"}).status_code == 200


def test_the_export_is_complete_harmless_and_noted(admin, root):
    note(root, "=1+1", 3)
    JournalEntry.update(actor_name="=HYPERLINK(1)").execute()
    answer = admin.get(f"{URL}export/", query_string={"kind": "data"})
    rows = doors.csv_rows(answer)
    assert rows[0] == ["Time (UTC)", "Kind", "Who", "What", "Network address"]
    assert [row[2] for row in rows[1:]] == ["'=HYPERLINK(1)"] * 3
    assert "Root exported “Journal”" in lines(admin)


def test_the_journal_is_escaped_and_speaks_french(app, admin, root):
    note(root, "<script>alert(1)</script>")
    page = admin.get(URL).get_data(as_text=True)
    assert "<script>alert(1)" not in page
    root.locale = "fr"
    root.save()
    assert '<html lang="fr"' in admin.get(URL).get_data(as_text=True)


def test_only_administrators_read_it(client_of, ana, mona):
    assert [client_of(one).get(URL).status_code for one in (ana, mona)] == [403, 403]
