"""What is remembered of backups, and which desk is refused beside the backup of another."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from helpdesk import clock, settings
from helpdesk.operations import backup, backup_records, desk_identity, doctor, nightly_backup
from helpdesk.operations.backup import BackupError
from helpdesk.settings import desk, run_state
from models import Agent, Customer, Department, Service, Ticket
from tests.support import cast, sqlite_only


def check_of(name: str) -> doctor.Check:
    return next(check for check in doctor.checks(deep=False) if check.name == name)


def test_the_night_is_remembered_and_told(request_context: None, ticket: Ticket, root: Agent) -> None:
    assert check_of("Last backup").text == "None is known."
    nightly_backup.run()
    check = check_of("Last backup")
    assert (check.ok, check.text) == (True, "Less than an hour old, tickets: 1")
    with time_machine.travel(clock.now() + timedelta(hours=5)):
        assert check_of("Last backup").text == "5 hours old, tickets: 1"
    with time_machine.travel(clock.now() + timedelta(days=3)):
        assert check_of("Last backup").fails
        settings.save({"backup_nightly": False})
        assert not check_of("Last backup").fails


def test_a_desk_that_never_made_one_is_told_after_two_days(request_context: None, data_dir: Path) -> None:
    desk_identity.settle()
    assert not backup_records.is_overdue()
    with time_machine.travel(clock.now() + timedelta(days=3)):
        assert backup_records.is_overdue()
        # A night of the version before, which remembered none.
        night = data_dir / "backups" / "20260101-nightly.zip"
        night.parent.mkdir(exist_ok=True)
        night.touch()
        os.utime(night, (time.time(), time.time()))
        assert not backup_records.is_overdue()
        night.unlink()


@sqlite_only
def test_a_desk_without_anybody_is_refused(database: Any, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match=r"has no administrator.*--anyway"):
        backup_records.refuse_lesser(tmp_path / "desk.zip")


@sqlite_only
def test_another_or_a_smaller_desk_is_refused_beside_a_backup(
    root: Agent, carol: Customer, billing: Service, invoices: Department, tmp_path: Path
) -> None:
    for _ in range(backup_records.FEW):
        cast.open_ticket(carol, billing, invoices)
    desk_identity.settle()
    today = tmp_path / "today.zip"
    backup_records.refuse_lesser(today)
    backup.backup(tmp_path / "yesterday.zip")
    backup_records.refuse_lesser(today)
    Ticket.delete().where(Ticket.id > Ticket.select().order_by(Ticket.id).offset(8).limit(1)).execute()
    with pytest.raises(BackupError, match=r"yesterday.zip holds 20 tickets, .* only 9\."):
        backup_records.refuse_lesser(today)
    run_state.write(desk.KEY, "another")
    with pytest.raises(BackupError, match="is the backup of another desk"):
        backup_records.refuse_lesser(today)
    # What is no backup stands for none, and hides none.
    (tmp_path / "zzz.zip").write_bytes(b"no archive")
    with pytest.raises(BackupError, match="is the backup of another desk"):
        backup_records.refuse_lesser(today)
    with pytest.raises(BackupError, match="is the backup of another desk"):
        backup_records.refuse_lesser(tmp_path / "yesterday.zip")
    (tmp_path / "yesterday.zip").write_bytes(b"no archive")
    backup_records.refuse_lesser(today)
