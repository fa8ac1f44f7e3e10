"""The page after sending promises only what was stored, and what was withheld is made good (RULES 36)."""

from __future__ import annotations

import re

import pytest

from helpdesk import outbox, settings, tickets
from models import EmailText, OutgoingEmail, Ticket
from tests.public.filling import fill, send
from tests.support import cast, doors
from tests.support.mailbox import text_of

VERA = "vera@visitor.example"


def page_after_sending(client, **values):
    assert send(client, fill(client, **values)).location == "/tickets/sent"
    return client.get("/tickets/sent")


def link_in(mail):
    return re.search(r"/t/[\w-]+", text_of(mail))[0]


def test_a_second_ticket_within_the_hour_is_told_of_the_first_mail(client, sales, smtp):
    assert f"on its way to {VERA} with a private link" in doors.text_of(page_after_sending(client))
    page = page_after_sending(client, subject="Another question")
    assert "on its way" not in doors.text_of(page)
    assert f"An e-mail with a private link went to {VERA} a short while ago" in doors.text_of(page)
    assert OutgoingEmail.select().where(OutgoingEmail.to_email == VERA).count() == 1


def test_opening_the_first_link_makes_the_second_good(app, client, sales, smtp):
    page_after_sending(client)
    page_after_sending(client, subject="Another question")
    outbox.deliver_due()
    (first,) = smtp.to(VERA)
    reader = app.test_client()
    for _time in range(2):
        assert doors.post(reader, link_in(first)).status_code == 303
    outbox.deliver_due()
    _first, second = smtp.to(VERA)
    later = Ticket.get(Ticket.subject == "Another question")
    assert "Are there places in March?" in text_of(second)
    assert doors.post(app.test_client(), link_in(second)).location == f"/tickets/{later.number}"


def test_the_page_sends_a_link_to_the_tickets_itself(app, client, sales, smtp):
    page_after_sending(client)
    page = page_after_sending(client, subject="Another question").text
    form = re.search(r'<form[^>]*action="(/links/new)".*?name="email" value="([^"]+)"', page, re.DOTALL)
    doors.post(client, form.group(1), {"email": form.group(2)})
    outbox.deliver_due()
    path = re.search(r"/sign-in/[\w-]+", text_of(smtp.to(VERA)[-1]))[0]
    reader = app.test_client()
    doors.post(reader, path)
    assert reader.get("/tickets").text.count('class="mine"') == 2
    outbox.deliver_due()
    assert len(smtp.to(VERA)) == 3, "the confirmation that was withheld"


@pytest.mark.parametrize("is_member", [False, True])
def test_a_desk_that_confirms_nothing_promises_no_mail(client, client_of, sales, smtp, is_member):
    EmailText.create(kind="confirmation", enabled=False)
    client = client_of(cast.make_customer("Vera", email=VERA)) if is_member else client
    page = doors.text_of(page_after_sending(client, ago=0 if is_member else 10))
    assert "on its way" not in page
    assert "that link" not in page
    assert OutgoingEmail.select().where(OutgoingEmail.to_email == VERA).count() == 0
    assert ("have a link sent to" in page) is not is_member


def test_a_blocked_author_meets_the_usual_page(client, sales, smtp, root):
    usual = page_after_sending(client)
    tickets.mark_spam(Ticket.get(), actor=root)
    page = doors.text_of(page_after_sending(client, subject="Buy now"))
    assert "on its way to" in page
    assert doors.text_of(usual).replace("A question", "Buy now")[:200] == page[:200].replace(
        Ticket.get(Ticket.subject == "Buy now").number, Ticket.get(Ticket.subject == "A question").number
    )


def test_what_was_answered_or_confirmed_is_not_confirmed_again(app, client, sales, smtp, root):
    settings.save({"undo_send_seconds": 0})
    page_after_sending(client)
    page_after_sending(client, subject="Another question")
    tickets.reply(Ticket.get(Ticket.subject == "Another question"), "<p>Yes.</p>", actor=root)
    outbox.deliver_due()
    doors.post(app.test_client(), link_in(smtp.to(VERA)[0]))
    assert OutgoingEmail.select().where(OutgoingEmail.to_email == VERA).count() == 2
