"""Killed at any moment, a mail is never lost and never becomes two tickets; what kills its parser is held."""

from __future__ import annotations

import io
import os
import signal
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helpdesk import clock
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.files import orphans
from helpdesk.incoming import acceptance, mail_record, parsed_mail, pipe, pipeline, raw_mail, raw_mail_retention
from helpdesk.settings import environment
from models import IncomingMail, Mailbox, MailRecipient, Service, Ticket
from tests.support import programs, reading
from tests.support.mails import ADDRESS, mail, make_mailbox, receive, take


@pytest.fixture
def mailbox(sales: Service) -> Mailbox:
    return make_mailbox(sales)


class Killed(BaseException):
    """What stands for the end of the process: nothing catches it."""


POINTS = {
    "before the file": (raw_mail.file_store, "store"),
    "after the file": (IncomingMail, "create"),
    "while it is read": (parsed_mail.Parser, "read"),
    "while it is decided": (pipeline.mail_context, "of"),
    "while its ticket is made": (mail_record, "note_origin"),
    "before its row is stored": (mail_record, "finish"),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_process_that_ends_there_loses_nothing(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    def die(*_arguments: Any, **_values: Any) -> Any:
        raise Killed

    where, name = POINTS[point]
    letter = mail()
    monkeypatch.setattr(where, name, die)
    with pytest.raises(Killed):
        receive(mailbox, letter)
    monkeypatch.undo()
    if not IncomingMail.select().exists():
        # Its server was told nothing: it hands the mail over again.
        acceptance.accept(mailbox, letter)
    IncomingMail.update(claimed_at=clock.now() - timedelta(minutes=pipeline.STUCK + 1)).where(
        IncomingMail.state == "working"
    ).execute()
    pipeline.decide_waiting()
    assert [row.state for row in IncomingMail.select()] == ["new"]
    assert Ticket.select().count() == 1


def test_what_kills_its_reader_three_times_is_held(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def deadly(self: parsed_mail.Parser, path: Path) -> Any:
        return None if b"deadly" in path.read_bytes() else read(self, path)

    read = parsed_mail.Parser.read
    monkeypatch.setattr(parsed_mail.Parser, "read", deadly)
    bad, good = take(mailbox, mail("deadly")), take(mailbox, mail("harmless"))
    for attempt in range(1, pipeline.TRIES + 1):
        pipeline.decide_waiting()
        assert IncomingMail.get_by_id(good.id).state == "new"
        assert IncomingMail.get_by_id(bad.id).attempts == attempt
    row = IncomingMail.get_by_id(bad.id)
    assert (row.state, row.reason) == ("held", "unreadable")
    pipeline.decide_waiting()
    assert IncomingMail.get_by_id(bad.id).attempts == pipeline.TRIES


def test_a_rule_that_breaks_holds_no_other_mail(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(row: IncomingMail, *arguments: Any) -> Any:
        if row.id == bad.id:
            raise RuntimeError("broken")
        return handle(row, *arguments)

    handle = pipeline.handle
    monkeypatch.setattr(pipeline, "handle", broken)
    bad, good = take(mailbox, mail("One")), take(mailbox, mail("Two"))
    for _run in range(pipeline.TRIES):
        pipeline.decide_waiting()
    assert (IncomingMail.get_by_id(bad.id).reason, IncomingMail.get_by_id(good.id).state) == ("failed", "new")


def test_the_reader_ends_what_takes_too_much(mailbox: Mailbox, tmp_path: Path) -> None:
    file = tmp_path / "mail"
    file.write_bytes(mail())
    with parsed_mail.Parser() as parser:
        assert parser.read(file) is not None
        process = parser._process
        assert process is not None
        # The child itself is killed: the next mail starts another.
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        again = parser.read(file)
        assert again is not None
        assert again.subject == "A printer"
        assert parser.read(tmp_path / "no such file") is None
        assert parser.read(file) is not None


def test_the_reader_ends_with_its_work(mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsed_mail.Parser, "__exit__", reading.END_WITH_WORK)
    (tmp_path / "mail").write_bytes(mail())
    with parsed_mail.Parser() as parser:
        assert parser.read(tmp_path / "mail") is not None
        process = parser._process
    assert process is not None
    assert process.poll() == -signal.SIGKILL


def deep(levels: int) -> bytes:
    parts = [b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(levels)]
    return b"From: a@customer.example\r\n" + b"".join(parts) + b"\r\nAt the bottom\r\n"


HOSTILE = {
    "20,000 parts": b"From: a@customer.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\n\r\nHello\r\n" * 20_000,
    "1,200 parts inside each other": deep(1_200),
    "20,000 encoded words": b"From: a@customer.example\r\nSubject: " + b"=?utf-8?q?a?= " * 20_000 + b"\r\n\r\nHello",
    "headers of 1 MB": b"From: a@customer.example\r\n" + b"X-Long: " + b"y" * (1 << 20) + b"\r\n\r\nHello",
    "100,000 headers": b"From: a@customer.example\r\n" + b"X-One: y\r\n" * 100_000 + b"\r\nHello",
    "10,000 addresses": b"From: a@customer.example\r\nTo: " + b"<b@c.example>, " * 10_000 + b"\r\n\r\nHello",
    "50,000 references": b"From: a@customer.example\r\nReferences: " + b"<a@b> " * 50_000 + b"\r\n\r\nHello",
    "a page 5,000 deep": b"From: a@customer.example\r\nContent-Type: text/html\r\n\r\n" + b"<div>" * 5_000 + b"Hello",
    "10 MB of open brackets": b"From: a@customer.example\r\nContent-Type: text/html\r\n\r\n" + b"<" * 10_000_000,
    "25 MB": b"From: a@customer.example\r\n\r\n" + b"Hello World\r\n" * 1_900_000,
    "quotes without end": b'From: "a\\"' + b"\\" * 16_000 + b"\r\n\r\nHello",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_shape_is_refused_and_none_takes_long(mailbox: Mailbox, tmp_path: Path, name: str) -> None:
    file = tmp_path / "mail"
    file.write_bytes(HOSTILE[name])
    with parsed_mail.Parser() as parser:
        content = parser.read(file)
        assert content is not None
    [row] = receive(mailbox, HOSTILE[name])
    assert row.state in {"new", "held"}
    assert row.attempts == 1


# --- The pipe -----------------------------------------------------------------------------------------------------


def test_a_mail_on_standard_input_is_taken(mailbox: Mailbox) -> None:
    pipe.receive(ADDRESS, io.BytesIO(mail()))
    pipe.receive("support+k123@desk.example", io.BytesIO(mail("Another")))
    assert IncomingMail.select().where(IncomingMail.state == "stored").count() == 2
    with pytest.raises(NotFound):
        pipe.receive("nobody@desk.example", io.BytesIO(mail()))
    with pytest.raises(InvalidInput):
        pipe.receive(ADDRESS, io.BytesIO(b""))


def command(*words: str, content: bytes) -> subprocess.CompletedProcess[str]:
    env = environment.current()
    variables = {
        "GUICHET_DATA_DIR": str(env.data_dir), "GUICHET_DATABASE_URL": env.database_url,
        "GUICHET_SECRET_KEY": env.secret_key, "PATH": os.environ["PATH"],
    }  # fmt: skip
    return programs.run("receive", *words, env=variables, content=content)


def test_the_command_says_0_once_the_row_is_stored_and_75_for_anything_else(mailbox: Mailbox) -> None:
    answer = command("--mailbox", ADDRESS, content=mail())
    assert (answer.returncode, answer.stderr) == (0, "")
    assert IncomingMail.get().state == "stored"
    for words in (["--mailbox", "nobody@desk.example"], ["--mailbox"], [], ["--what"]):
        answer = command(*words, content=mail())
        assert answer.returncode == pipe.TRY_LATER, words
        assert answer.stderr
    assert IncomingMail.select().count() == 1


# --- What is kept -------------------------------------------------------------------------------------------------


def test_a_mail_is_kept_with_its_ticket_and_any_other_for_some_days(mailbox: Mailbox) -> None:
    kept, same, held = receive(mailbox, mail("One"), mail("Two"), mail(sender=""))
    ignored = take(mailbox, mail("Three"), state="ignored", reason="rule")
    MailRecipient.create(mail=ignored, email="support@desk.example")
    old = clock.now() - timedelta(days=40)
    IncomingMail.update(received_at=old).execute()
    raw_mail_retention.purge()
    paths = {row.id: row.path for row in IncomingMail.select()}
    assert paths[ignored.id] is None
    assert not MailRecipient.select().where(MailRecipient.mail == ignored.id).exists()
    assert None not in {paths[kept.id], paths[same.id], paths[held.id]}
    assert not raw_mail.file_store.location(ignored.path).exists()
    IncomingMail.update(received_at=clock.now() - timedelta(days=91)).execute()
    raw_mail_retention.purge()
    assert IncomingMail.get_by_id(held.id).path is None
    # What came once is known for good.
    assert IncomingMail.get_by_id(held.id).sha256


def test_a_file_without_a_row_is_swept_after_a_day(mailbox: Mailbox) -> None:
    path, _digest = raw_mail.keep(b"left by a crash")
    row = take(mailbox, mail())
    file = raw_mail.file_store.location(path)
    raw_mail.sweep()
    assert file.exists()
    yesterday = file.stat().st_mtime - 2 * 86_400
    for one in (file, raw_mail.location(row)):
        os.utime(one, (yesterday, yesterday))
    raw_mail.sweep()
    assert not file.exists()
    assert raw_mail.location(row).exists()


def test_an_older_database_costs_no_mail(mailbox: Mailbox, data_dir: Path) -> None:
    lost, *others = [take(mailbox, mail(subject=f"Mail {number}")) for number in range(4)]
    files = [raw_mail.location(row) for row in (lost, *others)]
    for file in files:
        os.utime(file, (file.stat().st_mtime - 2 * 86_400,) * 2)
    stored = [row.__data__ for row in IncomingMail.select().order_by(IncomingMail.id)]
    lost.delete_instance(recursive=True)
    raw_mail.sweep()
    assert (files[0].exists(), (data_dir / "orphans" / str(lost.path)).exists()) == (False, True)
    # The database of today is back: so is its mail.
    IncomingMail.insert(stored[0]).execute()
    raw_mail.sweep()
    assert files[0].exists()
    IncomingMail.delete().execute()
    os.utime(files[0], (files[0].stat().st_mtime - 2 * 86_400,) * 2)
    with pytest.raises(orphans.WrongPicture):
        raw_mail.sweep()
    for file in files:
        file.unlink()  # raises where the sweep took one
