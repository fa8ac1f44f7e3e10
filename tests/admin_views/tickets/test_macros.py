"""Macros in the composer and below the list: shown before, done by a form, said afterwards."""

from __future__ import annotations

import re
from typing import Any

import pytest

from database import Label
from helpdesk import clock, settings, tickets
from helpdesk.macros import using, writing
from models import (
    CannedResponse,
    Draft,
    JournalEntry,
    Message,
    OutgoingEmail,
    Role,
    ScheduledReply,
    Tag,
    Ticket,
    TicketTag,
)
from tests.support import cast, doors, words


def macro(root: Any, text: str = "<p>We refund you.</p>", **acts: Any) -> CannedResponse:
    values = {"name": Label(en="Refund", fr="Remboursement"), "body": Label(en=text) if text else Label(), **acts}
    return writing.save_macro(None, values, actor=root)


@pytest.fixture
def refund(app: Any, root: Any) -> CannedResponse:
    """A macro that tags and closes."""
    with app.test_request_context():
        Tag.create(name="refund", key="refund")
        return macro(root, tag="refund", status="close", shortcut="ref")


def reply(client: Any, ticket: Ticket, **data: str) -> Any:
    return doors.post(client, f"/admin/tickets/{ticket.number}/reply", {"body": "", **data}, follow_redirects=True)


def key_in(page: str) -> str:
    return re.search(r'name="macro" value="([^"]+)"', page)[1]


def test_choosing_it_shows_every_effect_and_does_nothing(client_of, ana, ticket, refund):
    page = reply(client_of(ana), ticket, insert=str(refund.id)).text
    for text in ("“Refund” also:", "The tag refund is added.", "The ticket is closed.", "We refund you."):
        assert text in page
    assert not Ticket.get().is_closed
    assert key_in(page) == using.key_of(refund)


def test_the_script_gets_the_same(client_of, ana, ticket, refund):
    answer = client_of(ana).get(f"/admin/tickets/{ticket.number}/canned/{refund.id}").get_json()
    assert "The ticket is closed." in answer["macro"]
    assert key_in(answer["macro"]) == using.key_of(refund)


def test_sending_does_the_acts_and_counts(client_of, ana, ticket, refund):
    client = client_of(ana)
    key = key_in(reply(client, ticket, insert=str(refund.id)).text)
    reply(client, ticket, body="We refund you.", macro=key, used=f"{refund.id},{refund.id},junk,")
    assert Ticket.get().is_closed
    assert [row.tag.name for row in TicketTag.select()] == ["refund"]
    assert CannedResponse.get().uses == 1


def test_taking_it_back_brings_the_macro_back_too(client_of, ana, ticket, refund):
    settings.save({"undo_send_seconds": 10})
    client = client_of(ana)
    reply(client, ticket, body="We refund you.", macro=using.key_of(refund), used=str(refund.id))
    message = Message.get(Message.kind == "reply")
    page = doors.post(client, f"/admin/tickets/{ticket.number}/withdraw/{message.id}", {}, follow_redirects=True).text
    assert key_in(page) == using.key_of(refund)
    assert f'name="used" value="{refund.id}"' in page
    assert not Ticket.get().is_closed
    assert TicketTag.select().count() == 0
    assert not re.search(r'name="close"[^>]* checked', page)


def test_a_draft_keeps_its_macro(client_of, ana, ticket, refund):
    client = client_of(ana)
    data = {"body": "Half a text", "macro": using.key_of(refund), "used": str(refund.id)}
    doors.post(client, f"/admin/tickets/{ticket.number}/draft", data)
    page = client.get(f"/admin/tickets/{ticket.number}").text
    assert key_in(page) == using.key_of(refund)
    refund.delete_instance()
    assert 'name="macro"' not in client.get(f"/admin/tickets/{ticket.number}").text


def test_it_may_be_left_out(client_of, ana, ticket, refund):
    page = reply(client_of(ana), ticket, body="Only text", macro=using.key_of(refund), drop_macro="1").text
    assert 'name="macro"' not in page
    assert "Only text" in page


def test_acts_alone_send_nothing_keep_the_text_and_can_be_undone(client_of, ana, ticket, refund):
    client = client_of(ana)
    mails = OutgoingEmail.select().count()
    page = reply(client, ticket, body="For later", macro=using.key_of(refund), acts_only="1").text
    assert "“Refund” has been done. Nothing was sent." in page
    assert Ticket.get().is_closed
    assert Message.select().where(Message.kind == "reply").count() == 0
    assert OutgoingEmail.select().count() == mails
    assert "For later" in Draft.get().body
    undo = re.search(r"/admin/bulk/undo/\d+", page)[0]
    doors.post(client, undo, {})
    assert not Ticket.get().is_closed
    assert TicketTag.select().count() == 0


def test_a_note_does_them_too(client_of, ana, ticket, refund):
    page = reply(client_of(ana), ticket, body="For us", kind="note", macro=using.key_of(refund)).text
    assert "Your note has been saved." in page
    assert "/admin/bulk/undo/" in page
    assert Ticket.get().is_closed


def test_what_is_not_allowed_is_said_before_and_after(client_of, ana, ticket, refund):
    role = Role.get_by_id(ana.role_id)
    role.can_tag = False
    role.save()
    client = client_of(ana)
    page = doors.text_of(reply(client, ticket, insert=str(refund.id)))
    assert "The tag refund is added. Left out: Your role does not allow this." in page
    page = doors.text_of(reply(client, ticket, body="Hello", macro=using.key_of(refund)))
    assert "Left out: The tag refund is added. Your role does not allow this." in page
    assert Ticket.get().is_closed


def test_one_that_changed_meanwhile_is_shown_again(client_of, ana, root, ticket, refund):
    client, key = client_of(ana), using.key_of(refund)
    doors.post(
        client_of(root), f"/admin/canned-responses/edit/?id={refund.id}",
        {"service": "", "name-en": "Refund", "body-en": "We refund you.", "assign": "me"},
    )  # fmt: skip
    page = reply(client, ticket, body="Typed", macro=key)
    assert page.status_code == 422
    assert "has just been changed" in page.text
    assert "Typed" in page.text
    assert "It is assigned to you." in page.text
    assert Message.select().where(Message.kind == "reply").count() == 0


def test_one_for_others_cannot_be_named(client_of, ana, ben, ticket):
    with client_of(ben).application.test_request_context():
        values = {"name": Label(en="Mine"), "body": Label(en="<p>x</p>"), "for_whom": "own", "status": "close"}
        row = writing.save_macro(None, values, actor=ben)
    client = client_of(ana)
    assert "Mine" not in client.get(f"/admin/tickets/{ticket.number}").text
    assert client.get(f"/admin/tickets/{ticket.number}/canned/{row.id}").status_code == 404
    assert reply(client, ticket, body="Hello", macro=using.key_of(row)).status_code == 422
    assert client.get(f"/admin/canned-responses/edit/?id={row.id}").status_code == 404
    assert not Ticket.get().is_closed


def test_somebody_who_took_the_ticket_meanwhile_keeps_it(client_of, app, ana, root, ticket):
    with app.test_request_context():
        row = macro(root, assign=f"agent-{root.id}")
    client = client_of(ana)
    known = re.search(r'name="known" value="([^"]+)"', client.get(f"/admin/tickets/{ticket.number}").text)[1]
    mona = cast.make_agent("Mona", None)
    doors.post(client_of(mona), f"/admin/tickets/{ticket.number}/take", {})
    page = doors.text_of(reply(client, ticket, body="Hello", macro=using.key_of(row), known=known))
    assert "Left out: It is assigned to Root. Meanwhile it has been assigned to Mona." in page
    assert Ticket.get().assignee_id == mona.id


def test_many_tickets_are_asked_in_numbers_first(client_of, ana, ticket, carol, billing, invoices, refund):
    settings.save({"undo_send_seconds": 10})
    other = cast.open_ticket(carol, billing, invoices)
    client = client_of(ana)
    assert 'formaction="/admin/bulk/macro"' in client.get("/admin/tickets/").text
    data: dict[str, Any] = {"number": [ticket.number, other.number]}
    page = doors.text_of(doors.post(client, "/admin/bulk/macro", data))
    # Asked beside the menu of tickets, not that of set-up.
    assert "My tickets" in page
    assert "Macro for 2 tickets" in page
    assert "Refund The tag refund is added. The ticket is closed." in page
    data["macro"] = using.key_of(refund)
    answer = doors.post(client, "/admin/bulk/macro", data)
    page = doors.text_of(answer)
    assert "The ticket is closed. Tickets: 2." in page
    assert "“Refund” writes to 1 customer, by e-mail, and does this." in page
    assert "We refund you." in page
    data["seen"] = re.search(r'name="seen" value="(\d+)"', answer.text)[1]
    assert not any(row.is_closed for row in Ticket.select())
    page = doors.post(client, "/admin/bulk/macro", {**data, "confirmed": "1"}, follow_redirects=True).text
    assert "2 tickets have been updated." in page
    assert all(row.is_closed for row in Ticket.select())
    assert CannedResponse.get().uses == 2
    replies = list(Message.select().where(Message.kind == "reply"))
    assert ["We refund you." in row.body for row in replies] == [True, True]
    assert OutgoingEmail.select().where(OutgoingEmail.kind == "notification").count() == 2
    assert not OutgoingEmail.select().where(OutgoingEmail.due_at <= clock.now(), OutgoingEmail.message.in_(replies))
    answer = doors.post(client, re.search(r"/admin/bulk/undo/\d+", page)[0], {}, follow_redirects=True)
    assert "2 tickets are as before." in doors.text_of(answer)
    assert not any(row.is_closed for row in Ticket.select())
    assert not Message.select().where(Message.kind == "reply").exists()
    assert not OutgoingEmail.select().where(OutgoingEmail.kind == "notification").exists()
    assert not Draft.select().exists()
    assert CannedResponse.get().uses == 0


def sent_to_both(client: Any, refund: CannedResponse, *tickets: Ticket) -> Any:
    """Let a macro be done to these tickets, as its page asks."""
    data: dict[str, Any] = {"number": [row.number for row in tickets], "macro": using.key_of(refund)}
    data["seen"] = re.search(r'name="seen" value="(\d+)"', doors.post(client, "/admin/bulk/macro", data).text)[1]
    return data


def test_what_was_written_meanwhile_and_where_nobody_is_mailed_is_refused(
    client_of, app, ana, root, ticket, carol, billing, invoices, refund
):
    spam, other = (cast.open_ticket(carol, billing, invoices) for _ in range(2))
    client = client_of(ana)
    data = sent_to_both(client, refund, ticket, spam, other)
    with app.test_request_context():
        tickets.receive_message(Ticket.get_by_id(ticket.id), "One more thing.", actor=carol)
        tickets.mark_spam(Ticket.get_by_id(spam.id), actor=root, block_author=False)
    page = doors.post(client, "/admin/bulk/macro", {**data, "confirmed": "1"}, follow_redirects=True)
    text = doors.text_of(page)
    assert "1 ticket has been updated." in text
    assert "1 ticket was refused: Somebody has written meanwhile. Read it first." in text
    assert "1 ticket was refused: This ticket is under Spam" in text
    assert [row.ticket_id for row in Message.select().where(Message.kind == "reply")] == [other.id]


def test_replies_that_have_left_stay_with_what_was_done(client_of, ana, ticket, carol, billing, invoices, refund):
    settings.save({"undo_send_seconds": 10})
    other = cast.open_ticket(carol, billing, invoices)
    client = client_of(ana)
    data = sent_to_both(client, refund, ticket, other)
    page = doors.post(client, "/admin/bulk/macro", {**data, "confirmed": "1"}, follow_redirects=True).text
    Message.update(public_at=clock.now()).where(Message.kind == "reply", Message.ticket == other.id).execute()
    answer = doors.post(client, re.search(r"/admin/bulk/undo/\d+", page)[0], {}, follow_redirects=True)
    assert "1 ticket is as before." in doors.text_of(answer)
    assert "1 reply had already left: its ticket stays as it is." in doors.text_of(answer)
    assert [Ticket.get_by_id(row.id).is_closed for row in (ticket, other)] == [False, True]


def test_without_undo_send_it_says_that_replies_leave_at_once(client_of, ana, ticket, refund):
    settings.save({"undo_send_seconds": 0})
    cast.speak_french()
    client = words.in_french(client_of(ana))
    page = doors.post(client, "/admin/bulk/macro", {"number": ticket.number, "macro": using.key_of(refund)})
    assert "Les réponses partent tout de suite" in doors.text_of(page)
    assert words.english_of(page) <= {"We refund you."}


@pytest.mark.parametrize("key", ["x", "99-0", "99999999999999999999999-1", "-"])
def test_an_odd_macro_is_asked_for_again(client_of, ana, ticket, refund, key):
    page = doors.post(client_of(ana), "/admin/bulk/macro", {"number": ticket.number, "macro": key, "confirmed": "1"})
    assert page.status_code == 200
    assert "gone: nothing was done." in page.text
    assert not Ticket.get().is_closed


def test_the_screen_shows_what_it_does_and_how_often_it_was_used(client_of, root, refund):
    client = client_of(root)
    page = doors.text_of(client.get("/admin/canned-responses/"))
    assert "The tag refund is added. The ticket is closed." in page
    Tag.get().delete_instance()
    assert "Target gone" in client.get("/admin/canned-responses/").text
    assert "Tags added: What it names is gone or disabled." in doors.text_of(client.get("/admin/canned-responses/"))


def test_an_agent_writes_one_for_oneself(client_of, ana):
    client = client_of(ana)
    page = client.get("/admin/canned-responses/new/").text
    assert "Me alone" in page
    assert ">Everybody<" not in page
    data = {"service": "", "name-en": "Mine", "body-en": "Hi", "for_whom": "own", "status": "close"}
    doors.post(client, "/admin/canned-responses/new/", data)
    assert (CannedResponse.get().audience, CannedResponse.get().author_id) == ("own", ana.id)


def test_the_journal_tells_that_acts_changed(client_of, root, refund):
    data = {"name-en": "Refund", "name-fr": "Remboursement", "body-en": "We refund you.", "assign": "me", "service": ""}
    doors.post(client_of(root), f"/admin/canned-responses/edit/?id={refund.id}", data)
    line = JournalEntry.get(JournalEntry.act == "changed")
    assert (line.subject, line.data["fields"]) == ("Refund", ["acts"])


def test_a_macro_without_text_is_written_and_used(client_of, root, ana, ticket):
    client = client_of(root)
    assert re.search(r'Message(?! <span class="required)', client.get("/admin/canned-responses/new/").text)
    data = {"service": "", "name-en": "Later", "for_whom": "", "snooze": "week", "status": ""}
    page = doors.text_of(doors.post(client, "/admin/canned-responses/new/", {**data, "snooze": ""}))
    assert "Write the message of the response." in page
    doors.post(client, "/admin/canned-responses/new/", data)
    row = CannedResponse.get()
    assert row.body == {}
    page = client_of(ana).get(f"/admin/tickets/{ticket.number}").text
    # Where there is no text, the list tells what it does.
    assert "It is snoozed: In a week, 9:00." in page
    assert "has been done" in reply(client_of(ana), ticket, macro=using.key_of(row), acts_only="1").text
    assert Ticket.get().is_snoozed


def test_a_ticket_of_another_service_is_refused_in_bulk(client_of, app, root, ticket, sales, carol):
    with app.test_request_context():
        row = macro(root, service=sales, status="close")
    other = cast.open_ticket(carol, sales)
    data = {"number": [ticket.number, other.number], "macro": using.key_of(row)}
    asked = doors.post(client_of(root), "/admin/bulk/macro", data)
    assert "The ticket is closed. Tickets: 1. Left out: 1. It is of another service." in doors.text_of(asked)
    assert "writes to 1 customer" in doors.text_of(asked)
    data["seen"] = re.search(r'name="seen" value="(\d+)"', asked.text)[1]
    page = doors.post(client_of(root), "/admin/bulk/macro", {**data, "confirmed": "1"}, follow_redirects=True)
    assert "1 ticket was refused: It is of another service." in doors.text_of(page)
    assert [row.is_closed for row in Ticket.select().order_by(Ticket.id)] == [False, True]


def test_acts_alone_in_a_merged_ticket_bring_the_text_along(
    client_of, app, ana, ticket, carol, billing, invoices, refund
):
    target = cast.open_ticket(carol, billing, invoices)
    with app.test_request_context():
        tickets.merge(ticket, target, actor=ana)
    page = reply(client_of(ana), ticket, body="Typed", macro=using.key_of(refund), acts_only="1")
    assert page.status_code == 409
    assert "Typed" in page.text
    assert not Ticket.get().is_closed


def test_a_macro_acts_when_its_reply_leaves_later(client_of, ana, ticket, refund):
    client = client_of(ana)
    reply(client, ticket, body="We refund you.", macro=using.key_of(refund), later="week")
    page = doors.text_of(client.get(f"/admin/tickets/{ticket.number}"))
    assert "When it leaves: The tag refund is added. The ticket is closed." in page
    assert ScheduledReply.get().macro == using.key_of(refund)
    assert TicketTag.select().count() == 0
