"""What becomes of a mail that came in, and that every mail has one outcome with a reason."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk import clock, settings
from helpdesk.incoming import outcome_texts, pipeline
from models import (
    Agent,
    Attachment,
    Customer,
    IncomingMail,
    Mailbox,
    MailedMessage,
    Message,
    Order,
    OutgoingEmail,
    SenderRule,
    Service,
    Ticket,
)
from tests.support import cast
from tests.support.mails import ADDRESS, mail, make_mailbox, receive, take


@pytest.fixture
def mailbox(sales: Service) -> Mailbox:
    return make_mailbox(sales)


def reasons(rows: list[IncomingMail]) -> list[tuple[str, str]]:
    return [(row.state, row.reason) for row in rows]


def test_a_mail_opens_a_ticket(mailbox: Mailbox, sales: Service) -> None:
    [row] = receive(mailbox, mail("Bonjour, mon imprimante est en panne. Merci de votre aide.", subject="Re: Panne"))
    assert (row.state, row.reason) == ("new", "new")
    ticket = row.ticket
    assert (ticket.subject, ticket.service_id, ticket.locale) == ("Panne", sales.id, "fr")
    assert (ticket.customer.first_name, ticket.customer.last_name) == ("Erin", "Moss")
    assert "mon imprimante est en panne" in row.message.body
    assert MailedMessage.get(MailedMessage.message == row.message_id).mailbox == ADDRESS
    # To an address that is not proven: the number and the link, nothing that was typed (RULES 19).
    [answer] = OutgoingEmail.select().where(OutgoingEmail.to_email == "erin@customer.example")
    assert answer.kind == "received"
    assert "imprimante" not in answer.body + answer.subject


def test_the_same_mail_twice_is_one_ticket(mailbox: Mailbox) -> None:
    letter = mail()
    rows = receive(mailbox, letter, letter)
    assert reasons(rows) == [("new", "new"), ("ignored", "duplicate")]
    assert Ticket.select().count() == 1


def test_a_mail_to_two_addresses_is_one_ticket(mailbox: Mailbox, sales: Service) -> None:
    other = make_mailbox(sales, name="Orders", address="orders@desk.example")
    letter = mail()
    receive(mailbox, b"Delivered-To: support@desk.example\r\n" + letter)
    [second] = receive(other, b"Delivered-To: orders@desk.example\r\n" + letter)
    assert (second.state, second.reason) == ("ignored", "duplicate")


def test_nobody_silences_another_by_an_id_used_twice(mailbox: Mailbox) -> None:
    first = mail("One", mail_id="<same@customer.example>")
    second = mail("Two", mail_id="<same@customer.example>", sender="mallory@evil.example")
    rows = receive(mailbox, second, first)
    assert reasons(rows) == [("new", "new")] * 2
    assert Ticket.select().count() == 2


def test_without_an_id_a_mail_is_taken(mailbox: Mailbox) -> None:
    rows = receive(mailbox, b"From: a@customer.example\r\n\r\nOne", b"From: a@customer.example\r\n\r\nTwo")
    assert reasons(rows) == [("new", "new")] * 2


@pytest.mark.parametrize(
    ("letter", "reason"),
    [
        (mail(sender=""), "no-sender"),
        (mail(sender="nobody at all"), "no-sender"),
        (mail(sender="a@customer.example, b@customer.example"), "no-sender"),
        (mail(sender=ADDRESS), "own-address"),
        (mail(sender="support+x@desk.example"), "own-address"),
        (mail(headers=[("Reply-To", ADDRESS)]), "own-address"),
        (mail(headers=[("Auto-Submitted", "auto-replied")]), "automatic-answer"),
        (mail(subject="Absence du bureau", headers=[("References", "<a@b>")]), "automatic-answer"),
        (mail(sender="Ana <ana@desk.example>"), "colleague"),
        (mail(headers=[("List-Id", "<news.example.org>")]), "list"),
    ],
)
def test_what_nobody_can_be_sure_of_is_held(mailbox: Mailbox, ana: Agent, letter: bytes, reason: str) -> None:
    mailbox.hold_lists = True
    mailbox.save()
    [row] = receive(mailbox, letter)
    assert (row.state, row.reason) == ("held", reason)
    assert outcome_texts.reason(row)
    assert "%(" not in outcome_texts.reason(row)
    assert row.explanation["tests"][-1]["fits"]
    assert not Ticket.select().exists()
    assert not OutgoingEmail.select().exists()


def test_two_senders_with_the_one_who_sent_it_are_no_doubt(mailbox: Mailbox) -> None:
    two = "a@customer.example, b@customer.example"
    [row] = receive(mailbox, mail(sender=two, headers=[("Sender", "b@customer.example")]))
    assert (row.state, row.from_email) == ("new", "b@customer.example")


def test_rules_decide_about_senders(mailbox: Mailbox) -> None:
    SenderRule.create(pattern="shop.example", does="ignore")
    SenderRule.create(pattern=".maybe.example", does="hold")
    rows = receive(
        mailbox,
        mail(sender="news@shop.example"),
        mail(sender="a@deep.maybe.example"),
        # Whole labels only.
        mail(sender="a@notshop.example"),
        mail(sender="a@sub.shop.example"),
    )
    expected = [("ignored", "rule"), ("held", "rule-hold"), ("new", "new"), ("new", "new")]
    assert reasons(rows) == expected
    assert SenderRule.get(SenderRule.pattern == "shop.example").hits == 1


def test_many_mails_of_one_sender_are_held(mailbox: Mailbox) -> None:
    settings.save({"tickets_of_address_hourly": 3})
    rows = receive(mailbox, *(mail(f"Number {number}") for number in range(5)))
    assert reasons(rows) == [("new", "new")] * 3 + [("held", "many")] * 2


def test_a_disabled_service_loses_no_mail(mailbox: Mailbox, sales: Service) -> None:
    sales.enabled = False
    sales.save()
    [row] = receive(mailbox, mail())
    assert (row.state, row.reason) == ("held", "no-place")


def test_what_its_server_calls_spam_stands_under_spam(mailbox: Mailbox) -> None:
    letter = b"X-Spam-Flag: YES\r\nReceived: from here\r\n" + mail()
    [row] = receive(mailbox, letter)
    assert (row.state, row.reason, row.ticket.is_spam) == ("new", "spam", True)
    assert row.ticket.customer.blocked_at is None
    assert not OutgoingEmail.select().exists()
    # Below the first Received it came with the mail, and anybody can write it.
    [other] = receive(mailbox, b"Received: from there\r\nX-Spam-Flag: YES\r\n" + mail("Other"))
    assert not other.ticket.is_spam


@pytest.mark.parametrize("level", ["²", "9" * 5_000, "-1", "4"])
def test_a_level_of_spam_that_is_no_such_number_makes_no_spam(mailbox: Mailbox, level: str) -> None:
    letter = f"X-MS-Exchange-Organization-SCL: {level}\r\nReceived: from here\r\n".encode() + mail()
    [row] = receive(mailbox, letter)
    assert (row.state, row.reason) == ("new", "new")


def test_history_comes_in_without_a_mail_going_out(mailbox: Mailbox) -> None:
    row = take(mailbox, mail(), silent=True)
    pipeline.decide_waiting()
    row = IncomingMail.get_by_id(row.id)
    assert row.state == "new"
    assert not OutgoingEmail.select().exists()


def test_the_files_of_a_mail_come_with_it(mailbox: Mailbox, no_files: None) -> None:
    files = [
        ("bill.pdf", b"%PDF-1.4\n%%EOF\n", "application/pdf"),
        ("run.exe", b"MZ\x90\x00", "application/octet-stream"),
        ("empty.png", b"", "image/png"),
    ]
    [row] = receive(mailbox, mail(files=files))
    assert [one.name for one in Attachment.select()] == ["bill.pdf"]
    notes = MailedMessage.get(MailedMessage.message == row.message_id).notes
    assert [(note["name"], note["why"]) for note in notes] == [("run.exe", "type"), ("empty.png", "empty")]


def test_an_order_named_in_the_mail_is_the_tickets(mailbox: Mailbox, carol: Customer) -> None:
    cast_order(carol, "W-1001")
    [row] = receive(mailbox, mail("About order W-1001, please", sender="carol@customer.example"))
    assert row.ticket.order_number == "W-1001"


def cast_order(customer: Customer, number: str) -> Any:
    now = clock.now()
    return Order.create(
        shop="web", number=number, email=customer.primary_address.email, customer=customer, placed_at=now,
        total=100, currency="EUR", updated_at=now,
    )  # fmt: skip


def test_an_empty_mail_has_words_for_it(mailbox: Mailbox) -> None:
    [row] = receive(mailbox, b"From: a@customer.example\r\nSubject: \r\n\r\n")
    assert row.ticket.subject == "(No subject)"
    assert "(No text)" in row.message.body


@pytest.mark.parametrize(
    "junk", [b"\x00", b"\xff" * 4000, b"From: \xff@\xff\r\n\r\n\x00", b"\r\n\r\n", b"no headers at all"]
)
def test_any_bytes_have_one_outcome(mailbox: Mailbox, junk: bytes) -> None:
    rows = receive(mailbox, junk, mail())
    assert rows[0].state in {"held", "new", "ignored"}
    assert rows[0].reason
    assert rows[1].state == "new"


def test_a_blocked_sender_is_spam_and_told_nothing(mailbox: Mailbox, carol: Customer) -> None:
    carol.blocked_at = carol.created_at
    carol.save()
    [row] = receive(mailbox, mail(sender="carol@customer.example"))
    assert row.ticket.is_spam
    assert not OutgoingEmail.select().exists()
    assert Message.select().count() == 1


def test_agents_hear_of_a_ticket_by_mail_as_of_any_other(mailbox: Mailbox, sales: Service) -> None:
    ben = cast.make_agent("Ben")
    cast.permit(ben, sales, notify=True)
    receive(mailbox, mail())
    assert OutgoingEmail.select().where(OutgoingEmail.to_email == ben.email).count() == 1
