"""Mail that comes back to its return path finds its mail, whatever the report holds, where the relay allows one."""

from __future__ import annotations

import pytest

from helpdesk import outbox, tickets
from helpdesk.notifications import reply_address
from helpdesk.notifications.reply_address import Code
from models import Agent, Mailbox, OutgoingEmail, Service, Ticket, TicketEvent
from tests.support.mailbox import Mailbox as Relay
from tests.support.mails import ADDRESS, mail, make_mailbox, receive

CAROL = "carol@customer.example"


@pytest.fixture
def mailbox(billing: Service) -> Mailbox:
    return make_mailbox(billing, billing.departments.get(), sub_addresses=True)


@pytest.fixture
def ours(mailbox: Mailbox, smtp: Relay, ticket: Ticket, ana: Agent) -> OutgoingEmail:
    """The mail of a reply to Carol, written and not sent yet."""
    OutgoingEmail.delete().execute()
    tickets.reply(ticket, "<p>We look into it.</p>", actor=ana)
    return OutgoingEmail.get(OutgoingEmail.to_email == CAROL)


def test_the_envelope_names_the_mail_and_its_headers_do_not(smtp: Relay, ours: OutgoingEmail) -> None:
    assert outbox.deliver_due() == 1
    [sender] = smtp.senders
    assert sender == reply_address.return_path(ours)
    assert sender.startswith("support+b")
    assert reply_address.mail_of(reply_address.in_address(sender)) == ours
    assert sender not in smtp.messages[0].as_string()
    assert ADDRESS in smtp.messages[0]["From"]


@pytest.mark.parametrize(
    "answer",
    [
        "553 5.7.1 Sender address rejected: not owned by user",
        "553 sorry, not allowed",
        "550 5.1.7 Invalid address",
        "550 5.1.8 Domain of the author does not exist",
        "554 5.7.1 Not authorised",
        "550 5.7.60 SMTP; Client does not have permissions to send as this one",
        "550 Sender verification failed",
    ],
)
def test_a_relay_that_takes_no_other_sender_gets_the_plain_one(
    answer: str, smtp: Relay, ours: OutgoingEmail, ticket: Ticket, ana: Agent
) -> None:
    smtp.only_sender, smtp.of_sender = ADDRESS, answer
    tickets.reply(Ticket.get_by_id(ticket.id), "<p>And again.</p>", actor=ana)
    assert outbox.deliver_due() == 2
    assert smtp.senders == [ADDRESS, ADDRESS]
    # The first alone was asked about twice: the connection knows it then.
    assert len(smtp.asked) == 3
    assert {row.state for row in OutgoingEmail.select()} == {"sent"}


@pytest.mark.parametrize(
    "answer",
    [
        "550 5.1.1 User unknown in local recipient table",
        "550 No such user here",
        "551 User not local",
        "552 5.2.2 Mailbox full",
        "556 5.1.10 Recipient address has null MX",
        "550 5.7.129 Only members of the group may write",
    ],
)
def test_a_recipient_who_is_refused_is_refused_once(answer: str, smtp: Relay, ours: OutgoingEmail) -> None:
    smtp.of_recipient = answer
    assert outbox.deliver_due() == 0
    assert (OutgoingEmail.get().state, smtp.asked) == ("failed", [reply_address.return_path(ours)])


def test_a_mail_that_is_refused_for_what_it_holds_is_refused_once(smtp: Relay, ours: OutgoingEmail) -> None:
    smtp.refuse = "552 5.3.4 Message too big"
    assert outbox.deliver_due() == 0
    assert (OutgoingEmail.get().state, smtp.asked) == ("failed", [reply_address.return_path(ours)])


def test_a_relay_that_takes_neither_sender_refuses_both(smtp: Relay, ours: OutgoingEmail) -> None:
    smtp.only_sender = "nobody@desk.example"
    assert outbox.deliver_due() == 0
    assert smtp.asked == [reply_address.return_path(ours), ADDRESS]
    assert OutgoingEmail.get().state == "failed"
    assert "not owned" in OutgoingEmail.get().last_error


def test_without_sub_addresses_the_sender_stays(smtp: Relay, mailbox: Mailbox, ours: OutgoingEmail) -> None:
    mailbox.sub_addresses = False
    mailbox.save()
    assert outbox.deliver_due() == 1
    assert smtp.senders == [ADDRESS]


EMPTY = b'Return-Path: <>\r\nFrom: "Mail system" <noreply@relay.example>\r\nTo: %s\r\nSubject: Your mail\r\n\r\n\r\n'


def test_a_report_that_holds_nothing_finds_its_mail(
    mailbox: Mailbox, smtp: Relay, ours: OutgoingEmail, ticket: Ticket
) -> None:
    outbox.deliver_due()
    [row] = receive(mailbox, EMPTY % smtp.senders[0].encode())
    assert (row.state, row.reason, row.ticket_id) == ("bounce", "bounced", ticket.id)
    assert OutgoingEmail.get_by_id(ours.id).bounced_at is not None
    assert TicketEvent.select().where(TicketEvent.kind == "bounced").count() == 1


def test_a_report_to_the_plain_address_that_holds_nothing_is_no_report(
    mailbox: Mailbox, smtp: Relay, ours: OutgoingEmail
) -> None:
    outbox.deliver_due()
    [row] = receive(mailbox, EMPTY % ADDRESS.encode())
    assert row.state == "new"
    assert OutgoingEmail.get_by_id(ours.id).bounced_at is None


def test_an_absence_is_answered_to_the_return_path_and_is_no_report(
    mailbox: Mailbox, smtp: Relay, ours: OutgoingEmail, ticket: Ticket
) -> None:
    outbox.deliver_due()
    null = b"Return-Path: <>\r\n"
    letter = mail("Estoy de vacaciones", sender=CAROL, to=smtp.senders[0], subject="Respuesta automática")
    [row] = receive(mailbox, null + letter)
    assert (row.state, row.ticket_id) == ("automatic", ticket.id)
    assert OutgoingEmail.get_by_id(ours.id).bounced_at is None


def test_a_code_of_a_mail_that_is_gone_or_another_now_names_none(mailbox: Mailbox, ours: OutgoingEmail) -> None:
    sender = reply_address.return_path(ours)
    OutgoingEmail.update(mail_id="<another@desk.example>").where(OutgoingEmail.id == ours.id).execute()
    assert reply_address.mail_of(reply_address.in_address(sender)) is None
    assert reply_address.mail_of(Code(1, address=1)) is None
    whole = reply_address.with_code(mailbox, Code(0, mail=10**9, check=2**32 - 1), reply_address.RETURN_MARK)
    assert len(whole.partition("@")[0]) <= reply_address.MAX_LOCAL
