"""Correcting and masking through their pages."""

from __future__ import annotations

import pytest

from helpdesk import clock, settings, tickets
from models import Attachment, Message, MessageVersion, OutgoingEmail, Ticket
from tests.support import attached, cast
from tests.support.doors import post, text_of

LIST = "/admin/tickets/"


@pytest.fixture
def sent(ticket, ana):
    return tickets.reply(ticket, "<p>It costs twelve</p>", actor=ana)


def address(message, act=""):
    return f"{LIST}{message.ticket.number}/messages/{message.id}{act}"


def seen_in(page):
    return page.split('name="seen" value="')[1].split('"')[0]


def test_one_corrects_what_one_has_just_sent(client_of, sent, ticket, ana, carol, root):
    client, url = client_of(ana), address(sent, "/correct")
    page = client.get(f"{LIST}{ticket.number}").text
    assert f'href="{url}"' in page
    form = client.get(url).text
    assert "It costs twelve" in form
    assert "Send the correction?" not in form
    done = post(client, url, {"body": "It costs thirteen", "seen": seen_in(form)})
    assert done.location == f"{LIST}{ticket.number}#m{sent.id}"
    page = text_of(client.get(done.location))
    assert "The message has been corrected." in page
    assert "Ana corrected a message of Ana" in page
    # Its reader sees the new text and that it is one, and nothing of the former.
    public = text_of(client_of(carol).get(f"/tickets/{ticket.number}"))
    assert "twelve" not in public
    own, theirs = text_of(client_of(root).get(address(sent))), text_of(client.get(address(sent)))
    assert "It costs twelve" in own
    assert "twelve" not in theirs


def test_its_reader_sees_that_it_was_corrected(client_of, ticket, ana, carol):
    settings.save({"undo_send_seconds": 0})
    sent = tickets.reply(ticket, "<p>It costs twelve</p>", actor=ana)
    client = client_of(ana)
    form = client.get(address(sent, "/correct")).text
    post(client, address(sent, "/correct"), {"body": "It costs thirteen", "seen": seen_in(form)})
    public = text_of(client_of(carol).get(f"/tickets/{ticket.number}"))
    assert "It costs thirteen" in public
    assert "corrected " in public


def test_after_the_mail_has_left_it_asks_and_keeps_what_was_typed(client_of, ticket, ana):
    settings.save({"undo_send_seconds": 0})
    sent = tickets.reply(ticket, "<p>It costs twelve</p>", actor=ana)
    OutgoingEmail.update(state="sent", sent_at=clock.now()).where(OutgoingEmail.message == sent.id).execute()
    client, url = client_of(ana), address(sent, "/correct")
    form = client.get(url).text
    assert "Send the correction?" in form
    data = {"body": "It costs thirteen", "seen": seen_in(form)}
    answer = post(client, url, data)
    assert answer.status_code == 422
    assert "It costs thirteen" in answer.text
    assert MessageVersion.select().count() == 0
    assert post(client, url, {**data, "tells": "yes"}).status_code == 302
    assert OutgoingEmail.select().where(OutgoingEmail.kind == "correction").count() == 1


def test_two_who_correct_at_once_read_each_others_text(client_of, sent, ana, root):
    url = address(sent, "/correct")
    form = client_of(root).get(url).text
    other = client_of(ana)
    post(other, url, {"body": "Hers", "seen": seen_in(other.get(url).text)})
    client = client_of(root)
    answer = post(client, url, {"body": "Mine", "seen": seen_in(form)})
    assert answer.status_code == 422
    assert "Somebody changed this message" in text_of(answer)
    assert {"Hers", "Mine"} <= set(text_of(answer).split())
    assert post(client, url, {"body": "Both", "seen": seen_in(answer.text)}).status_code == 302
    assert Message.get_by_id(sent.id).body == "<p>Both</p>"


def test_a_passage_is_masked_and_shown_again(client_of, ticket, ana):
    message = Message.get(Message.ticket == ticket.id)
    client, url = client_of(ana), address(message, "/mask")
    assert f'href="{address(message)}"' in client.get(f"{LIST}{ticket.number}").text
    assert "Mask a passage" in text_of(client.get(address(message)))
    asked = text_of(post(client, url, {"passage": "total"}))
    assert "Mask this passage?" in asked
    assert "Every place in this ticket" in asked
    assert "total" in Message.get_by_id(message.id).body
    done = post(client, url, {"passage": "total", "everywhere": "1", "confirmed": "1"})
    page = client.get(done.location)
    assert "▇▇▇▇▇▇▇▇" in text_of(page)
    assert "Ana masked a passage of a message of" in text_of(page)
    undo = page.text.split('action="')
    undo = next(part.split('"')[0] for part in undo if "/masks/" in part.split('"')[0])
    back = post(client, undo)
    assert "It is shown again." in text_of(client.get(back.location))
    assert "total" in Message.get_by_id(message.id).body


@pytest.mark.parametrize(("wrong", "said"), [("no", "at least 3"), ("never written", "does not stand")])
def test_a_wrong_passage_comes_back_in_its_field(client_of, ticket, ana, wrong, said):
    message = Message.get(Message.ticket == ticket.id)
    answer = post(client_of(ana), address(message, "/mask"), {"passage": wrong})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert f">{wrong}</textarea>" in answer.text


@pytest.mark.usefixtures("no_files")
def test_a_file_is_masked(client_of, ticket, ana):
    file = attached.file(ticket)
    url = address(file.message, f"/files/{file.id}/mask")
    client = client_of(ana)
    assert "Mask the file “invoice.pdf”?" in text_of(post(client, url))
    assert post(client, url, {"confirmed": "1", "with_name": "1"}).status_code == 302
    assert Attachment.get_by_id(file.id).name == "▇▇▇▇▇▇▇▇.txt"


def test_a_customers_message_offers_no_correction(client_of, ticket, root):
    message = Message.get(Message.ticket == ticket.id)
    assert "/correct" not in client_of(root).get(address(message)).text
    assert client_of(root).get(address(message, "/correct")).status_code == 403


def test_without_the_right_nothing_is_offered(client_of, ticket, ana):
    ana.role.can_delete = False
    ana.role.save()
    message = Message.get(Message.ticket == ticket.id)
    client = client_of(ana)
    assert address(message) not in client.get(f"{LIST}{ticket.number}").text
    assert post(client, address(message, "/mask"), {"passage": "total"}).status_code == 403


def test_in_a_merged_ticket_the_old_address_corrects(client_of, sent, ticket, carol, billing, ana):
    url = address(sent, "/correct")
    client = client_of(ana)
    form = client.get(url).text
    target = cast.open_ticket(carol, billing, department=ticket.department)
    tickets.merge(Ticket.get_by_id(ticket.id), target, actor=ana)
    done = post(client, url, {"body": "It costs thirteen", "seen": seen_in(form)})
    assert done.location == f"{LIST}{target.number}#m{sent.id}"
