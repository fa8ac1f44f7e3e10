"""One form sent again with another text: it comes back, as replies do, instead of meeting the old number."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from models import Attachment, Ticket, UnconfirmedRequest
from tests.public.filling import answer_of, fill, hidden, send
from tests.public.test_unconfirmed import mailed
from tests.support import attached, doors

REFUSED = "This form has sent another text already. Send yours once more."
CHANGES = [
    {"message": "And in April?"},
    {"subject": "Another question"},
    {"email": "vera.right@visitor.example"},
    {"copies": "eve@copied.example"},
    {"order_number": "1234"},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_an_edited_form_comes_back_and_sends_itself(client, sales, change):
    fields = fill(client)
    send(client, fields)
    refused = send(client, fields | change)
    assert refused.status_code == 422
    assert REFUSED in doors.text_of(refused)
    (value,) = change.values()
    assert value in refused.text
    assert Ticket.select().count() == 1
    again = fields | change | hidden(refused.text)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=10)):
        assert send(client, again | {"code": answer_of(again["code_token"])}).status_code == 303
    assert Ticket.select().count() == 2


def test_the_code_is_asked_again_with_the_new_form(client, sales):
    fields = fill(client)
    send(client, fields)
    refused = hidden(send(client, fields | {"message": "And in April?"}).text)
    assert refused["form_key"] != fields["form_key"]
    assert refused["code_token"] != fields["code_token"]


def test_the_same_form_again_is_the_same_ticket(client, sales, no_files):
    fields = fill(client)
    for _time in range(2):
        file = (io.BytesIO(attached.PDF), "plan.pdf")
        assert send(client, fields | {"files": file}).location == "/tickets/sent"
    assert Attachment.select().count() == 1
    assert Ticket.select().count() == 1


def test_another_file_is_another_text(client, sales, no_files):
    fields = fill(client)
    send(client, fields)
    assert send(client, fields | {"files": (io.BytesIO(attached.PDF), "plan.pdf")}).status_code == 422


@pytest.mark.parametrize("is_used", [False, True])
def test_a_request_without_the_code_is_no_exception(client, sales, smtp, is_used):
    fields = fill(client, unread="1", code="")
    assert send(client, fields).location == "/tickets/waiting"
    if is_used:
        doors.post(client, mailed(smtp)[1])
    assert send(client, fields).location == "/tickets/waiting"
    refused = send(client, fields | {"message": "And in April?"})
    assert refused.status_code == 422
    assert REFUSED in doors.text_of(refused)
    assert UnconfirmedRequest.select().count() == 1
