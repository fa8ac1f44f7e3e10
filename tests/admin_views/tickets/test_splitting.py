"""Splitting a ticket through its pages."""

from __future__ import annotations

import pytest

from helpdesk import tickets
from helpdesk.tickets import cc
from models import Message, OutgoingEmail, Ticket
from tests.support.doors import post, text_of

LIST = "/admin/tickets/"


@pytest.fixture
def second(ticket, carol):
    """Carol's second message, about something else."""
    return tickets.receive_message(ticket, "And my delivery is late", actor=carol)


@pytest.fixture
def data(ticket, second):
    """What the form sends."""
    place = f"{ticket.service_id}/{ticket.department_id}"
    return {"message": [second.id], "subject": "The delivery", "place": place, "to": "", "form_key": "k"}


def test_messages_are_ticked_then_it_asks_then_splits(client_of, ticket, second, data, ana):
    client, url = client_of(ana), f"{LIST}{ticket.number}/split"
    assert f'href="{url}"' in client.get(f"{LIST}{ticket.number}").text
    assert "And my delivery is late" in text_of(client.get(url))
    asked = text_of(post(client, url, data))
    assert "messages: 1, internal notes: 0, files: 0" in asked
    assert Ticket.select().count() == 1
    done = post(client, url, {**data, "confirmed": "1"})
    made = Message.get_by_id(second.id).ticket
    assert done.location == f"{LIST}{made.number}"
    page = client.get(done.location)
    assert f"Ana made this ticket of a part of ticket {ticket.number}" in text_of(page)
    assert f'action="{LIST}{made.number}/split/undo"' in page.text
    home = text_of(client.get(f"{LIST}{ticket.number}"))
    assert f"Ana made ticket {made.number} of a part of this one" in home


def test_it_is_undone_from_the_page(client_of, ticket, second, data, ana):
    client = client_of(ana)
    done = post(client, f"{LIST}{ticket.number}/split", {**data, "confirmed": "1"})
    back = post(client, f"{done.location}/split/undo")
    assert back.location == f"{LIST}{ticket.number}"
    assert "The messages are in their former ticket again." in text_of(client.get(back.location))
    assert Message.get_by_id(second.id).ticket == ticket
    # The number that was mailed, or stands in a bookmark, leads home.
    assert client.get(done.location).location == f"{LIST}{ticket.number}"


def test_a_form_with_a_null_character_splits(client_of, ticket, second, data, ana):
    done = post(client_of(ana), f"{LIST}{ticket.number}/split", {**data, "confirmed": "1", "form_key": "a\0b"})
    assert done.status_code == 302


def test_the_question_shows_the_subject_as_it_is_stored(client_of, ticket, data, ana):
    asked = post(client_of(ana), f"{LIST}{ticket.number}/split", {**data, "subject": " The\u202e\0\n delivery"})
    assert "“The delivery” becomes a ticket" in text_of(asked)
    assert not {"\u202e", "\0"} & set(asked.text)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"message": []}, "Tick at least one message"),
        ({"subject": " "}, "required"),
        ({"place": "x"}, "Choose a service"),
    ],
)
def test_what_is_wrong_comes_back_with_what_was_typed(client_of, ticket, data, ana, wrong, said):
    answer = post(client_of(ana), f"{LIST}{ticket.number}/split", {**data, "subject": "Typed", **wrong})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert ('value="Typed"' in answer.text) is ("subject" not in wrong)


def test_whose_it_is_is_asked_where_somebody_in_copy_wrote_it(client_of, ticket, data, ana, dan):
    cc.add_cc(ticket, [dan.primary_address.email], actor=ana)
    written = tickets.receive_message(Ticket.get_by_id(ticket.id), "I have another question", actor=dan)
    client, url = client_of(ana), f"{LIST}{ticket.number}/split"
    asked = text_of(post(client, url, {**data, "message": [written.id]}))
    assert "Whose ticket is it?" in asked
    post(client, url, {**data, "message": [written.id], "confirmed": "1", "customer": "author"})
    assert Message.get_by_id(written.id).ticket.customer == dan


def test_its_customer_is_mailed_if_ticked(client_of, smtp, ticket, second, data, ana):
    post(client_of(ana), f"{LIST}{ticket.number}/split", {**data, "confirmed": "1", "tells": "1"})
    made = Message.get_by_id(second.id).ticket
    kinds = [
        row.kind for row in OutgoingEmail.select().where(OutgoingEmail.ticket == made.id).order_by(OutgoingEmail.id)
    ]
    assert kinds[-1] == "confirmation"


def test_one_message_alone_offers_no_splitting(client_of, ticket, ana):
    assert f"{ticket.number}/split" not in client_of(ana).get(f"{LIST}{ticket.number}").text
