"""Undoing a merge from the line of the history, and what the page before merging says in numbers."""

from __future__ import annotations

import pytest

from helpdesk import tickets
from models import Message, Ticket
from tests.support import attached, cast
from tests.support.doors import post, text_of

LIST = "/admin/tickets/"


@pytest.fixture
def source(ticket):
    """Carol's first ticket."""
    return ticket


@pytest.fixture
def target(carol, billing, invoices, source):
    """Carol's second ticket."""
    return cast.open_ticket(carol, billing, invoices, subject="Again about my invoice", body="Are you there?")


@pytest.fixture
def undo_url(source, target, ana):
    """The address that undoes the merge of the first ticket into the second."""
    tickets.merge(source, target, actor=ana)
    return f"{LIST}{target.number}/merge/{source.number}/undo"


def test_the_question_before_says_what_moves_in_numbers(client_of, source, target, ana):
    attached.file(source)
    tickets.add_note(source, "<p>Look at it.</p>", actor=ana)
    asked = text_of(post(client_of(ana), f"{LIST}{source.number}/merge", {"into": target.number}))
    assert "Ticket Messages Notes Files In copy E-mails not sent yet" in asked
    assert f"{source.number} A question about my invoice 1 1 1 0" in asked
    assert "It can be undone for 30 days" in asked


def test_many_are_told_one_by_one_before(client_of, source, target, ana, carol, billing, invoices):
    third = cast.open_ticket(carol, billing, invoices, subject="A third one")
    data = {"number": [source.number, target.number, third.number]}
    asked = text_of(post(client_of(ana), "/admin/bulk/merge", data))
    assert f"{target.number} Again about my invoice 1 0 0 0" in asked
    assert f"{third.number} A third one 1 0 0 0" in asked


def test_the_line_of_the_history_leads_to_the_question(client_of, target, undo_url, ana, carol):
    tickets.receive_message(Ticket.get_by_id(target.id), "One more thing", actor=carol)
    client = client_of(ana)
    assert f'href="{undo_url}"' in client.get(f"{LIST}{target.number}").text
    asked = text_of(client.get(undo_url))
    assert "messages and notes: 1" in asked
    assert f"Written since: 1 message, which stays in {target.number}" in asked
    assert "Carol Jones: One more thing" in asked


def test_it_is_undone_and_leads_to_the_ticket(client_of, source, target, undo_url, ana):
    client = client_of(ana)
    done = post(client, undo_url)
    assert done.location == f"{LIST}{source.number}"
    page = text_of(client.get(done.location))
    assert f"Ticket {source.number} is a ticket of its own again." in page
    assert f"Ana took this ticket out of ticket {target.number} again" in page
    assert undo_url not in client.get(f"{LIST}{target.number}").text
    assert client.get(undo_url).status_code == 404


def test_a_target_in_the_bin_is_named(client_of, source, target, undo_url, ana):
    tickets.delete(Ticket.get_by_id(target.id), actor=ana)
    client = client_of(ana)
    assert f"{target.number} is in the bin and stays there" in text_of(client.get(undo_url))
    assert post(client, undo_url).location == f"{LIST}{source.number}"


def test_who_may_not_merge_is_offered_nothing(client_of, target, undo_url, billing):
    reader = cast.make_agent("Rita", billing, role=cast.make_role("Reader", can_assign=False))
    client = client_of(reader)
    assert undo_url not in client.get(f"{LIST}{target.number}").text
    assert client.get(undo_url).status_code == 403


def test_who_undoes_it_from_an_old_page_after_another_merge_is_led_on(
    client_of, source, target, undo_url, ana, carol, billing, invoices
):
    third = cast.open_ticket(carol, billing, invoices)
    tickets.merge(Ticket.get_by_id(target.id), third, actor=ana)
    answer = client_of(ana).get(undo_url)
    assert answer.status_code in {302, 404}
    assert Message.select().where(Message.ticket == third.id).count() == 3
