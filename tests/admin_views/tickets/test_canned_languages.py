"""Canned responses in several languages: the ticket's is inserted, a missing one is marked."""

from __future__ import annotations

import pytest

from database import Label
from helpdesk import filters, settings, tickets
from helpdesk.errors import InvalidInput
from helpdesk.tickets import canned_responses
from models import CannedResponse, Message, Ticket
from tests.support import cast, doors

BOTH = {
    "name": Label(en="Return label", fr="Étiquette"),
    "body": Label(en="<p>The label.</p>", fr="<p>L’étiquette.</p>"),
}


def insert(client, ticket, row):
    return client.get(f"/admin/tickets/{ticket.number}/canned/{row.id}").get_json()


@pytest.fixture
def french(dan, billing, invoices):
    """The ticket of a customer who reads French."""
    dan.locale = "fr"
    dan.save()
    return cast.open_ticket(dan, billing, invoices)


def test_the_text_of_the_tickets_language_is_inserted(client_of, root, ticket, french):
    row, client = CannedResponse.create(**BOTH), client_of(root)
    assert insert(client, ticket, row) == {"html": "<p>The label.</p>", "notes": []}
    assert insert(client, french, row) == {"html": "<p>L’étiquette.</p>", "notes": []}
    assert "Étiquette" in client.get(f"/admin/tickets/{french.number}").text
    assert "Return label" not in doors.text_of(client.get(f"/admin/tickets/{french.number}"))


def test_a_missing_language_is_marked(client_of, root, french):
    row = CannedResponse.create(name=Label(en="Hours"), body=Label(en="<p>From nine.</p>"))
    client = client_of(root)
    assert "Hours (in English)" in doors.text_of(client.get(f"/admin/tickets/{french.number}"))
    notes = ["This response has no text in French: the one in English was inserted."]
    assert insert(client, french, row) == {"html": "<p>From nine.</p>", "notes": notes}


def test_the_desks_language_stands_in_for_a_missing_one(ticket):
    settings.save({"language": "fr"})
    row = CannedResponse.create(
        name=Label(fr="Horaires"), body=Label(de="<p>Ab neun.</p>", fr="<p>Dès neuf heures.</p>")
    )
    assert canned_responses.inserted_language(row, ticket) == "fr"
    assert canned_responses.filled(row, ticket) == "<p>Dès neuf heures.</p>"


def test_the_screen_writes_every_language(client_of, root):
    client = client_of(root)
    data = {"service": "", "name-en": "Hours", "name-fr": "Horaires", "body-en": "From nine.", "body-fr": "Dès 9 h."}
    doors.post(client, "/admin/canned-responses/new/", data)
    row = CannedResponse.get()
    assert row.name == {"en": "Hours", "fr": "Horaires"}
    assert row.body == {"en": "<p>From nine.</p>", "fr": "<p>Dès 9 h.</p>"}
    doors.post(client, f"/admin/canned-responses/edit/?id={row.id}", {**data, "body-fr": ""})
    assert CannedResponse.get().body == {"en": "<p>From nine.</p>"}


@pytest.mark.parametrize(
    ("missing", "text"),
    [("name", "Write it in at least one language."), ("body", "Write the message of the response.")],
)
def test_a_response_needs_one_language(client_of, root, missing, text):
    data = {"service": "", "name-en": "Hours", "body-en": "From nine.", f"{missing}-en": " "}
    page = doors.text_of(doors.post(client_of(root), "/admin/canned-responses/new/", data))
    assert text in page
    assert CannedResponse.select().count() == 0


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_link_that_would_be_dropped_is_refused_by_name(client_of, root, french, language):
    link = '<p>See <a href="/contact">our page</a>.</p>'
    data = {"service": "", "name-en": "Hours", "body-en": "From nine.", f"body-{language}": link}
    answer = doors.post(client_of(root), "/admin/canned-responses/new/", data)
    assert "leads to “/contact”" in doors.text_of(answer)
    assert "our page" in answer.text
    with pytest.raises(InvalidInput, match="leads to “/contact”"):
        canned_responses.save_from_reply(french, "Hours", link, actor=root)
    assert CannedResponse.select().count() == 0


@pytest.mark.parametrize(("name", "is_refused"), [({"fr": "Étiquette"}, True), ({"en": "Étiquette"}, False)])
def test_a_name_is_taken_in_its_language(root, name, is_refused):
    CannedResponse.create(**BOTH)
    values = {"service": None, "name": Label(name), "body": Label(en="<p>x</p>")}
    if is_refused:
        with pytest.raises(InvalidInput, match="already a response of this name"):
            canned_responses.save_canned_response(None, values, actor=root)
    else:
        canned_responses.save_canned_response(None, values, actor=root)


def test_a_reply_is_saved_in_the_language_of_its_ticket(client_of, root, french):
    data = {"kind": "message", "body": "Bien sûr.", "save_as": "1", "canned_name": "Oui"}
    doors.post(client_of(root), f"/admin/tickets/{french.number}/reply", data)
    assert (CannedResponse.get().name, CannedResponse.get().body) == ({"fr": "Oui"}, {"fr": "<p>Bien sûr.</p>"})


def test_a_filter_answers_in_the_tickets_language(root, dan, carol, billing, invoices):
    row = CannedResponse.create(**BOTH)
    actions = [{"action": "reply", "argument": str(row.id)}]
    conditions = [{"field": "subject", "operator": "contains", "value": "invoice"}]
    filters.save_filter(None, {"name": "F", "conditions": conditions, "actions": actions}, actor=root)
    dan.locale = "fr"
    dan.save()
    for customer, body in ((carol, "<p>The label.</p>"), (dan, "<p>L’étiquette.</p>")):
        ticket = cast.open_ticket(customer, billing, invoices)
        assert Message.get(Message.ticket == ticket, Message.kind == "reply").body == body


def test_withdrawing_a_french_reply_takes_its_response_back(root, french):
    settings.save({"undo_send_seconds": 10})
    ticket = Ticket.get_by_id(french.id)
    saved = canned_responses.save_from_reply(ticket, "Oui", "<p>Oui.</p>", actor=root)
    sent = tickets.reply(ticket, "<p>Oui.</p>", actor=root, canned=saved)
    tickets.withdraw_reply(sent, actor=root)
    assert CannedResponse.select().count() == 0
