"""The screen of organisations, the organisation on a customer's page, and what stands beside a ticket."""

from __future__ import annotations

import re

import pytest

from helpdesk.lists import display
from helpdesk.organisations import saving
from models import RESPONSIBLE, Customer, Organisation, Ticket
from tests.support import cast, doors


@pytest.fixture
def acme(app, root) -> Organisation:
    with app.test_request_context():
        return saving.save(Organisation(), {"name": "Acme", "pinned": "<p>Call <b>first</b></p>"}, actor=root)


def test_one_is_added_changed_and_asked_about(client_of, root, carol):
    client = client_of(root)
    values = {"name": "Acme", "domains": "acme.example", "enabled": "y"}
    assert doors.post(client, "/admin/organisations/new/", values).status_code == 302
    row = Organisation.get()
    address = f"/admin/organisations/edit/?id={row.id}"
    assert "acme.example</textarea>" in client.get(address).text
    values |= {"domains": "acme.example\ncustomer.example", "blocked": "y"}
    asked = doors.post(client, address, values)
    assert "1 customer has an address at a new domain" in asked.text
    assert doors.post(client, address, {**values, "confirmed": "1"}).status_code == 302
    assert Customer.get_by_id(carol.id).organisation_id == row.id
    assert Organisation.get().blocked_at is not None
    assert re.search('<input[^>]* checked[^>]* name="blocked"', client.get(address).text)
    page = client.get("/admin/organisations/").text
    assert "acme.example, customer.example" in page
    assert f"flt0_0={row.id}" in page


def test_a_public_domain_comes_back_at_its_field(client_of, root):
    answer = doors.post(client_of(root), "/admin/organisations/new/", {"name": "Acme", "domains": "gmail.com"})
    assert "At “gmail.com” anybody may have an address" in answer.text
    assert "gmail.com</textarea>" in answer.text


def test_where_a_customer_belongs_is_said_and_changed_on_their_page(client_of, root, carol, acme):
    client, address = client_of(root), f"/admin/customers/{carol.id}/organisation"
    assert "None of their addresses is at a domain" in client.get(address).text
    values = {"how": "name", "name": "ACME", "responsible": "y", "copies": "y"}
    assert doors.post(client, address, values).status_code == 302
    stored = Customer.get_by_id(carol.id)
    assert (stored.organisation_id, stored.organisation_role) == (acme.id, RESPONSIBLE)
    page = client.get(f"/admin/customers/{carol.id}").text
    assert "responsible" in page
    assert "in copy of new tickets" in page
    refused = doors.post(client, address, {**values, "name": "Nowhere"})
    assert refused.status_code == 422
    assert "No organisation is called “Nowhere”" in refused.text


def test_an_administrator_confirms_what_others_propose(client_of, root, carol, acme):
    role = cast.make_role("Clerk", can_configure=True)
    clerk = client_of(cast.make_agent("Clerk", None, role=role))
    values = {"how": "name", "name": "Acme", "responsible": "y"}
    doors.post(clerk, f"/admin/customers/{carol.id}/organisation", values)
    assert Customer.get_by_id(carol.id).organisation_role == "proposed"
    assert "to be confirmed" in client_of(root).get("/admin/organisations/").text
    confirm = f"/admin/customers/{carol.id}/organisation/confirm"
    assert doors.post(clerk, confirm).status_code == 403
    assert doors.post(client_of(root), confirm).status_code == 302
    assert Customer.get_by_id(carol.id).organisation_role == RESPONSIBLE


def test_its_information_stands_beside_its_tickets(client_of, root, ana, carol, ticket, acme):
    Ticket.update(organisation_id=acme.id).where(Ticket.id == ticket.id).execute()
    page = client_of(ana).get(f"/admin/tickets/{ticket.number}").text
    assert "Call <b>first</b>" in page
    assert f"organisation={acme.id}" in page


def test_lists_exports_and_the_finder_know_its_name(client_of, root, ticket, acme):
    Ticket.update(organisation_id=acme.id).where(Ticket.id == ticket.id).execute()
    client = client_of(root)
    assert ticket.number in client.get(f"/admin/tickets/?organisation={acme.id}").text
    rows = client.get(f"/admin/tickets/export.csv?organisation={acme.id}&column=number&column=organisation").text
    assert f"{ticket.number},Acme" in rows
    display.choose("dense", ["customer", "organisation"], actor=root)
    assert 'title="Acme"' in client.get("/admin/tickets/").text
    groups = client.get("/admin/find/?q=acm", headers={"Accept": "application/json"}).json["groups"]
    assert ["Acme"] in [[line["text"] for line in group["lines"]] for group in groups]


def test_colleagues_have_a_list_of_their_own_in_the_account(client_of, root, carol, dan, billing, invoices, app):
    with app.test_request_context():
        acme = saving.save(Organisation(), {"name": "Acme", "domains": "customer.example"}, actor=root)
    ticket = cast.open_ticket(Customer.get_by_id(carol.id), billing, invoices, subject="Where is my bike")
    client = client_of(dan)
    assert "Acme" not in client.get("/tickets").text
    assert client.get("/tickets?of=organisation").status_code == 302
    assert client.get(f"/tickets/{ticket.number}").status_code == 404
    Customer.update(organisation_role=RESPONSIBLE).where(Customer.id == dan.id).execute()
    assert "Where is my bike" not in client.get("/tickets").text
    page = client.get("/tickets?of=organisation").text
    assert "Where is my bike" in page
    assert "Carol Jones" in page
    author = client_of(carol)
    assert "Keep it to myself" in author.get(f"/tickets/{ticket.number}").text
    assert doors.post(author, f"/tickets/{ticket.number}/private", {"act": "keep"}).status_code == 303
    assert client.get(f"/tickets/{ticket.number}").status_code == 404
    assert Organisation.get().id == acme.id


def test_the_form_says_who_gets_a_copy_and_takes_a_private_ticket(client_of, root, carol, dan, billing, app):
    with app.test_request_context():
        saving.save(Organisation(), {"name": "Acme", "domains": "customer.example"}, actor=root)
    client = client_of(carol)
    assert "Keep it from my colleagues" not in client.get("/tickets/new").text
    Customer.update(organisation_copies=True).where(Customer.id == dan.id).execute()
    page = client.get("/tickets/new").text
    assert "Colleagues who get a copy: Dan Brown." in page
    assert "Keep it from my colleagues" in page
