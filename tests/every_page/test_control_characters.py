"""No text that somebody sends in brings characters along that nobody sees and programs obey."""

from __future__ import annotations

import json
import re

import pytest

from helpdesk import tickets
from helpdesk.errors import InvalidInput
from helpdesk.lib import email_syntax, inputs, richtext
from helpdesk.people import api_keys
from helpdesk.tickets import canned_responses
from models import TABLES, CustomerAddress, Message, Ticket, TicketCc
from tests.public.filling import fill, send
from tests.support import doors, mails

HOSTILE = "a\x01b\x7fc\x85d\u202ee\u2066f\u2069g"
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
ENTITIES = "<p>x&#x202e;y&#1;z</p>"


def unit(ticket: Ticket) -> str:
    """The choice of the form for the place of this ticket."""
    return f"d{ticket.department_id}"


def offending() -> list[tuple[str, str, str]]:
    """Every stored text that holds a control character."""
    return [
        (table.__name__, name, text)
        for table in TABLES
        for row in table.select().dicts()
        for name, text in row.items()
        if CONTROLS.search(json.dumps(text, default=str, ensure_ascii=False) if not isinstance(text, str) else text)
        or re.search(r"\\u00[01]|\\u202[a-e]", json.dumps(text, default=str) if not isinstance(text, str) else "")
    ]


def test_no_door_lets_them_in(app, client, client_of, root, ticket, carol, billing):
    typed = dict.fromkeys(("subject", "message", "last_name", "order_number"), HOSTILE)
    assert send(client, fill(client, unit=unit(ticket), **typed)).status_code == 303
    admin = client_of(root)
    doors.post(admin, "/admin/services/new/", {"name-en": HOSTILE, "enabled": "y"})
    doors.post(admin, "/admin/tags/new/", {"name": HOSTILE})
    doors.post(admin, f"/admin/configuration/?x={HOSTILE}", {"desk_name": HOSTILE})
    tickets.receive_message(ticket, HOSTILE, actor=carol)
    tickets.reply(ticket, f"<p>{HOSTILE}</p>{ENTITIES}", actor=root)
    tickets.add_note(ticket, f"<p>{HOSTILE}</p>{ENTITIES}", actor=root)
    tickets.rename(ticket, HOSTILE, actor=root)
    tickets.tag(ticket, HOSTILE, actor=root)
    canned_responses.save_from_reply(ticket, HOSTILE, f"{HOSTILE}{ENTITIES}", actor=root)
    secret = api_keys.make(HOSTILE, actor=root)[1]
    order = {"email": "c@customer.example", "date": "2026-03-31", "total": "1", "currency": "EUR", "status": HOSTILE}
    client.put("/api/orders/web/1", json=order, headers={"Authorization": f"Bearer {secret}"})
    sender = f"=?utf-8?q?{'a=E2=80=AE=01b'}?= <erin@customer.example>"
    with app.app_context():
        mails.receive(
            mails.make_mailbox(billing), mails.mail(HOSTILE.replace("\x85", ""), sender=sender, subject="x\u202ey")
        )
    assert Message.select().where(Message.body.contains("abc")).count() >= 4
    assert offending() == []


@pytest.mark.parametrize("text", ["\u200b", "\u202e\u2066", "\ufeff \u00a0", "\u2800", "\u3164", "\u0301", "\x01"])
def test_a_subject_that_shows_nothing_is_an_empty_one(client, client_of, root, ticket, text):
    page = send(client, fill(client, subject=text, unit=unit(ticket)))
    assert page.status_code == 422
    assert re.search("Write a subject.|This field is required.", doors.text_of(page))
    with pytest.raises(InvalidInput):
        tickets.rename(ticket, text, actor=root)
    with pytest.raises(InvalidInput):
        tickets.receive_message(ticket, text, actor=ticket.customer)


@pytest.mark.parametrize(
    "text", ["Привет", "می\u200cخواهم", "\U0001f469\u200d\U0001f467", "e\u0301té", "N°\u202f5", "1 + 1"]
)
def test_what_people_write_stays(text):
    assert inputs.one_line(text, 100) == text.replace("\u202f", " ")
    assert richtext.to_text(richtext.from_text(text)) == text


@pytest.mark.parametrize(
    "typed",
    [
        "vera@visitor.example", "\u00a0vera@visitor.example\u202f", "\u200bvera@visitor.example\ufeff",
        "VERA@visitor.example ", "vera@visi\u00adtor.example", "mailto:vera@visitor.example",
        "MAILTO:vera@visitor.example?subject=x", "<vera@visitor.example>",
        "\tvera@visitor.example ", "<mailto:vera@visitor.example>",
    ],
)  # fmt: skip
def test_an_address_is_taken_as_it_was_copied(client, ticket, root, typed):
    assert email_syntax.normalise(typed) == "vera@visitor.example"
    assert send(client, fill(client, email=typed, unit=unit(ticket))).status_code == 303
    assert CustomerAddress.select().where(CustomerAddress.email == "vera@visitor.example").exists()
    tickets.cc.add_cc(ticket, tickets.cc.split(typed), actor=root)
    assert TicketCc.get(TicketCc.ticket == ticket.id).address.email == "vera@visitor.example"


@pytest.mark.parametrize("typed", ["", "vera", "<>", "mailto:", "a@b@c.example", "<a@b.example> x", "a@", "a\u202eb"])
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(InvalidInput):
        email_syntax.normalise(typed)
