"""What the doctor notices."""

from __future__ import annotations

import smtplib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engines import open_database
from helpdesk import clock, settings
from helpdesk.operations import doctor, readiness
from helpdesk.operations.readiness import Check
from helpdesk.outbox.smtp_errors import explain
from helpdesk.settings import environment
from models import OutgoingEmail, Ticket, TicketEvent
from tests.support import attached, postgresql_only, sqlite_only
from tests.support.mailbox import Mailbox, free_port

pytestmark = pytest.mark.usefixtures("request_context")


def look(name: str, *, deep: bool = True) -> Check:
    """The finding of this name."""
    return next(check for check in doctor.checks(deep=deep) if check.name == name)


def owe_mail(due: Any) -> None:
    OutgoingEmail.create(
        kind="reply", to_email="a@b.example", from_email="", locale="en", subject="", body="", mail_id="<1@b>",
        due_at=due, created_at=due,
    )  # fmt: skip


def test_a_new_desk_is_well(data_dir: Path) -> None:
    assert [check for check in doctor.checks() if check.fails] == []


def test_the_engine_and_its_encoding_are_told(engine: str) -> None:
    assert look("Database").text.lower() == engine
    assert look("Encoding").text.replace("-", "") == "UTF8"


def test_files_that_are_gone_are_counted(ticket: Ticket) -> None:
    attached.file(ticket)
    assert look("Attached files").text == "1 file looked for, and found"
    attached.forget(attached.file(ticket, name="other.pdf"))
    assert look("Attached files").fails
    assert look("Attached files").text == "1 is missing on the disk: restore it from a backup."


@postgresql_only
def test_a_database_that_is_gone_is_told(database: Any) -> None:
    lost, before = open_database("postgresql://nobody@127.0.0.1:1/none"), database.obj
    database.initialize(lost)
    found = doctor.checks()
    database.initialize(before)
    assert found[0].fails
    assert "refused" in found[0].text


@sqlite_only
def test_foreign_keys_that_are_off_are_told(database: Any) -> None:
    database.execute_sql("PRAGMA foreign_keys = 0")
    assert look("Database").fails


@sqlite_only
def test_a_damaged_file_is_told_when_looking_deep(database: Any) -> None:
    assert look("Database file").ok
    assert "Database file" not in [check.name for check in doctor.checks(deep=False)]


def test_waiting_migrations_are_told(database: Any) -> None:
    with database.atomic() as undone:
        database.execute_sql("DELETE FROM schema_migration")
        found = look("Version of the tables")
        undone.rollback()
    assert (found.fails, found.text[:29]) == (True, "Migrations wait: 0001_initial")


def test_a_newer_database_is_told(database: Any) -> None:
    with database.atomic() as undone:
        database.execute_sql("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01')")
        found = look("Version of the tables")
        undone.rollback()
    assert found.fails


@sqlite_only
def test_a_data_folder_open_to_others_is_told(data_dir: Path) -> None:
    data_dir.chmod(0o755)
    found = look("Data folder")
    data_dir.chmod(0o700)
    assert found.fails


@sqlite_only
def test_a_full_disk_is_told(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "LEAST_ROOM", 10**18)
    assert look("Disk").fails


@sqlite_only
def test_a_desk_without_security_code_is_noted(data_dir: Path) -> None:
    environment.use(replace(environment.current(), captcha="off"))
    found = look("Security code")
    assert (found.ok, found.fails) == (False, False)


def test_a_clock_that_is_late_is_told(ticket: Ticket) -> None:
    TicketEvent.update(created_at=clock.now() + timedelta(hours=1)).execute()
    assert look("Clock").fails


def test_mail_that_nobody_delivers_is_told(smtp: Mailbox) -> None:
    owe_mail(clock.now() - timedelta(minutes=20))
    assert look("Waiting mail") == Check("Waiting mail", False, "1 mail, the oldest due for 20 min")


def test_mail_waits_in_peace_where_no_server_is_set(database: Any) -> None:
    owe_mail(clock.now() - timedelta(days=2))
    assert look("Waiting mail").ok
    assert look("Mail server").is_note


def test_a_mail_server_that_answers_is_well(smtp: Mailbox) -> None:
    assert look("Mail server") == Check("Mail server", True, f"127.0.0.1:{smtp.port}")


def test_a_mail_server_that_is_away_is_told_when_looking_deep(database: Any) -> None:
    settings.save({"mail_host": "127.0.0.1", "mail_port": free_port(), "mail_tls": "none"})
    assert look("Mail server", deep=False).ok
    assert look("Mail server") == Check("Mail server", False, "The mail server refuses connections on this port.")


@sqlite_only
def test_a_password_of_another_secret_key_is_told(database: Any) -> None:
    settings.save({"mail_host": "127.0.0.1", "mail_username": "me", "mail_password": "hidden"})
    environment.use(replace(environment.current(), secret_key="another key of more than 32 characters"))
    for deep in (True, False):
        found = look("Mail server", deep=deep)
        assert (found.fails, "type it again" in found.text) == (True, True)
    assert "type it again" in str(explain(smtplib.SMTPAuthenticationError(535, b"no")))
