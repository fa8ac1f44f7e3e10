"""Mail that lies about its letters, is signed, or comes ten thousand times to one ticket."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from helpdesk import clock
from helpdesk.incoming import parser_process
from models import Agent, IncomingMail, Mailbox, MailedMessage, Message, Service, Ticket
from tests.support.mails import make_mailbox, receive

TEXT = "Où est l’été ? 12 €"


@pytest.fixture
def mailbox(sales: Service) -> Mailbox:
    return make_mailbox(sales)


@pytest.mark.parametrize(
    ("declared", "real"),
    [
        ("utf-8", "utf-8"), ("utf-8", "cp1252"), ("us-ascii", "utf-8"), ("us-ascii", "cp1252"),
        ("iso-8859-1", "cp1252"),
        ("windows-1252", "cp1252"), ("unknown-8bit", "utf-8"), ("x-no-such-charset", "cp1252"), ("", "utf-8"),
        ("\"'; DROP", "utf-8"), ("utf-8\\", "utf-8"), ("idna", "utf-8"), ("zlib", "utf-8"), ("rot13", "utf-8"),
        ("undefined", "cp1252"), ("unicode_escape", "utf-8"), ("utf-16", "utf-16"),
    ],
)  # fmt: skip
def test_every_lie_about_letters_is_seen_through(declared: str, real: str) -> None:
    head = f"From: a@x.example\r\nContent-Type: text/plain; charset={declared}\r\n\r\n".encode()
    assert parser_process.document(head + TEXT.encode(real))["text"] == TEXT


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"\xc3\xa9t\xc3\xa9", "été"),
        (b"\xe9t\xe9", "été"),
        # One letter in two words, in lines of its own.
        (b"=?utf-8?B?w4M=?=\r\n =?utf-8?B?wqk=?=", "Ã©"),
        (b"=?utf-8?Q?=C3?=\r\n =?utf-8?Q?=A9?=", "é"),
        (b"=?no-such?Q?=E9?=", "é"),
        (b"=?utf-8?Q?unfinished", "=?utf-8?Q?unfinished"),
        (b"=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        (b"a\x00b\x1b[2Jc", "ab[2Jc"),
    ],
)
def test_headers_are_read_whatever_they_hold(raw: bytes, expected: str) -> None:
    document = parser_process.document(b"From: a@x.example\r\nSubject: " + raw + b"\r\n\r\nHello")
    assert document["subject"] == expected


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("Content-Type: text/html", "<td>" * 100_000),
        ("Content-Type: text/plain", "-- \n" * 100_000),
        ("Subject: failure notice\r\nReturn-Path: <>", "--" * 100_000),
        ('Content-Type: multipart/mixed; boundary="-"', "-" * 4_000_000),
    ],
)
def test_what_was_made_to_take_minutes_is_read_in_a_moment(head: str, body: str) -> None:
    sender = "mailer-daemon@x.example" if "failure" in head else "a@x.example"
    before = time.process_time()
    parser_process.document(f"From: {sender}\r\n{head}\r\n\r\n{body}".encode())
    # Each took more than ten seconds, and grew with the square of its length.
    assert time.process_time() - before < 5


@pytest.mark.parametrize("name", ["Content-Type: text/plain; name", "Content-Disposition: attachment; filename"])
def test_a_parameter_in_pieces_without_end_is_read(name: str) -> None:
    raw = f"From: a@x.example\r\n{name}*{'9' * 5_000}*=x\r\n\r\nHello".encode()
    assert parser_process.document(raw)["from"] == [["", "a@x.example"]]


@pytest.mark.parametrize(
    "kind", ["application/pkcs7-signature; name=smime.p7s", "application/pgp-signature; name=s.asc"]
)
def test_a_signed_mail_is_read_and_its_signature_named(mailbox: Mailbox, kind: str) -> None:
    letter = (
        "From: a@customer.example\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n"
        f"--b\r\n\r\nHello\r\n--b\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n"
    )
    [row] = receive(mailbox, letter.encode())
    assert (row.state, row.message.body) == ("new", "<p>Hello</p>")
    assert [note["why"] for note in MailedMessage.get(MailedMessage.message == row.message_id).notes] == ["signature"]


def test_ten_thousand_mails_leave_a_ticket_readable(
    client_of: Callable[..., Any], root: Agent, mailbox: Mailbox, ticket: Ticket
) -> None:
    now = clock.now()
    common = {"ticket": ticket.id, "kind": "customer", "customer": ticket.customer_id, "author_name": "Carol"}
    first = Message.select(Message.id).order_by(Message.id.desc()).limit(1).scalar()
    for start in range(0, 10_000, 500):
        rows = [{**common, "body": f"<p>Mail {start + n}</p>", "created_at": now} for n in range(500)]
        Message.insert_many(rows).execute()
        keys = range(first + start + 1, first + start + 501)
        MailedMessage.insert_many(
            [{"message": key, "sender": "a@x.example", "mailbox": "s@x.example"} for key in keys]
        ).execute()
        mails = [{"mailbox": mailbox.id, "sha256": f"{key:064}", "size": 1, "state": "message", "message": key,
                  "ticket": ticket.id, "received_at": now} for key in keys]  # fmt: skip
        IncomingMail.insert_many(mails).execute()
    client, url = client_of(root), f"/admin/tickets/{ticket.number}"
    client.get(url)
    begin = time.process_time()
    page = client.get(url).get_data(as_text=True)
    assert time.process_time() - begin < 1
    assert page.count("Show the e-mail") == 100
    assert "Mail 9999" in page
