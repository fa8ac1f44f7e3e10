"""Mail from real servers and from one that misbehaves: nothing lost, nothing twice, nothing marked."""

from __future__ import annotations

import imaplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest

from helpdesk import clock, outbox, settings
from helpdesk.incoming import acceptance, collection, held_mail, imap, mailbox_health, mailbox_test, pipeline
from helpdesk.notifications import reply_address
from models import Agent, IncomingMail, Mailbox, MailFolder, Message, OutgoingEmail, Service, Ticket
from tests.support import cast, sqlite_only
from tests.support import dovecot as real
from tests.support.imap_script import Script, ScriptedServer
from tests.support.mailbox import Mailbox as Relay
from tests.support.mailbox import text_of
from tests.support.mails import mail, make_mailbox


@pytest.fixture
def mailbox(imap_mailbox: Callable[..., Mailbox]) -> Mailbox:
    return imap_mailbox()


@pytest.fixture
def put(server: real.Dovecot, user: str) -> Callable[..., None]:
    return lambda *mails, folder="INBOX": server.put(*mails, user=user, folder=folder)


def run() -> list[str]:
    pipeline.run()
    return [row.state for row in IncomingMail.select().order_by(IncomingMail.id)]


def test_mails_become_tickets_and_nothing_is_marked(
    mailbox: Mailbox, put: Callable[..., None], server: real.Dovecot, user: str
) -> None:
    put(mail("One"), mail("Two"))
    assert run() == ["new", "new"]
    assert run() == ["new", "new"]
    put(mail("Three"))
    assert run() == ["new"] * 3
    assert Mailbox.get().last_success_at is not None
    client = server.client(user)
    client.select("INBOX", readonly=True)
    assert client.search(None, "UNSEEN")[1][0].split() == [b"1", b"2", b"3"]
    client.logout()


def test_an_agent_answers_by_mail_from_one_end_to_the_other(
    mailbox: Mailbox, put: Callable[..., None], sales: Service, smtp: Relay
) -> None:
    """A customer’s mail, the notification, the agent’s answer to it, and the customer’s mail: all over real servers."""
    settings.save({"agents_answer": True, "undo_send_seconds": 0})
    Mailbox.update(begin="new").execute()
    mailbox.begin, mailbox.trusted_server = "new", "mx.desk.example"
    mailbox.save()
    run()
    ben = cast.make_agent("Ben")
    cast.permit(ben, sales, notify=True, signature="<p>Ben of Sales</p>")
    put(mail("Where is my saddle?", subject="A saddle"))
    assert run() == ["new"]
    outbox.deliver_due()
    [notice] = smtp.to(ben.email)
    quoted = "".join(f"> {line}\n" for line in text_of(notice).splitlines())
    headers = [("In-Reply-To", notice["Message-ID"]), ("References", notice["Message-ID"])]
    headers.append(("Date", format_datetime(datetime.now(UTC))))
    sender = notice["From"].addresses[0].addr_spec
    text = f"It left today.\n\nOn Mon, 23 Nov 2026 at 10:12, HelpDesk <{sender}> wrote:\n"
    letter = mail(text + quoted, sender=f"Ben <{ben.email}>", headers=headers, subject=f"Re: {notice['Subject']}")
    checked = b"Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example\r\nReceived: by mx\r\n"
    put(letter, checked + letter.replace(b"today", b"yesterday").replace(b"Message-ID: <", b"Message-ID: <2"))
    assert run() == ["new", "note", "reply"]
    outbox.deliver_due()
    answers = [text_of(one) for one in smtp.to("erin@customer.example") if "Re: A saddle" in one["Subject"]]
    assert len(answers) == 1
    [reply] = Message.select().where(Message.kind == "reply")
    assert (reply.body, reply.signature) == ("<p>It left yesterday.</p>", "<p>Ben of Sales</p>")
    # What was not believed is told to Ben, and to nobody else.
    assert len([one for one in smtp.to(ben.email) if "not sent" in one["Subject"]]) == 1


def test_the_first_connection_begins_with_what_is_new(mailbox: Mailbox, put: Callable[..., None]) -> None:
    Mailbox.update(begin="new").execute()
    mailbox.begin = "new"
    mailbox.save()
    put(mail("Old"))
    assert run() == []
    put(mail("New"))
    assert run() == ["new"]
    assert OutgoingEmail.select().exists()


def test_what_arrives_after_the_mailbox_was_set_up_is_no_history(
    mailbox: Mailbox, server: real.Dovecot, user: str
) -> None:
    """The first reading comes within a minute: an owner who tries it out at once must not be let down."""
    mailbox.begin, mailbox.begins_at = "new", clock.now()
    mailbox.save()
    client = server.client(user)
    for name, minutes in (("Old", -60), ("Ours", 0)):
        arrived = imaplib.Time2Internaldate(time.time() + 60 * minutes)
        assert client.append("INBOX", "", arrived, mail(name, subject=name))[0] == "OK"
    client.logout()
    assert run() == ["new"]
    assert Ticket.get().subject == "Ours"
    assert OutgoingEmail.select().exists()


def test_history_answers_nobody(mailbox: Mailbox, put: Callable[..., None]) -> None:
    put(mail("Old"))
    assert run() == ["new"]
    assert not OutgoingEmail.select().exists()


def test_what_somebody_deleted_is_not_taken(
    mailbox: Mailbox, put: Callable[..., None], server: real.Dovecot, user: str
) -> None:
    put(mail("One"), mail("Two"))
    client = server.client(user)
    client.select("INBOX")
    client.store("1", "+FLAGS", "\\Deleted")
    client.logout()
    assert run() == ["new"]


def test_a_server_that_was_moved_loses_nothing_and_repeats_nothing(
    mailbox: Mailbox, put: Callable[..., None], server: real.Dovecot, user: str
) -> None:
    put(mail("One"), mail("Two"))
    run()
    before = MailFolder.get().uid_validity
    server.forget_numbers(user)
    put(mail("Three"))
    assert run() == ["new"] * 3
    assert MailFolder.get().uid_validity != before
    assert Ticket.select().count() == 3


def test_a_server_that_was_moved_brings_no_history(mailbox: Mailbox, server: real.Dovecot, user: str) -> None:
    mailbox.begin, mailbox.begins_at = "new", clock.now()
    mailbox.save()
    client = server.client(user)
    for name, days in (("Old", -10), ("Ours", 0)):
        arrived = imaplib.Time2Internaldate(time.time() + 86_400 * days)
        assert client.append("INBOX", "", arrived, mail(name, subject=name))[0] == "OK"
    client.logout()
    assert run() == ["new"]
    server.forget_numbers(user)
    assert run() == ["new"]
    assert Ticket.get().subject == "Ours"


def test_folders_of_spam_are_always_held(mailbox: Mailbox, put: Callable[..., None]) -> None:
    mailbox.held_folders = "Junk"
    mailbox.save()
    put(mail("Perhaps"), folder="Junk")
    put(mail("Surely"))
    run()
    assert {(row.folder, row.state, row.reason) for row in IncomingMail.select()} == {
        ("INBOX", "new", "new"),
        ("Junk", "held", "held-folder"),
    }


def test_a_large_mail_stays_on_its_server(mailbox: Mailbox, put: Callable[..., None], root: Agent) -> None:
    settings.save({"max_mail_size": "2K"})
    put(mail("x" * 5000), mail("Small"))
    run()
    large, small = IncomingMail.select().order_by(IncomingMail.id)
    assert (large.state, large.reason, small.state) == ("held", "too-large", "new")
    # Its headers say who wrote and about what, as those of any other.
    assert (large.from_email, large.from_name, large.subject) == ("erin@customer.example", "Erin Moss", "A printer")
    assert large.explanation["tests"][-1] == {"name": "too-large", "fits": True, "seen": ""}
    settings.save({"max_mail_size": "25M"})
    assert held_mail.fetch_whole(large, actor=root).state == "new"


def test_a_wrong_password_is_told_in_words(mailbox: Mailbox, put: Callable[..., None]) -> None:
    mailbox.secret = settings.encrypt("wrong")
    mailbox.save()
    assert run() == []
    row = Mailbox.get()
    assert row.failing_since is not None
    assert "refused the user name or password" in mailbox_health.failure_text(row)
    mailbox.secret = settings.encrypt(real.PASSWORD)
    mailbox.save()
    run()
    assert Mailbox.get().failing_since is None


@sqlite_only
def test_a_certificate_nobody_vouches_for_is_refused(
    mailbox: Mailbox, put: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    put(mail())
    assert run() == []
    assert "certificate" in mailbox_health.failure_text(Mailbox.get())


@sqlite_only
def test_starttls_is_spoken(mailbox: Mailbox, put: Callable[..., None], server: real.Dovecot) -> None:
    mailbox.security, mailbox.port = "starttls", server.plain
    mailbox.save()
    put(mail())
    assert run() == ["new"]


@sqlite_only
def test_the_test_of_a_mailbox_says_each_step(mailbox: Mailbox, put: Callable[..., None], root: Agent) -> None:
    put(mail())
    steps = mailbox_test.steps(mailbox, actor=root)
    assert [step.ok for step in steps] == [True] * 5
    assert "1 e-mail" in str(steps[2].text)
    assert "Send an e-mail to support@desk.example" in str(steps[-1].text)
    mailbox.folder = "Nowhere"
    steps = mailbox_test.steps(mailbox, actor=root)
    assert not steps[-1].ok
    assert "INBOX" in str(steps[-1].text)


@sqlite_only
def test_the_test_of_a_mailbox_warns_of_an_account_that_is_read_twice(
    mailbox: Mailbox, put: Callable[..., None], root: Agent, sales: Service
) -> None:
    def warnings() -> list[str]:
        return [str(step.text) for step in mailbox_test.steps(Mailbox.get_by_id(mailbox.id), actor=root) if not step.ok]

    ours = [("X-Guichet-Desk", reply_address.desk_mark())]
    other = [("X-Guichet-Desk", "0" * 32)]
    put(mail(sender=f"Support <{mailbox.address}>", headers=ours))
    # A customer who has such a desk, too, is none that reads this mailbox.
    put(mail(sender="desk@customer.example", headers=other))
    assert warnings() == []
    # What anybody can send is told as what it is, and is no warning.
    put(mail(sender=f"Support <{mailbox.address}>", headers=other))
    assert warnings() == []
    [line] = [step for step in mailbox_test.steps(mailbox, actor=root) if str(step.name) == "One help desk"]
    assert "Anybody can write that" in str(line.text)
    put(mail(sender=f"Support <{mailbox.address.title()}>", headers=other), folder="Posted")
    [line] = warnings()
    assert "Another help desk sends e-mails as support@desk.example" in line
    values = {"kind": "imap", "host": "127.0.0.1", "username": mailbox.username.title()}
    second = make_mailbox(sales, name="Orders", address="orders@desk.example", **values)
    assert "“Orders” reads the same folder" in warnings()[0]
    named = next(row for row in mailbox_health.findings() if row[0] == "Read by two mailboxes")
    assert named[1:] == (False, "They read the same account: Support, Orders", True)
    for change in ({"folder": "Orders"}, {"folder": "INBOX", "enabled": False}):
        for name, value in change.items():
            setattr(second, name, value)
        second.save()
        assert len(warnings()) == 1
        assert "Read by two mailboxes" not in [row[0] for row in mailbox_health.findings()]


# --- A server that misbehaves -------------------------------------------------------------------------------------


@pytest.fixture
def scripted(sales: Service) -> Iterator[tuple[Script, Mailbox, ScriptedServer]]:
    script = Script({uid: mail(f"Number {uid}") for uid in (1, 2, 3)})
    started = ScriptedServer(script)
    box = make_mailbox(
        sales, kind="imap", host="127.0.0.1", port=started.port, security="none", secret=settings.encrypt("x"),
        begin="all",
    )  # fmt: skip
    yield script, box, started
    started.stop()


Scripted = tuple[Script, Mailbox, ScriptedServer]


def test_a_line_that_is_cut_loses_nothing(scripted: Scripted) -> None:
    script, _box, _server = scripted
    script.cut = {2}
    assert run() == ["new"]
    assert Mailbox.get().failing_since is not None
    script.cut = set()
    assert run() == ["new"] * 3
    assert Ticket.select().count() == 3


def test_a_refused_mail_is_asked_for_again(scripted: Scripted) -> None:
    script, _box, _server = scripted
    script.refused = {3}
    assert run() == ["new"] * 2
    script.refused = set()
    assert run() == ["new"] * 3


@pytest.mark.parametrize("command", ["LOGIN", "EXAMINE", "SEARCH", "FETCH"])
def test_a_server_that_leaves_is_found_again(scripted: Scripted, command: str) -> None:
    script, _box, _server = scripted
    script.bye = command
    assert run() == []
    assert Mailbox.get().last_error
    script.bye = ""
    assert run() == ["new"] * 3


@sqlite_only
def test_a_server_that_says_nothing_does_not_hold_the_desk(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "READ_SECONDS", 1)
    script, _box, _server = scripted
    script.stall = ("SEARCH", 3.0)
    assert run() == []
    assert "does not answer" in mailbox_health.failure_text(Mailbox.get())


def test_a_server_that_lies_about_sizes(scripted: Scripted) -> None:
    script, _box, _server = scripted
    settings.save({"max_mail_size": "2K"})
    script.mails[2] = mail("y" * 9000)
    script.sizes = {1: 999_999_999, 2: 10}
    run()
    rows = list(IncomingMail.select().order_by(IncomingMail.id))
    assert [(row.state, row.reason) for row in rows] == [("held", "too-large")] * 2 + [("new", "new")]


def test_a_server_that_repeats_numbers_and_names_the_last_again(scripted: Scripted) -> None:
    script, _box, _server = scripted
    script.repeat = 3
    assert run() == ["new"] * 3
    assert run() == ["new"] * 3
    script.mails[9] = mail("Nine")
    assert run() == ["new"] * 4


def test_a_server_that_was_put_back_gives_its_numbers_again(scripted: Scripted) -> None:
    """A backup of a folder keeps its validity: what comes next has the numbers of what is not there any more."""
    script, _box, _server = scripted
    assert run() == ["new"] * 3
    script.mails = {1: script.mails[1], 2: mail("Another second")}
    assert run() == ["new"] * 4
    script.mails[3] = mail("Another third")
    assert run() == ["new"] * 5
    assert run() == ["new"] * 5
    assert [row.uid for row in IncomingMail.select().order_by(IncomingMail.id)] == [1, None, None, 2, 3]
    assert Ticket.select().count() == 5


def test_no_command_changes_anything_on_the_server(scripted: Scripted) -> None:
    _script, _box, server = scripted
    run()
    words = {command.split()[0].upper() for command in server.commands}
    assert not words & {"SELECT", "STORE", "EXPUNGE", "COPY", "MOVE", "APPEND", "DELETE"}
    assert not [command for command in server.commands if "FETCH" in command and "BODY[" in command]


def test_a_full_disk_takes_nothing_and_moves_nothing(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(acceptance.raw_mail, "keep", full)
    assert run() == []
    monkeypatch.undo()
    assert run() == ["new"] * 3


def test_two_hosts_that_collect_at_once_take_each_mail_once(scripted: Scripted) -> None:
    _script, box, _server = scripted
    collection.collect(box)
    folder = MailFolder.get()
    MailFolder.update(last_uid=0).where(MailFolder.id == folder.id).execute()
    collection.collect(box)
    assert IncomingMail.select().count() == 3
    assert MailFolder.get().last_uid == 3


@sqlite_only
def test_the_libraries_of_imap_and_of_holidays_are_not_loaded_before_they_are_needed() -> None:
    code = "import app, sys; app.create_app(); print(sorted({'imapclient', 'holidays'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
