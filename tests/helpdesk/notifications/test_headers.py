"""Headers come back from a strict reader as they were written, whatever somebody typed."""

from __future__ import annotations

import random
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

import pytest

from helpdesk import outbox
from helpdesk.errors import HelpdeskError
from helpdesk.notifications import headers
from helpdesk.notifications.headers import BadMail
from helpdesk.outbox.transport import Letter
from helpdesk.settings.placeholders import header_safe
from tests.support.outgoing import again, owe, reason

TEXTS = 10_000

#: Pieces of what people and attackers type.
PIECES = [
    "=?utf-8?q?a=0Ab?=", "=?utf-8?q?=ff=fe?=", "=?utf-8?q?=0d=0a=0d=0aBODY?=", "=?utf-8?b?AAAA?=", "=?x?", "?=", "=00",
    "=?us-ascii?q?=E2=80=AE?=", "\r\nBcc: all@x.example", "\r\n\r\nBODY", "\n", "\r", "\0", "\x0b", "\x1f", "\x7f",
    "\x85", "\u2028", "\u202e", "\u2066", "\ud800", "é", "à", "œ", "l’été", "une réponse ", "Équipe de support ",
    "Demande d’échange : commande nº 12 – « très urgent »", "日本語", "\N{PARTY POPPER}", "e\u0301", "\u200d", " ",
    "  ", "\u00a0", "\u202f", "\t", "a", "Z", "9", *",;:\"\\<>@()[]_?=", "a" * 40, "é" * 40, "Support ",
]  # fmt: skip


def texts() -> list[str]:
    """Random texts, the same each time."""
    chance = random.Random(12)
    return ["".join(chance.choices(PIECES, k=chance.randint(0, 25))) for _ in range(TEXTS)]


def strict(written: str, name: str) -> Any:
    """Read a header as a program does that takes nothing on trust."""
    wire = f"{name}: {written}\r\n\r\n".encode("ascii")
    assert max(map(len, wire.split(b"\r\n"))) <= 76
    assert all(line[:1] in {b" ", b""} for line in wire.split(b"\r\n")[1:])
    assert not set(wire) & {0, *range(1, 9), 11, 12, *range(14, 32), 127}
    letter = message_from_bytes(wire, policy=policy.default.clone(raise_on_defect=True))
    assert letter.keys() == [name]
    return letter[name]


def test_10000_subjects_come_back_equal() -> None:
    for text in texts():
        assert str(strict(headers.text(text, name="Subject"), "Subject")) == header_safe(text)


def test_10000_senders_come_back_equal() -> None:
    for text in texts():
        written = headers.mailbox(text, "desk@desk.example")
        (sender,) = strict(written, "From").addresses
        assert sender.addr_spec == "desk@desk.example"
        # This Python's parser reads a blank between two encoded words of a name (bpo-35547); its other one does not.
        name = str(make_header(decode_header(written.replace("\r\n", "").rpartition("<")[0].rstrip())))
        assert name == header_safe(text, 120)


@pytest.mark.parametrize("name", ["Équipe de support de la Boutique du Coin", "Le nº 1 – support", "日本語サポート"])
def test_a_usual_name_is_one_word(name: str) -> None:
    (sender,) = strict(headers.mailbox(name, "desk@desk.example"), "From").addresses
    assert sender.display_name == name


def test_a_whole_mail_holds_the_headers_it_was_given(app: Any) -> None:
    chance = random.Random(13)
    for text in chance.sample(texts(), 100):
        subject = text[:255].encode("utf-8", "ignore").decode().replace("\0", "")  # no database holds more
        with app.app_context():
            letter = Letter(outbox.render(owe(subject=subject)), "a@b.c", "d@e.f")
        (head, _end, _body) = letter.as_bytes().partition(b"\r\n\r\n")
        read: EmailMessage = message_from_bytes(head, policy=policy.default)
        assert sorted(read.keys()) == [
            "Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To",
            "X-Auto-Response-Suppress",
        ]  # fmt: skip


@pytest.mark.parametrize("email", ["nobody", "a@b\r\nBcc: c@d.e", "é@x.example", "a b@x.example", "", "a@x..example"])
def test_an_address_that_cannot_be_written_is_named(email: str) -> None:
    with pytest.raises(BadMail) as caught:
        headers.address(email, "bad-recipient")
    assert caught.value.failure.words == {"email": header_safe(email)}


def test_what_is_wrong_with_a_mail_is_said_and_holds_no_other_up(smtp: Any, ticket: Any, request_context: None) -> None:
    owe("x@customer.example", ticket=ticket)
    bad = owe("x@customer.example", ticket=ticket, from_email="nobody")
    later = owe("x@customer.example", ticket=ticket)
    outbox.deliver_due()
    assert [again(mail).state for mail in (bad, later)] == ["failed", "sent"]
    assert reason(bad).startswith("The sender nobody is not an e-mail address")


@pytest.mark.parametrize("name", ["=?utf-8?q?=0d=0a=0d=0aBODY?=", "Équipe\r\nBcc: x@y.z"])
def test_a_test_mail_answers_in_words(smtp: Any, root: Any, name: str, database: Any) -> None:
    email = owe(from_name=name, subject=name)
    assert outbox.hand_over(email).startswith("The mail server took the message")
    assert smtp.messages[-1]["Subject"] == header_safe(name)
    email.from_email = "nobody"
    with pytest.raises(HelpdeskError, match="The sender nobody is not an e-mail address"):
        outbox.hand_over(email)
