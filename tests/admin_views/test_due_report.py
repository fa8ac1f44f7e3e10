"""The figures of due times on their page: numbers and their lists, French, CSV."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from helpdesk import tickets
from helpdesk.due_times import rules
from models import DueTime, JournalEntry, Ticket
from tests.support import cast, doors, words

URL = "/admin/due-report/"
NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def judged(billing, invoices, carol, root, ana):
    """Three tickets: two answered in time, one late."""
    with time_machine.travel(NOW, tick=False) as moment:
        rules.save(DueTime(), {"first_reply": 120}, actor=root)
        made = [cast.open_ticket(carol, billing, invoices) for _ in range(3)]
        for ticket in made:
            moment.shift(timedelta(minutes=50))
            tickets.reply(Ticket.get_by_id(ticket.id), "<p>Yes.</p>", actor=ana)
        yield made


def test_the_page_tells_what_was_in_time_and_leads_to_the_lists(client_of, root, judged):
    client = client_of(root)
    assert "/admin/due-report/" in client.get("/admin/report/").get_data(as_text=True)
    page = client.get(URL)
    assert "Invoices 2 67% 1 0 0 0 0" in doors.text_of(page)
    assert "By priority" in doors.text_of(page)
    late = "/admin/tickets/?view=all&first_reply_missed=2026-01-01--2026-03-18"
    assert late.replace("&", "&amp;") in page.get_data(as_text=True)
    shown = doors.text_of(client.get(late))
    assert judged[2].number in shown
    assert judged[0].number not in shown
    assert "First reply late" in shown


def test_a_table_is_a_file_and_its_export_is_noted(client_of, root):
    rows = client_of(root).get(f"{URL}export/?by=agent").get_data(as_text=True).splitlines()
    assert rows[0].lstrip("\ufeff").startswith("Agent,First reply in time,First reply late,First reply in time (%)")
    assert rows[1].startswith("Ana,2,1,67")
    assert JournalEntry.get(act="exported").subject
    assert client_of(root).get(f"{URL}export/?by=tag").status_code == 404


def test_the_page_is_in_french(client_of, root):
    cast.speak_french()
    client = words.in_french(client_of(root))
    page = client.get(URL)
    assert "Première réponse à temps" in doors.text_of(page)
    assert words.english_of(page) == set()
    for name in ("first_reply_met", "next_reply_missed", "resolution_met"):
        page = client.get(f"/admin/tickets/?view=all&{name}=2026-01-01--2026-03-18")
        assert words.english_of(page) == set()


def test_without_due_times_nothing_leads_there(client_of, root):
    rules.delete(DueTime.get(), actor=root)
    assert "/admin/due-report/" not in client_of(root).get("/admin/report/").get_data(as_text=True)
