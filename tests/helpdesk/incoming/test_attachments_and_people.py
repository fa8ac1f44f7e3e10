"""What comes with a mail beside its words: files of every kind, and other people."""

from __future__ import annotations

import random
from email.message import EmailMessage
from typing import Any

import pytest

from helpdesk import clock
from helpdesk.incoming import outcome_texts
from helpdesk.tickets import cc
from models import Agent, Attachment, CustomerAddress, Mailbox, MailedMessage, Message, Service, Ticket
from tests.support import attached
from tests.support.mails import ADDRESS, mail, make_mailbox, receive

CAROL, ERIN = "carol@customer.example", "erin@customer.example"


@pytest.fixture
def mailbox(billing: Service) -> Mailbox:
    return make_mailbox(billing, billing.departments.get())


def lines_of(message: Message) -> list[str]:
    return outcome_texts.not_kept(MailedMessage.get(MailedMessage.message == message.id))


def names_of(message: Message) -> list[str]:
    return [row.name for row in Attachment.select().where(Attachment.message == message.id).order_by(Attachment.id)]


def test_what_outlook_packs_is_named(mailbox: Mailbox) -> None:
    [row] = receive(mailbox, mail(files=[("winmail.dat", b"x" * 50, "application/ms-tnef")]))
    [line] = lines_of(row.message)
    assert "winmail.dat" in line
    assert "HTML" in line
    assert row.state == "new"


def test_a_calendar_comes_once(mailbox: Mailbox) -> None:
    event = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"], letter["Message-ID"] = ERIN, ADDRESS, "A date", "<date@x.example>"
    letter.set_content("Tuesday?")
    letter.add_alternative(event.decode(), subtype="calendar")
    letter.add_attachment(event, maintype="application", subtype="ics", filename="invite.ics")
    [row] = receive(mailbox, letter.as_bytes())
    named = [line for line in lines_of(row.message) if ".ics" in line]
    assert len(named) == 1
    assert "invite.ics" in named[0]
    assert row.message.body == "<p>Tuesday?</p>"


@pytest.mark.parametrize(
    "kind",
    [
        'multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"',
        "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
    ],
)
def test_an_encrypted_mail_says_so(mailbox: Mailbox, kind: str) -> None:
    body = (
        "--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\n"
        "Content-Type: application/octet-stream; name=encrypted.asc\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n--b--\r\n"
    )
    raw = f"From: {ERIN}\r\nTo: {ADDRESS}\r\nSubject: Secret\r\nContent-Type: {kind}\r\n\r\n{body}"
    [row] = receive(mailbox, raw.encode())
    assert row.state == "new"
    assert any("encrypted" in line for line in lines_of(row.message))
    assert row.message.body == "<p>(No text)</p>"


def test_logos_stay_in_the_original(mailbox: Mailbox) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = ERIN, ADDRESS, "With a logo"
    letter.set_content("See above")
    letter.add_alternative('<p>See <img src="cid:a@x"><img src="cid:b@x"></p>', subtype="html")
    page: Any = letter.get_payload()
    small = attached.png()
    large = small + random.Random(1).randbytes(4_000)
    for name, content in (("a@x", small), ("b@x", large)):
        page[1].add_related(content, "image", "png", cid=f"<{name}>", filename=f"{name[0]}.png", disposition="inline")
    [row] = receive(mailbox, letter.as_bytes())
    assert names_of(row.message) == ["b.png"]
    assert lines_of(row.message) == ["1 small picture (a logo) stays in the original."]


# --- People -------------------------------------------------------------------------------------------------------


def with_people(*others: str, **values: Any) -> bytes:
    return mail(headers=[("Cc", ", ".join(others))], **values)


def proposed(message: Message) -> list[str]:
    row = MailedMessage.get(MailedMessage.message == message.id)
    return [note["name"] for note in row.notes if note["why"] == "copied"]


def test_people_are_proposed_and_not_added(mailbox: Mailbox, ana: Agent, ticket: Ticket) -> None:
    local, _at, domain = ADDRESS.partition("@")
    others = ("Bob <Bob@Other.example>", ADDRESS, f"{local}+more@{domain}", ana.email, "no-reply@x.example", ERIN)
    [row] = receive(mailbox, with_people(*others, sender=ERIN))
    assert [email.lower() for email in proposed(row.message)] == ["bob@other.example"]
    assert cc.in_copy(row.ticket) == []
    [again] = receive(mailbox, with_people("dora@other.example", CAROL, sender=CAROL, subject=f"[#{ticket.number}]"))
    assert (proposed(again.message), cc.in_copy(ticket)) == (["dora@other.example"], [])


def test_a_list_of_people_is_nobody(mailbox: Mailbox) -> None:
    [row] = receive(mailbox, with_people(*(f"p{number}@other.example" for number in range(20)), sender=ERIN))
    assert proposed(row.message) == []


def test_people_are_added_where_the_mailbox_says_so_and_wait_for_proof(mailbox: Mailbox) -> None:
    mailbox.copies = "add"
    mailbox.save()
    [row] = receive(mailbox, with_people("bob@other.example", sender=ERIN))
    assert [(one.email, one.waits) for one in cc.in_copy(row.ticket)] == [("bob@other.example", True)]
    CustomerAddress.update(proven_at=clock.now()).where(CustomerAddress.email == ERIN).execute()
    letter = with_people("dora@other.example", sender=ERIN, subject=f"[#{row.ticket.number}]")
    [again] = receive(mailbox, letter)
    assert "dora@other.example" in {one.email for one in cc.in_copy(again.ticket)}


def test_a_stranger_adds_and_proposes_nobody(mailbox: Mailbox, ticket: Ticket) -> None:
    mailbox.copies = "add"
    mailbox.save()
    receive(mailbox, with_people("bob@other.example", sender=ERIN, subject=f"[#{ticket.number}]"))
    assert cc.in_copy(ticket) == []
