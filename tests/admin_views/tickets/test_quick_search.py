"""The box that finds anything, without its box."""

from __future__ import annotations

import pytest

URL = "/admin/find/"
JSON = {"Accept": "application/json"}


def find(client, text):
    groups = client.get(URL, query_string={"q": text}, headers=JSON).get_json()["groups"]
    return {group["label"]: group["lines"] for group in groups}


def test_it_gives_tickets_and_customers_with_their_addresses(client_of, ticket, ana):
    client = client_of(ana)
    assert find(client, "invoice")["Tickets"] == [
        {
            "text": ticket.subject,
            "detail": f"{ticket.number} · Carol Jones · Active",
            "url": f"/admin/tickets/{ticket.number}",
        }
    ]
    (line,) = find(client, "carol")["Customers"]
    assert (line["text"], line["detail"]) == ("Carol Jones", "carol@customer.example")
    assert ticket.subject in client.get(line["url"]).get_data(as_text=True)


@pytest.mark.parametrize(("text", "name"), [("unass", "Unassigned"), ("dashb", "Dashboard"), ("profile", "My profile")])
def test_it_gives_screens(client_of, ana, text, name):
    assert name in [line["text"] for line in find(client_of(ana), text)["Screens"]]


def test_it_gives_no_screen_that_one_may_not_open(client_of, ana, root):
    assert "Screens" not in find(client_of(ana), "configuration")
    assert "Screens" in find(client_of(root), "configuration")


def test_without_script_it_leads_to_the_search(client_of, ana):
    assert client_of(ana).get(URL, query_string={"q": "invoice"}).location == "/admin/tickets/?view=search&q=invoice"
