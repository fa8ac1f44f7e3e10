"""Erasing a customer through its page: what is said before, the word, the way back, the register."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from helpdesk import clock, settings, tickets
from helpdesk.erasing import carrying_out, erasure_log
from models import Agent, Customer, Erasure, Tag, Ticket, TicketTag
from tests.support import cast, doors

ClientOf = Callable[[Agent | Customer], FlaskClient]


@pytest.fixture
def client(client_of: ClientOf, root: Agent) -> FlaskClient:
    """The browser of an administrator."""
    return client_of(root)


@pytest.fixture(autouse=True)
def no_log(data_dir: Path) -> Iterator[None]:
    """Leave no log to other tests."""
    yield
    (data_dir / erasure_log.NAME).unlink(missing_ok=True)


def page(customer: Customer, part: str = "") -> str:
    return f"/admin/customers/{customer.id}{part}"


def ask(client: FlaskClient, customer: Customer, **values: str) -> str:
    answer = doors.post(client, page(customer, "/erase"), {"kind": "anonymise", "word": "ERASE", **values})
    return doors.text_of(client.get(answer.location) if answer.location else answer)


def test_register_and_journal_say_how_and_who_cancelled(
    client: FlaskClient, client_of: ClientOf, carol: Customer, ticket: Ticket, dan: Customer
) -> None:
    ask(client, carol, blanks_replies="1")
    doors.post(client_of(carol), "/account/erase/cancel")
    ask(client, dan, kind="delete")
    [head, *rows] = doors.csv_rows(client.get("/admin/erasures/export/csv/"))
    cancelled = next(row for row in rows if "Cancelled" in row)
    assert cancelled[head.index("Kind")] == "Anonymised, replies and notes blanked"
    assert cancelled[head.index("Cancelled by")] == "The customer"
    lines = doors.text_of(client.get("/admin/journal/"))
    assert "wants Carol Jones to be erased (anonymised, with what the team wrote)" in lines
    assert "wants Dan Brown to be erased (deleted with the tickets)" in lines


def test_a_block_that_goes_with_them_is_told(client: FlaskClient, carol: Customer) -> None:
    assert "the block goes with them" not in doors.text_of(client.get(page(carol, "/erase")))
    Customer.update(blocked_at=clock.now()).execute()
    assert "the block goes with them" in doors.text_of(client.get(page(carol, "/erase")))


def test_it_is_said_before_what_goes_and_who_is_named(
    client: FlaskClient, carol: Customer, ticket: Ticket, ana: Agent
) -> None:
    settings.save({"undo_send_seconds": 0})
    tickets.reply(ticket, "<p>Dear Carol, it is right.</p>", actor=ana)
    tickets.reply(ticket, "<p>And once more.</p>", actor=ana)
    text = doors.text_of(client.get(page(carol, "/erase")))
    assert "1 open ticket is closed." in text
    assert "It waits for 7 days and can be cancelled until then. Afterwards there is no way back." in text
    assert text.count("Ana · ") == 1
    assert "Erase this person" in doors.text_of(client.get(page(carol)))


def test_the_word_must_be_typed_and_what_was_typed_stays(client: FlaskClient, carol: Customer, ticket: Ticket) -> None:
    answer = doors.post(client, page(carol, "/erase"), {"kind": "delete", "word": "yes"})
    assert answer.status_code == 422
    assert "Type the word ERASE" in doors.text_of(answer)
    assert 'value="yes"' in answer.text
    assert not Erasure.select().exists()


def test_it_can_be_cancelled_until_it_is_carried_out(client: FlaskClient, carol: Customer, ticket: Ticket) -> None:
    assert "This person will be erased." in ask(client, carol)
    assert "Root wants this person to be erased" in doors.text_of(client.get(page(carol)))
    assert "already" in doors.text_of(client.get(page(carol, "/erase")))
    assert "Waiting" in doors.text_of(client.get("/admin/erasures/"))
    doors.post(client, page(carol, "/erase/cancel"))
    assert "this person stays" in doors.text_of(client.get(page(carol)))
    doors.post(client, page(carol, "/erase/cancel"))
    assert "nothing to cancel" in doors.text_of(client.get(page(carol)))
    with time_machine.travel(clock.now() + timedelta(days=8)):
        assert carrying_out.run_due() == 0


def test_the_register_says_what_went_and_not_whom(
    client: FlaskClient, carol: Customer, ticket: Ticket, app: Any
) -> None:
    settings.save({"erasure_days": 0})
    assert "within a minute" in ask(client, carol, blanks_replies="y")
    with app.app_context():
        carrying_out.run_due()
    row = Erasure.get()
    register = doors.text_of(client.get("/admin/erasures/"))
    assert f"Erased customer no. {row.id}" in register
    assert "Tickets: 1 · Messages: 1" in register
    assert "Carol" not in register
    lines = client.get("/admin/erasures/export/csv/").text
    assert "Tickets: 1 · Messages: 1" in lines
    assert "Carol" not in lines
    assert "Erased on" in doors.text_of(client.get(page(carol)))
    # Every page of the ticket goes on opening.
    text = doors.text_of(client.get(f"/admin/tickets/{ticket.number}"))
    assert "(text erased)" in text


def test_a_tag_that_keeps_is_named_and_stops_it(client: FlaskClient, carol: Customer, ticket: Ticket) -> None:
    doors.post(client, "/admin/tags/new/", {"name": "lawsuit", "keeps": "y"})
    TicketTag.create(ticket=ticket, tag=Tag.get(Tag.keeps))
    text = doors.text_of(client.get(page(carol, "/erase")))
    assert f"Ticket {ticket.number} wears the tag “lawsuit”" in text
    assert "take the tag off first" in ask(client, carol)
    assert not Erasure.select().exists()


def test_it_asks_for_the_password_once_more(client: FlaskClient, carol: Customer) -> None:
    with time_machine.travel(clock.now() + timedelta(minutes=20)):
        answer = client.get(page(carol, "/erase"))
        assert (answer.status_code, "/admin/confirm" in answer.location) == (303, True)


def test_a_second_administrator_confirms_it_on_the_page_of_the_customer(
    client: FlaskClient, client_of: ClientOf, carol: Customer, ticket: Ticket
) -> None:
    settings.save({"erasure_second": True})
    ask(client, carol)
    text = doors.text_of(client.get(page(carol)))
    assert "and there is none who can sign in: invite one." in text
    assert "python3 app.py release-erasures" in text
    assert "Confirm the erasure" not in text
    assert "Waits for a second administrator" in doors.text_of(client.get("/admin/erasures/"))
    assert "You wanted it yourself" in doors.text_of(
        doors.post(client, page(carol, "/erase/confirm"), follow_redirects=True)
    )
    other = client_of(cast.make_agent("Olga", is_admin=True))
    assert "however long: Olga." in doors.text_of(client.get(page(carol)))
    # It is counted in the menu, and named on the dashboard, of whom it waits for alone.
    assert "An erasure waits for your confirmation" in doors.text_of(other.get("/admin/dashboard/"))
    assert "waits for your confirmation" not in doors.text_of(client.get("/admin/dashboard/"))
    assert re.search(r"Erasures\s*1\b", doors.text_of(other.get("/admin/tags/")))
    assert not re.search(r"Erasures\s*1\b", doors.text_of(client.get("/admin/tags/")))
    assert "Confirm the erasure" in doors.text_of(other.get(page(carol)))
    text = doors.text_of(doors.post(other, page(carol, "/erase/confirm"), follow_redirects=True))
    assert "The erasure is confirmed." in text
    assert "Olga confirmed it on" in text
    assert Erasure.get().confirmed_by == "Olga"


def test_what_is_asked_for_says_who_must_confirm_it(client: FlaskClient, carol: Customer) -> None:
    settings.save({"erasure_second": True})
    assert "there is none who can sign in" in doors.text_of(client.get(page(carol, "/erase")))
    cast.make_agent("Olga", is_admin=True)
    text = doors.text_of(client.get(page(carol, "/erase")))
    assert "Another administrator must confirm it, and is told by e-mail: Olga." in text
    assert "It waits for 7 days, then for the second confirmation" in text
    assert "Another administrator is asked by e-mail to confirm it." in ask(client, carol)


def test_of_an_erased_person_nothing_is_offered_that_cannot_work(
    client: FlaskClient, carol: Customer, ticket: Ticket, app: Any
) -> None:
    settings.save({"erasure_days": 0})
    ask(client, carol)
    with app.app_context():
        carrying_out.run_due()
    text = doors.text_of(client.get(page(carol)))
    assert "nobody can be written to, blocked or merged" in text
    offered = ("Block", "Merge", "Mail a link", "Add an address", "Correct", "Change names", "Erase this person")
    assert [words for words in offered if words in text] == []
    # Nor is it done for who sends the form of before.
    answer = doors.post(client, page(carol, "/block"), {"act": "block"}, follow_redirects=True)
    assert "has been erased already" in doors.text_of(answer)
    assert doors.post(client, page(carol, "/addresses"), {"email": "new@x.example"}).status_code == 422
    place = f"/admin/tickets/{ticket.number}"
    shown = client.get(place).text
    assert "an answer would reach nobody" in shown
    assert 'href="#reply" data-kind="message"' not in shown
    assert 'name="kind" value="message"' not in shown
    assert "mailto:erased" not in shown
    answer = doors.post(client, f"{place}/reply", {"kind": "message", "body": "Hello?"})
    assert (answer.status_code, "an answer would reach nobody" in answer.text) == (422, True)
    assert doors.post(client, f"{place}/reply", {"kind": "note", "body": "For us."}).status_code == 302
