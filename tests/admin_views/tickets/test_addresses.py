"""The page on which the address of a customer is corrected, and the ways to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from helpdesk import clock, tickets
from models import Agent, Customer, CustomerAddress, OutgoingEmail, Ticket
from tests.support import doors

Clients = Callable[[Agent | Customer], FlaskClient]


def test_what_came_back_is_shown_and_corrected(client_of: Clients, app: Any, ticket: Ticket, ana: Agent) -> None:
    tickets.reply(ticket, "<p>We look into it.</p>", actor=ana)
    values = {"state": "sent", "bounced_at": clock.now(), "bounce_reason": "5.1.1 No such user"}
    OutgoingEmail.update(values).where(OutgoingEmail.address.is_null(False)).execute()
    CustomerAddress.update(undeliverable_at=clock.now()).execute()
    client, url = client_of(ana), f"/admin/tickets/{ticket.number}"
    page = doors.text_of(client.get(url))
    assert "Not delivered to carol@customer.example: the address does not exist." in page
    assert "E-mails to carol@customer.example come back" in page
    address = CustomerAddress.get()
    form = f"/admin/addresses/{address.id}?ticket={ticket.number}"
    page = doors.text_of(client.get(form))
    assert "5.1.1 No such user" in page
    for wrong in ("", "carol", "carol@customer.example"):
        answer = doors.post(client, form, {"email": wrong})
        assert (answer.status_code, CustomerAddress.get().email) == (200, "carol@customer.example")
        assert re.search(f'value="?{wrong}[" >]', answer.get_data(as_text=True))
    answer = doors.post(client, form, {"email": "carol@right.example"})
    assert answer.location.endswith(url)
    page = doors.text_of(client.get(url))
    assert "The address is carol@right.example now." in page
    assert "Ana corrected the address carol@customer.example to carol@right.example" in page
    assert "come back" not in page
    waiting = OutgoingEmail.select().where(OutgoingEmail.address.is_null(False))
    assert {(one.to_email, one.state) for one in waiting} == {("carol@right.example", "pending")}


def test_what_came_back_is_not_folded_away(client_of: Clients, ticket: Ticket, ana: Agent, root: Agent) -> None:
    message = tickets.reply(ticket, "<p>We look into it.</p>", actor=ana)
    for number in range(5):
        tickets.reply(Ticket.get_by_id(ticket.id), f"<p>More {number}</p>", actor=ana)
    url = f"/admin/tickets/{ticket.number}"
    folded = f'<details class="msg is-collapsed is-reply" id="m{message.id}"'
    assert folded in client_of(root).get(url).get_data(as_text=True)
    OutgoingEmail.update(state="sent", bounced_at=clock.now(), bounce_reason="5.1.1").where(
        OutgoingEmail.message == message.id
    ).execute()
    assert folded not in client_of(root).get(url).get_data(as_text=True)


def test_mail_is_sent_there_again(client_of: Clients, ticket: Ticket, ana: Agent) -> None:
    CustomerAddress.update(undeliverable_at=clock.now()).execute()
    address = CustomerAddress.get()
    page = doors.text_of(client_of(ana).get(f"/admin/addresses/{address.id}"))
    assert "Send there again" in page
    doors.post(client_of(ana), f"/admin/addresses/{address.id}/lift?ticket={ticket.number}")
    assert CustomerAddress.get().undeliverable_at is None


def test_what_came_back_is_sent_again_from_its_message(client_of: Clients, ticket: Ticket, ana: Agent) -> None:
    message = tickets.reply(ticket, "<p>We look into it.</p>", actor=ana)
    OutgoingEmail.update(state="sent", bounced_at=clock.now(), bounce_reason="4.2.2").where(
        OutgoingEmail.message == message.id
    ).execute()
    doors.post(client_of(ana), f"/admin/tickets/{ticket.number}/messages/{message.id}/retry")
    mail = OutgoingEmail.get(OutgoingEmail.message == message.id)
    assert (mail.state, mail.bounced_at) == ("pending", None)


def test_the_outbox_says_why(client_of: Clients, root: Agent, ticket: Ticket, ana: Agent) -> None:
    tickets.reply(ticket, "<p>We look into it.</p>", actor=ana)
    mail = OutgoingEmail.select().where(OutgoingEmail.address.is_null(False)).get()
    for values, words in (
        ({"state": "cancelled", "withheld": "loop"}, "two programs may be answering each other"),
        (
            {"state": "sent", "withheld": None, "bounced_at": clock.now(), "bounce_reason": "5.2.2"},
            "the mailbox is full",
        ),
    ):
        OutgoingEmail.update(values).where(OutgoingEmail.id == mail.id).execute()
        assert words in doors.text_of(client_of(root).get(f"/admin/outbox/details/?id={mail.id}"))
    assert "Came back" in doors.text_of(client_of(root).get("/admin/outbox/"))
