"""Ticked tickets are handed out in turn: asked in numbers first, then done, and taken back."""

from __future__ import annotations

import re

from helpdesk import tickets
from helpdesk.lists.bulk import MAX_TICKETS
from models import Ticket
from tests.support import cast, doors

URL = "/admin/bulk/in-turn"


def numbers(carol, billing, invoices, count: int) -> list[str]:
    return [cast.open_ticket(carol, billing, invoices).number for _ in range(count)]


def test_it_is_asked_in_numbers_first_and_can_be_undone(client_of, ana, carol, billing, invoices):
    uma = cast.make_agent("Uma", billing)
    client, data = client_of(ana), {"number": numbers(carol, billing, invoices, 5), "list_view": "open"}
    tickets.assign(Ticket.get(), uma, actor=ana)
    assert "In turn…" in client.get("/admin/tickets/").text
    page = doors.post(client, URL, data)
    text = doors.text_of(page)
    assert "Hand 5 tickets out in turn" in text
    assert re.search(r"Ana 0 3 Uma 1 2", text)
    assert Ticket.select().where(Ticket.assignee == ana).count() == 0
    # Another choice in the menu is shown before it is done.
    team = cast.make_team("Second line", uma)
    page = doors.post(client, URL, {**data, "pool": str(team.id), "confirmed": "all"})
    assert "Uma 1 4" in doors.text_of(page)
    assert Ticket.select().where(Ticket.assignee == ana).count() == 0
    page = doors.post(client, URL, {**data, "pool": "all", "confirmed": "all"}, follow_redirects=True).text
    assert "5 tickets have been assigned." in page
    assert [Ticket.select().where(Ticket.assignee == one).count() for one in (ana, uma)] == [3, 2]
    doors.post(client, re.search(r"/admin/bulk/undo/\d+", page)[0], {})
    assert [Ticket.select().where(Ticket.assignee == one).count() for one in (ana, uma)] == [0, 1]


def test_bad_input_and_missing_rights(client_of, ana, carol, billing, invoices):
    client, ticket = client_of(ana), numbers(carol, billing, invoices, 1)
    page = doors.post(client, URL, {"number": ticket, "pool": "999", "confirmed": "999"})
    assert "Choose one from the list." in doors.text_of(page)
    assert "Tick at least one ticket first." in doors.post(client, URL, {}, follow_redirects=True).text
    ana.role = cast.make_role("Reader", can_assign=False)
    ana.save()
    assert doors.post(client, URL, {"number": ticket}).status_code == 403
    assert MAX_TICKETS == 1_000


def test_where_nobody_is_there_nothing_can_be_handed_out(client_of, root, carol, billing, invoices):
    page = doors.post(client_of(root), URL, {"number": numbers(carol, billing, invoices, 2)})
    assert "Left out: 2. There is nobody to whom the ticket could be handed." in doors.text_of(page)
    assert 'name="confirmed"' not in page.text
