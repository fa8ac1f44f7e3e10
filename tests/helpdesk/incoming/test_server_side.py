"""What the desk does on the server where a mailbox says so: tidying up, and copies of what was sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from helpdesk import clock, outbox, settings
from helpdesk.errors import InvalidInput
from helpdesk.incoming import held_mail, mailbox_test, mailboxes, pipeline, raw_mail, tidying
from helpdesk.operations import sent_copies
from helpdesk.settings import run_state
from helpdesk.tickets.messages import reply
from models import Agent, IncomingMail, Mailbox, Message, OutgoingEmail, Service, Ticket
from tests.support import dovecot as real
from tests.support import sqlite_only
from tests.support.mailbox import Mailbox as SmtpServer
from tests.support.mailbox import text_of
from tests.support.mails import ADDRESS, mail, make_mailbox
from tests.support.ports import free_port


@pytest.fixture
def mailbox(imap_mailbox: Callable[..., Mailbox]) -> Mailbox:
    return imap_mailbox(after="move", after_days=3, after_folder="Done")


@pytest.fixture
def mails_in(server: real.Dovecot, user: str) -> Callable[[str], list[EmailMessage]]:
    """The mails in a folder, as another program sees them."""

    def read(folder: str) -> list[EmailMessage]:
        client = server.client(user)
        if client.select(folder, readonly=True)[0] != "OK":
            return []
        numbers = client.search(None, "ALL")[1][0].split()
        contents = [client.fetch(number.decode(), "(BODY.PEEK[])")[1][0] for number in numbers]
        client.logout()
        return [message_from_bytes(pair[1], policy=policy.default) for pair in contents if isinstance(pair, tuple)]

    return read


def subjects(mails: list[EmailMessage]) -> list[str]:
    return [str(one["Subject"]) for one in mails]


def days_pass() -> None:
    IncomingMail.update(decided_at=clock.now() - timedelta(days=4)).where(
        IncomingMail.decided_at.is_null(False)
    ).execute()


def test_what_is_decided_is_moved_after_some_days_and_what_is_held_stays(
    mailbox: Mailbox, server: real.Dovecot, user: str, mails_in: Callable[[str], list[EmailMessage]]
) -> None:
    server.put(mail(subject="A ticket"), mail(sender="", subject="Nobody"), mail(subject="Read by hand"), user=user)
    pipeline.run()
    tidying.run()
    assert subjects(mails_in("INBOX")) == ["A ticket", "Nobody", "Read by hand"]
    days_pass()
    # Somebody else took this one away already.
    client = server.client(user)
    client.select("INBOX")
    client.store("3", "+FLAGS", "\\Deleted")
    client.expunge()
    client.logout()
    server.put(mail(subject="New"), user=user)
    tidying.run()
    assert (subjects(mails_in("INBOX")), subjects(mails_in("Done"))) == (["Nobody", "New"], ["A ticket"])
    assert IncomingMail.select().where(IncomingMail.tidied_at.is_null(False)).count() == 2
    pipeline.run()
    tidying.run()
    assert (subjects(mails_in("INBOX")), Ticket.select().count()) == (["Nobody", "New"], 3)


def test_deleting_takes_what_is_stored_and_nothing_that_others_marked(
    mailbox: Mailbox, server: real.Dovecot, user: str, mails_in: Callable[[str], list[EmailMessage]]
) -> None:
    Mailbox.update(after="delete").execute()
    mailbox.after = "delete"
    mailbox.save()
    server.put(mail(subject="One"), mail(subject="Two"), user=user)
    pipeline.run()
    days_pass()
    server.put(mail(subject="Three"), user=user)
    client = server.client(user)
    client.select("INBOX")
    client.store("3", "+FLAGS", "\\Deleted")
    client.logout()
    second = IncomingMail.get(IncomingMail.subject == "Two")
    raw_mail.discard([second.path])
    tidying.run()
    # The bytes of the second are not here, whatever its row says; the third is somebody else's to expunge.
    assert subjects(mails_in("INBOX")) == ["Two", "Three"]


@pytest.mark.parametrize("after", ["move", "delete"])
def test_what_is_here_by_its_headers_alone_stays_whatever_was_decided(
    after: str, mailbox: Mailbox, server: real.Dovecot, user: str, root: Agent,
    mails_in: Callable[[str], list[EmailMessage]],
) -> None:  # fmt: skip
    mailbox.after = after
    mailbox.save()
    settings.save({"max_mail_size": "2K"})
    server.put(mail("x" * 5000, subject="Large"), mail(subject="Small"), user=user)
    pipeline.run()
    large = IncomingMail.get(IncomingMail.state == "held")
    # A ticket of its headers would be an empty one that looks whole.
    for act in (held_mail.would_become, held_mail.replay, held_mail.open_ticket):
        with pytest.raises(InvalidInput, match="Only the headers"):
            act(large, actor=root)
    with pytest.raises(InvalidInput, match="Only the headers"):
        held_mail.open_for(large, "erin@customer.example", "Erin", actor=root)
    with pytest.raises(InvalidInput, match="Only the headers"):
        held_mail.add_to(large, Ticket.get().number, actor=root)
    held_mail.close(large, actor=root)
    days_pass()
    tidying.run()
    assert subjects(mails_in("INBOX")) == ["Large"]
    # Also after that it can be had whole, and is one like any other then.
    settings.save({"max_mail_size": "25M"})
    whole = held_mail.fetch_whole(IncomingMail.get_by_id(large.id), actor=root)
    assert (whole.state, whole.headers_only, "x" * 5000 in whole.message.body) == ("new", False, True)
    days_pass()
    tidying.run()
    assert subjects(mails_in("INBOX")) == []


def test_accepting_a_sender_makes_no_ticket_of_headers(
    mailbox: Mailbox, server: real.Dovecot, user: str, root: Agent
) -> None:
    settings.save({"max_mail_size": "2K"})
    server.put(mail("x" * 5000), user=user)
    pipeline.run()
    IncomingMail.update(from_email="erin@customer.example").execute()
    assert held_mail.accept_sender(IncomingMail.get(), actor=root) == 0
    assert (IncomingMail.get().state, Ticket.select().count()) == ("held", 0)


@sqlite_only
def test_numbers_of_before_delete_nothing(
    mailbox: Mailbox, server: real.Dovecot, user: str, mails_in: Callable[[str], list[EmailMessage]]
) -> None:
    server.put(mail(subject="One"), mail(subject="Two"), user=user)
    pipeline.run()
    days_pass()
    server.forget_numbers(user)
    tidying.run()
    assert subjects(mails_in("INBOX")) == ["One", "Two"]


@sqlite_only
def test_what_is_gone_hides_nothing_that_came_after_it(
    mailbox: Mailbox, server: real.Dovecot, user: str, mails_in: Callable[[str], list[EmailMessage]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(tidying, "AT_ONCE", 1)
    mailbox.other_folders = "Archive"
    mailbox.save()
    server.put(mail(subject="Laid by"), user=user, folder="Archive")
    server.put(mail(subject="One"), mail(subject="Two"), mail(subject="Three"), user=user)
    pipeline.run()
    # A folder, the bytes of a mail, and then the numbers.
    client = server.client(user)
    client.delete("Archive")
    client.logout()
    mailbox.other_folders = ""
    mailbox.save()
    raw_mail.discard([IncomingMail.get(IncomingMail.subject == "One").path])
    days_pass()
    for _hour in range(3):
        tidying.run()
    assert (subjects(mails_in("INBOX")), subjects(mails_in("Done"))) == (["One"], ["Two", "Three"])


@sqlite_only
def test_a_mail_is_known_by_its_new_number(
    mailbox: Mailbox, server: real.Dovecot, user: str, root: Agent, mails_in: Callable[[str], list[EmailMessage]]
) -> None:
    settings.save({"max_mail_size": "2K"})
    # The first two are the same, letter by letter.
    server.put(*[mail(subject="Twice")] * 2, mail("x" * 5000, subject="Large"), mail(subject="Small"), user=user)
    pipeline.run()
    days_pass()
    large = IncomingMail.get(IncomingMail.headers_only)
    client = server.client(user)
    client.select("INBOX")
    client.store("1", "+FLAGS", "\\Deleted")
    client.expunge()
    client.logout()
    server.forget_numbers(user)
    tidying.run()
    # The number of before is that of another mail now.
    with pytest.raises(InvalidInput, match="not on its server"):
        held_mail.fetch_whole(large, actor=root)
    pipeline.run()
    tidying.run()
    assert (subjects(mails_in("INBOX")), subjects(mails_in("Done"))) == (["Large"], ["Twice", "Small"])
    whole = held_mail.fetch_whole(IncomingMail.get_by_id(large.id), actor=root)
    assert "x" * 5000 in whole.message.body
    assert IncomingMail.select().count() == 4


@sqlite_only
def test_a_copy_that_rests_and_a_mailbox_that_leaves_touch_nothing(
    mailbox: Mailbox, server: real.Dovecot, user: str, mails_in: Callable[[str], list[EmailMessage]]
) -> None:
    server.put(mail(subject="One"), user=user)
    pipeline.run()
    days_pass()
    run_state.write(run_state.RESTORED_COPY, "2026-11-01T00:00:00")
    tidying.run()
    run_state.forget(run_state.RESTORED_COPY)
    mailbox.after = "leave"
    mailbox.save()
    tidying.run()
    assert subjects(mails_in("INBOX")) == ["One"]


@sqlite_only
def test_what_is_moved_goes_to_no_folder_that_is_read(mailbox: Mailbox, root: Agent) -> None:
    values = {
        "kind": "imap", "address": ADDRESS, "host": "imap.desk.example", "username": "u", "service": mailbox.service_id,
        "after": "move", "after_folder": "Done", "other_folders": "Done", "port": mailbox.port,
    }  # fmt: skip
    with pytest.raises(InvalidInput) as raised:
        mailboxes.save(mailbox, values, actor=root)
    assert raised.value.field == "after_folder"


# --- Copies of what was sent ----------------------------------------------------------------------------------------


@pytest.fixture
def answered(mailbox: Mailbox, server: real.Dovecot, user: str, root: Agent) -> Iterator[OutgoingEmail]:
    """An answer of an agent that has left, with its copy still to come."""
    smtp = SmtpServer().start()
    settings.save({
        "mail_host": "127.0.0.1", "mail_port": smtp.port, "mail_tls": "none", "default_sender": ADDRESS,
        "undo_send_seconds": 0,
    })  # fmt: skip
    mailbox.copy_sent, mailbox.begin = True, "all"
    mailbox.save()
    server.put(mail(), user=user)
    pipeline.run()
    reply(Ticket.get(), "<p>Have you tried another cable?</p>", actor=root)
    outbox.deliver_due()
    yield OutgoingEmail.get(OutgoingEmail.message == Message.select().order_by(Message.id.desc()).get())
    smtp.stop()


def test_an_answer_is_copied_into_the_folder_of_sent_mails_once(
    answered: OutgoingEmail, mails_in: Callable[[str], list[EmailMessage]], mailbox: Mailbox, root: Agent
) -> None:
    assert answered.sent_copy == "due"
    sent_copies.run()
    sent_copies.run()
    [copy] = mails_in("Posted")
    assert (copy["Message-ID"], "another cable" in text_of(copy)) == (answered.mail_id, True)
    assert "/t/" not in text_of(copy)
    assert OutgoingEmail.get_by_id(answered.id).sent_copy == "stored"
    # A crash between the server's answer and ours, and servers that keep what is sent by themselves.
    OutgoingEmail.update(sent_copy="tried").where(OutgoingEmail.id == answered.id).execute()
    sent_copies.run()
    assert len(mails_in("Posted")) == 1
    assert [row.to_email for row in OutgoingEmail.select().where(OutgoingEmail.sent_copy.is_null(False))] == [
        "erin@customer.example"
    ]
    assert "Posted" in [step.text for step in mailbox_test.steps(mailbox, actor=root)]


@sqlite_only
def test_a_copy_waits_for_its_server_and_not_for_ever(answered: OutgoingEmail, mailbox: Mailbox) -> None:
    mailbox.sent_folder = "Nowhere"
    mailbox.save()
    sent_copies.run()
    assert OutgoingEmail.get_by_id(answered.id).sent_copy == "due"
    OutgoingEmail.update(sent_at=clock.now() - timedelta(days=8)).execute()
    sent_copies.run()
    assert OutgoingEmail.get_by_id(answered.id).sent_copy == "refused"


@sqlite_only
def test_a_mailbox_that_fails_holds_up_no_copy_of_another(
    answered: OutgoingEmail, sales: Service, root: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sent_copies, "AT_ONCE", 1)
    other = make_mailbox(
        sales, name="Broken", address="broken@desk.example", kind="imap", host="127.0.0.1", port=free_port(),
        security="none", copy_sent=True,
    )  # fmt: skip
    # What the broken one waits for comes first.
    OutgoingEmail.update(sent_copy="tried").where(OutgoingEmail.id == answered.id).execute()
    reply(Ticket.get(), "<p>Or another printer?</p>", actor=root)
    first = OutgoingEmail.select().where(OutgoingEmail.id > answered.id).get()
    values = {"from_email": other.address, "sent_copy": "due", "state": "sent", "sent_at": clock.now()}
    OutgoingEmail.update(values).where(OutgoingEmail.id == first.id).execute()
    sent_copies.run()
    states = [OutgoingEmail.get_by_id(key).sent_copy for key in (first.id, answered.id)]
    assert states == ["due", "stored"]


def test_the_own_copy_is_no_mail_that_comes_in(
    answered: OutgoingEmail, mailbox: Mailbox, mails_in: Callable[[str], list[EmailMessage]]
) -> None:
    sent_copies.run()
    mailbox.other_folders = "Posted"
    mailbox.save()
    pipeline.run()
    assert [row.state for row in IncomingMail.select().order_by(IncomingMail.id)] == ["new", "ignored"]
