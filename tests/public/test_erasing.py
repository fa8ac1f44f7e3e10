"""A customer asks alone to be erased: by a link that is mailed, after a wait, told to both sides, to be cancelled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from helpdesk import clock, outbox, settings, suppression
from helpdesk.erasing import carrying_out, erasure_log, own_request, requests
from models import Agent, Customer, Erasure, OutgoingEmail, SuppressedAddress, Tag, Ticket, TicketTag
from tests.support import doors
from tests.support.mailbox import Mailbox, text_of

Clients = Callable[[Agent | Customer], FlaskClient]


@pytest.fixture(autouse=True)
def no_log(data_dir: Path) -> Iterator[None]:
    """Leave no log to other tests."""
    yield
    (data_dir / erasure_log.NAME).unlink(missing_ok=True)


@pytest.fixture
def client(client_of: Clients, carol: Customer, smtp: Mailbox, ticket: Ticket, root: Agent) -> FlaskClient:
    """The browser of a customer."""
    return client_of(carol)


def ask(client: FlaskClient) -> str:
    return doors.text_of(doors.post(client, "/account/erase", follow_redirects=True))


def link_in(smtp: Mailbox, app: Any) -> str:
    with app.app_context():
        outbox.deliver_due()
    found = re.search(r"(/erase/\S+)", text_of(smtp.to("carol@customer.example")[-1]))
    assert found
    return found[1]


def test_it_is_confirmed_by_a_link_waits_and_both_sides_hear_of_it(
    client: FlaskClient, smtp: Mailbox, app: Any, carol: Customer, ticket: Ticket
) -> None:
    assert "A link is on its way to carol@customer.example" in ask(client)
    path = link_in(smtp, app)
    # Nobody is erased by a program that opens the links of mails.
    assert "Erase my account" in doors.text_of(client.get(path))
    assert Erasure.get().state == "unconfirmed"
    stranger = app.test_client()
    assert "Your account will be erased on" in doors.text_of(doors.post(stranger, path))
    row = Erasure.get()
    assert (row.state, row.kind, row.by_customer) == ("waiting", "anonymise", True)
    assert row.due_at > clock.now() + timedelta(days=6)
    with app.app_context():
        outbox.deliver_due()
    assert "will be erased" in text_of(smtp.to("carol@customer.example")[-1])
    wanted = text_of(smtp.to("root@desk.example")[-1])
    assert "Carol Jones asked to be erased" in wanted
    assert f"/admin/customers/{carol.id}" in wanted
    assert doors.post(stranger, path).status_code == 404
    with time_machine.travel(clock.now() + timedelta(days=8)), app.app_context():
        assert carrying_out.run_due() == 1
    assert Ticket.get_by_id(ticket.id).subject == "[[erased]]"
    # The mails about it name them, too.
    assert not OutgoingEmail.select().where(OutgoingEmail.body.contains("Carol")).exists()


def test_they_may_want_nothing_kept_that_they_write_later(client: FlaskClient, smtp: Mailbox, app: Any) -> None:
    ask(client)
    path = link_in(smtp, app)
    assert "Also keep nothing that I write later" in doors.text_of(client.get(path))
    answer = doors.text_of(doors.post(app.test_client(), path, {"suppresses": "1"}))
    assert "After that, nothing that comes from your addresses is kept." in answer
    assert Erasure.get().suppresses
    with time_machine.travel(clock.now() + timedelta(days=8)), app.app_context():
        assert carrying_out.run_due() == 1
        assert suppression.is_suppressed("carol@customer.example")
    assert [row.actor_name for row in SuppressedAddress.select()] == [""]


def test_it_is_cancelled_in_the_account(client: FlaskClient, smtp: Mailbox, app: Any) -> None:
    ask(client)
    doors.post(client, link_in(smtp, app))
    assert "Keep my account" in client.get("/account").text
    assert "about to be erased already" in ask(client)
    assert "your account stays" in doors.text_of(doors.post(client, "/account/erase/cancel", follow_redirects=True))
    assert "Mail me the link" in client.get("/account").text
    assert Erasure.get().state == "cancelled"


def test_an_administrator_stops_it_and_the_customer_hears_of_it(
    client: FlaskClient, smtp: Mailbox, app: Any, carol: Customer, root: Agent
) -> None:
    ask(client)
    doors.post(client, link_in(smtp, app))
    with app.test_request_context():
        requests.cancel(carol, actor=root)
        outbox.deliver_due()
    assert "has stopped it" in text_of(smtp.to("carol@customer.example")[-1])


def test_a_link_works_for_a_day_and_the_newest_one_only(client: FlaskClient, smtp: Mailbox, app: Any) -> None:
    ask(client)
    first = link_in(smtp, app)
    ask(client)
    second = link_in(smtp, app)
    assert client.get(first).status_code == 404
    with time_machine.travel(clock.now() + timedelta(hours=25)):
        assert app.test_client().get(second).status_code == 404
        own_request.forget_unconfirmed()
    assert not Erasure.select().exists()


def test_links_are_not_mailed_without_end(client: FlaskClient) -> None:
    for _time in range(own_request.LINKS):
        assert "on its way" in ask(client)
    assert "Too many attempts" in ask(client)


def test_who_must_be_kept_is_told_so_and_not_why(client: FlaskClient, ticket: Ticket) -> None:
    TicketTag.create(ticket=ticket, tag=Tag.create(name="lawsuit", key="lawsuit", keeps=True))
    text = ask(client)
    assert "one of your tickets must be kept" in text
    assert "lawsuit" not in text


def test_nobody_is_promised_a_day_on_which_a_second_administrator_must_confirm(
    client: FlaskClient, smtp: Mailbox, app: Any, root: Agent
) -> None:
    settings.save({"erasure_second": True}, actor=root)
    ask(client)
    path = link_in(smtp, app)
    later = "or later, once the team has confirmed it"
    assert later in doors.text_of(doors.post(app.test_client(), path))
    assert later in doors.text_of(client.get("/account"))
    with app.app_context():
        outbox.deliver_due()
    for address in ("carol@customer.example", "root@desk.example"):
        assert "or later, once an administrator has confirmed it" in text_of(smtp.to(address)[-1])


def test_the_way_to_be_forgotten_stands_in_the_header(client: FlaskClient) -> None:
    page = client.get("/tickets")
    assert '<a href="/account">My account</a>' in page.text
    text = doors.text_of(client.get("/account"))
    assert "My account My password My data Erase my account" in text
    assert "What the team wrote stays in the tickets" in text
