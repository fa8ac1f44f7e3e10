"""What a page asks of the database does not grow with what it shows."""

import re

import pytest
from playhouse.test_utils import count_queries

from helpdesk import tickets
from helpdesk.examples import demo
from models import Agent, Ticket
from tests.support import cast, doors

#: The list, a thread, the form of visitors.
MOST = {"/admin/tickets/": 4, "/admin/tickets/%s": 7, "/tickets/new": 8}
MOST_OF_A_REPLY = 24


@pytest.fixture(autouse=True)
def figures_stay(monkeypatch):
    """Figures that serve all readers for some seconds serve them for the test, however slow the machine."""
    monkeypatch.setattr("helpdesk.lists.counting.COUNTS_SECONDS", 3_600)
    monkeypatch.setattr("helpdesk.outbox.outbox_health.SECONDS", 3_600)


def count_of(client, path: str) -> int:
    client.get(path)
    with count_queries() as counter:
        assert client.get(path).status_code == 200
    return counter.count


def test_a_list_of_25_asks_no_more_than_a_list_of_one(app, ticket, root, carol, billing, invoices):
    client = doors.signed_in(app, root)
    few = count_of(client, "/admin/tickets/")
    for _ in range(24):
        tickets.tag(cast.open_ticket(carol, billing, invoices), "urgent", actor=root)
    assert count_of(client, "/admin/tickets/") == few <= MOST["/admin/tickets/"]


def test_a_search_is_run_once(app, root, carol, billing, invoices):
    for _ in range(30):
        cast.open_ticket(carol, billing, invoices)
    path = "/admin/tickets/?view=search&q=Carol"
    client = doors.signed_in(app, root)
    assert count_of(client, path) <= 5
    assert "30" in client.get(path).text


def test_a_long_thread_asks_no_more_than_a_short_one(app, ticket, root):
    client = doors.signed_in(app, root)
    path = f"/admin/tickets/{ticket.number}"
    few = count_of(client, path)
    for _ in range(10):
        tickets.reply(Ticket.get_by_id(ticket.id), "<p>We are on it.</p>", actor=root)
    assert count_of(client, path) == few <= MOST["/admin/tickets/%s"]


def test_a_reply_stores_each_row_once(app, ticket, root):
    """With the mail to its customer, the line of the history and what takes it back; without begin and commit."""
    client, path = doors.signed_in(app, root), f"/admin/tickets/{ticket.number}"
    for _turn in range(2):
        page = client.get(path).text
        fields = re.findall(
            r'name="(csrf_token|seen|known|form_key)" value="([^"]*)"', page.partition('id="composer"')[2]
        )
        with count_queries() as counter:
            sent = client.post(f"{path}/reply", data={**dict(fields), "body": "We look into it.", "kind": "message"})
    assert sent.status_code == 302
    assert counter.count <= MOST_OF_A_REPLY


@pytest.mark.parametrize("path", ["/admin/tickets/", "/tickets/new"])
def test_a_full_desk_asks_no_more_than_it_may(app, path):
    demo.fill(tickets=200)
    assert count_of(doors.signed_in(app, Agent.get(Agent.is_admin)), path) <= MOST[path]
