"""What a mail server does to all mails: it is remembered once, called again in good time, and mends by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from helpdesk import clock, outbox, settings
from helpdesk.outbox import outbox_health, retries
from models import JournalEntry, OutgoingEmail
from tests.support import cast
from tests.support.mailbox import Mailbox, free_port
from tests.support.outgoing import again, owe, reason, signing_in

pytestmark = [
    pytest.mark.usefixtures("app"),
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),
]


def test_a_weekend_with_a_wrong_password_loses_no_mail(database):
    with signing_in("wrong") as server, time_machine.travel("2026-03-06 18:00", tick=False) as traveller:
        mails = [owe(f"c{number}@customer.example") for number in range(20)]
        monday = clock.now() + timedelta(days=2, hours=14)
        while clock.now() < monday:
            outbox.deliver_due()
            traveller.move_to(outbox.next_due())
        assert {(again(mail).state, again(mail).attempts) for mail in mails} == {("pending", 0)}
        # At first each minute, later each quarter of an hour, whatever waits: accounts are locked for less. Of
        # the two ways of signing in that the server offers one is tried: a wrong password is wrong by either.
        assert 240 < server.calls < 270
        settings.save({"mail_password": "right"})
        assert outbox.next_due() == clock.now()
        assert outbox.deliver_due() == 20
        assert outbox_health.fault() is None


def test_the_log_says_once_that_the_server_refuses_and_once_that_it_works_again(database, caplog):
    caplog.set_level("INFO", "guichet")
    with signing_in("wrong"), time_machine.travel("2026-03-06 18:00", tick=False) as traveller:
        for _ in range(3):
            outbox.greet()
            traveller.shift(timedelta(minutes=20))
        settings.save({"mail_password": "right"})
        assert outbox.greet() is None
    records = [record for record in caplog.records if record.name == "guichet"]
    lines = [(record.levelname, record.getMessage()) for record in records]
    assert lines == [("WARNING", "mail server at fault"), ("INFO", "mail server works again")]
    assert records[0].fields["reason"].startswith("sign-in: 535")


def test_a_server_that_comes_back_gets_everything(database):
    port = free_port()
    settings.save({"mail_host": "127.0.0.1", "mail_port": port, "mail_tls": "none"})
    with time_machine.travel(clock.now(), tick=False) as traveller:
        owe()
        assert (outbox.deliver_due(), outbox.deliver_due()) == (0, 0)
        assert outbox.next_due() == clock.now() + timedelta(minutes=1)
        traveller.shift(timedelta(minutes=1))
        mailbox = Mailbox(port).start()
        assert outbox.deliver_due() == 1
        mailbox.stop()
    assert outbox_health.fault() is None


def test_mail_that_waited_five_days_for_its_server_is_given_up_and_can_be_sent(database, root):
    port = free_port()
    settings.save({"mail_host": "127.0.0.1", "mail_port": port, "mail_tls": "none"})
    with time_machine.travel(clock.now(), tick=False) as traveller:
        old = owe()
        outbox.deliver_due()
        for _try in range(10):
            traveller.shift(timedelta(hours=12))
            new = owe()
            outbox.deliver_due()
    assert [again(mail).state for mail in (old, new)] == ["failed", "pending"]
    assert reason(old) == "The mail server refuses connections on this port."
    assert JournalEntry.select().where(JournalEntry.act == "mail-failed").count() == 1
    assert retries.retry_failed(actor=root) == 1
    assert again(old).state == "pending"


def test_mail_that_waited_while_the_desk_was_off_is_not_given_up(database):
    settings.save({"mail_host": "127.0.0.1", "mail_port": free_port(), "mail_tls": "none"})
    old = owe(due_at=clock.now() - timedelta(days=7))
    outbox.deliver_due()
    assert again(old).state == "pending"


def test_days_in_which_the_desk_was_off_are_no_tries(database):
    settings.save({"mail_host": "127.0.0.1", "mail_port": free_port(), "mail_tls": "none"})
    with time_machine.travel(clock.now(), tick=False) as traveller:
        mail = owe()
        outbox.deliver_due()
        # A week later it starts before its network.
        traveller.shift(timedelta(days=7))
        outbox.deliver_due()
        assert again(mail).state == "pending"
        for _try in range(10):
            traveller.shift(timedelta(hours=12))
            outbox.deliver_due()
        assert again(mail).state == "failed"


def test_a_clock_that_was_ahead_keeps_no_mail(database):
    settings.save({"mail_host": "127.0.0.1", "mail_port": free_port(), "mail_tls": "none"})
    owe()
    with time_machine.travel(clock.now() + timedelta(days=365)):
        outbox.deliver_due()
    assert outbox.next_due() <= clock.now()


class Leaving(Mailbox):
    """Goes away at one recipient."""

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if address.startswith("poison"):
            return "421 closing"
        envelope.rcpt_tos.append(address)
        return "250 OK"


def test_a_mail_at_which_the_server_leaves_does_not_hold_the_others_up(database):
    mailbox = Leaving().start()
    settings.save({"mail_host": "127.0.0.1", "mail_port": mailbox.port, "mail_tls": "none"})
    with time_machine.travel(clock.now(), tick=False) as traveller:
        poison, other = owe("poison@customer.example"), owe()
        outbox.deliver_due()
        assert again(poison).state == again(other).state == "pending"
        for _ in range(3):
            traveller.shift(timedelta(minutes=2))
            outbox.deliver_due()
        assert (again(poison).state, again(other).state) == ("pending", "sent")
    mailbox.stop()


def test_only_failed_mails_that_one_may_read_are_sent_again(database, root, ticket, ben):
    OutgoingEmail.delete().execute()
    ben.role = cast.make_role("Keeper", can_configure=True)
    ben.save()
    theirs = owe(ticket=ticket, state="failed")
    ours = owe(kind="reset", state="failed")
    assert outbox_health.given_up_for(ben) == 1
    assert retries.leave_failed(actor=ben) == 1
    assert [again(mail).state for mail in (theirs, ours)] == ["failed", "cancelled"]
    assert retries.retry_failed(actor=root) == 1
