"""The pages that change the customer of a ticket, and what the two persons meet afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpdesk import links, settings, tickets
from helpdesk.tickets import cc, thread
from models import Agent, Customer, OutgoingEmail, Role, Ticket
from tests.support import doors

Clients = Callable[[Agent | Customer], FlaskClient]
DAN = "dan@customer.example"


def path_of(ticket: Ticket) -> str:
    return f"/admin/tickets/{ticket.number}/customer"


def confirm(client: FlaskClient, ticket: Ticket, email: str = DAN, **more: str) -> TestResponse:
    """Send the form of the page that asks."""
    seen = str(thread.newest_id(ticket))
    return doors.post(client, path_of(ticket), {"email": email, "confirmed": "1", "seen": seen, **more})


def test_it_is_asked_in_words_and_numbers_and_then_done(
    client_of: Clients, app: Any, ana: Agent, root: Agent, ticket: Ticket, dan: Customer
) -> None:
    cc.add_cc(ticket, ["eve@visitor.example"], actor=root)
    guest = app.test_client()
    doors.post(guest, f"/t/{links.make('ticket', address=ticket.address, ticket=ticket)}")
    client = client_of(ana)
    assert f"{path_of(ticket)}" in client.get(f"/admin/tickets/{ticket.number}").text
    page = client.get(path_of(ticket))
    assert "“A question about my invoice” is of Carol Jones." in doors.text_of(page)
    assert 'value="eve@visitor.example"' in page.text
    answer = doors.post(client, path_of(ticket), {"email": DAN})
    asked = doors.text_of(answer)
    for words in (
        "Dan Brown will read the whole ticket: messages: 1, files: 0. Internal notes stay hidden.",
        "Carol Jones no longer reads it, at once. Links mailed to them that stop opening it: 1; "
        "browsers that have it open without signing in: 1.",
        "eve@visitor.example stays in copy and reads on.",
        "Orders follow the person: beside the ticket stand those of the new customer (0)",
        "It can be undone for ten minutes",
    ):
        assert words in asked
    assert Ticket.get_by_id(ticket.id).customer_id == ticket.customer_id
    done = confirm(client, ticket)
    assert done.location == f"/admin/tickets/{ticket.number}"
    page = doors.text_of(client.get(done.location))
    assert "Dan Brown is the customer of this ticket now." in page
    assert "Ana changed the customer from Carol Jones (carol@customer.example) to Dan Brown" in page
    assert "no longer in this ticket" in page


def test_what_led_the_former_customer_there_leads_there_no_more(
    client_of: Clients, app: Any, ana: Agent, ticket: Ticket, carol: Customer, dan: Customer
) -> None:
    token = links.make("ticket", address=ticket.address, ticket=ticket)
    guest, public = app.test_client(), f"/tickets/{ticket.number}"
    doors.post(guest, f"/t/{token}")
    signed_in, stranger = client_of(carol), app.test_client()
    for client in (guest, signed_in):
        assert client.get(public).status_code == 200
    confirm(client_of(ana), ticket)
    for client in (guest, signed_in):
        assert client.get(public).status_code == 404
        assert ticket.number not in client.get("/tickets").text
        data = {"message": "My words stay here.", "form_key": "x" * 22}
        answer = doors.post(client, public, data, headers={"Origin": "http://localhost"})
        assert answer.status_code == 404
        assert "My words stay here." in answer.text
    assert stranger.get(f"/t/{token}").status_code == 404
    assert doors.post(stranger, f"/t/{token}").status_code == 404
    assert client_of(dan).get(public).status_code == 200
    assert ticket.number in client_of(dan).get("/tickets").text


def test_undo_gives_it_back(client_of: Clients, ana: Agent, ticket: Ticket, carol: Customer, dan: Customer) -> None:
    client = client_of(ana)
    page = client.get(confirm(client, ticket).location).text
    undo = re.search(r'action="(/admin/bulk/undo/[^"]+)"', page)
    assert undo is not None
    doors.post(client, undo[1].replace("&amp;", "&"))
    assert Ticket.get_by_id(ticket.id).customer == carol
    assert client_of(carol).get(f"/tickets/{ticket.number}").status_code == 200
    assert "Carol Jones is the customer again" in doors.text_of(client.get(f"/admin/tickets/{ticket.number}"))


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "Choose somebody, or write an e-mail address."),
        ("nobody", "This is not an e-mail address."),
        ("carol@customer.example", "is an address of the present customer"),
        ("x" * 300 + "@visitor.example", "This is not an e-mail address."),
    ],
)
def test_what_cannot_be_comes_back_with_the_reason(
    client_of: Clients, ana: Agent, ticket: Ticket, typed: str, why: str
) -> None:
    for more in ({}, {"confirmed": "1", "seen": "nonsense"}):
        answer = doors.post(client_of(ana), path_of(ticket), {"email": typed, **more})
        assert answer.status_code == 422
        assert 'id="choice-error"' in answer.text
        assert why in doors.text_of(answer)
        assert f'value="{typed[:254]}"' in answer.text
    assert Ticket.get_by_id(ticket.id).customer_id == ticket.customer_id


def test_somebody_in_copy_is_chosen_without_typing(
    client_of: Clients, ana: Agent, root: Agent, ticket: Ticket, dan: Customer
) -> None:
    cc.add_cc(ticket, [DAN], actor=root)
    page = doors.text_of(doors.post(client_of(ana), path_of(ticket), {"copied": DAN, "email": " "}))
    assert "Dan Brown is in copy now, and becomes the customer instead." in page


def test_a_message_that_came_in_meanwhile_is_read_first(
    client_of: Clients, ana: Agent, ticket: Ticket, carol: Customer, dan: Customer
) -> None:
    seen = str(thread.newest_id(ticket))
    tickets.receive_message(ticket, "It is mine, after all.", actor=carol)
    answer = confirm(client_of(ana), ticket, seen=seen)
    assert answer.status_code == 422
    assert "A message has come in meanwhile: read it, then decide." in doors.text_of(answer)
    assert f'value="{DAN}"' in answer.text
    assert Ticket.get_by_id(ticket.id).customer == carol


def test_the_page_promises_the_mail_that_was_written(
    client_of: Clients, ana: Agent, ticket: Ticket, dan: Customer
) -> None:
    client = client_of(ana)
    assert 'name="tells"' not in doors.post(client, path_of(ticket), {"email": DAN}).text
    settings.save({"mail_host": "localhost"})
    assert 'name="tells"' in doors.post(client, path_of(ticket), {"email": DAN}).text
    page = doors.text_of(client.get(confirm(client, ticket, tells="1").location))
    assert f"An e-mail with the link to it is on its way to {DAN}." in page
    # To an address that is not proven, one an hour goes.
    for email, words in (("new@visitor.example", "on its way to new"), (DAN, "on its way to dan")):
        page = doors.text_of(client.get(confirm(client, ticket, email, tells="1").location))
        assert words in page
    page = doors.text_of(client.get(confirm(client, ticket, "new@visitor.example", tells="1").location))
    assert "No e-mail goes to new@visitor.example." in page
    assert OutgoingEmail.select().where(OutgoingEmail.kind == "received").count() == 1


def test_who_may_not_sees_no_way_there(client_of: Clients, ana: Agent, ben: Agent, ticket: Ticket) -> None:
    Role.update(can_assign=False).where(Role.id == ana.role_id).execute()
    assert path_of(ticket) not in client_of(ana).get(f"/admin/tickets/{ticket.number}").text
    assert client_of(ana).get(path_of(ticket)).status_code == 403
    assert client_of(ben).get(path_of(ticket)).status_code == 404
    assert confirm(client_of(ben), ticket).status_code == 404


def test_no_list_changes_customers(client_of: Clients, ana: Agent, ticket: Ticket) -> None:
    assert doors.post(client_of(ana), "/admin/bulk/customer", {"number": ticket.number}).status_code == 404


def test_a_person_in_copy_is_called_so_and_who_left_is_not(
    client_of: Clients, ana: Agent, root: Agent, ticket: Ticket, dan: Customer
) -> None:
    cc.add_cc(ticket, [DAN], actor=root)
    tickets.receive_message(Ticket.get_by_id(ticket.id), "Me too.", actor=dan)
    client = client_of(ana)
    assert "no longer in this ticket" not in client.get(f"/admin/tickets/{ticket.number}").text
    cc.remove_cc(ticket, dan.primary_address, actor=root)
    assert "no longer in this ticket" in client.get(f"/admin/tickets/{ticket.number}").text
