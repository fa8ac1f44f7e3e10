"""Which processes are alive, and what becomes of the claims of the dead."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
import time_machine

from helpdesk import clock
from helpdesk.lib import process
from helpdesk.operations import jobs, workers
from helpdesk.operations.workers import Watch
from helpdesk.settings import environment
from models import OutgoingEmail, Worker
from tests.support import sqlite_only

#: A process that holds its file, says so and waits.
HOLDER = """
import sys
from pathlib import Path
from helpdesk.lib import process
process.hold(Path(sys.argv[1]))
print(process.name(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process of this machine that is alive; gives the process and its name."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        cwd=environment.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        yield running, running.stdout.readline().strip()
        running.kill()


def claimed_mail(name, number=0):
    """A mail that a process is sending."""
    now = clock.now()
    return OutgoingEmail.create(
        kind="notification", to_email="a@b.example", from_email="d@d.example", locale="en", subject="S", body="B",
        mail_id=f"<{number}@x.example>", due_at=now, created_at=now, state="sending", attempts=1, claimed_by=name,
        claimed_at=now,
    )  # fmt: skip


def state(email):
    return OutgoingEmail.get_by_id(email.id).state


class Steady:
    """A clock that nobody sets."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


# --- Whose file is held -------------------------------------------------------------------------------------------


@sqlite_only
def test_a_process_that_lives_is_not_ended(holder, tmp_path, engine):
    _running, name = holder
    assert name.endswith(f"@{process.HOST}")
    assert list(process.ended(tmp_path)) == []


@sqlite_only
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_has_ended_however_it_did(holder, tmp_path, engine, number):
    running, name = holder
    running.send_signal(number)
    running.wait()
    assert list(process.ended(tmp_path)) == [name]
    assert list(process.ended(tmp_path)) == []


@sqlite_only
def test_a_process_of_another_machine_is_not_judged_by_its_file(tmp_path, engine):
    (tmp_path / "0123@elsewhere").touch()
    assert list(process.ended(tmp_path)) == []
    assert (tmp_path / "0123@elsewhere").exists()


@sqlite_only
def test_the_own_file_goes_with_the_process(tmp_path, engine):
    process.hold(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [process.name()]
    assert list(process.ended(tmp_path)) == []
    process.let_go(tmp_path)
    assert list(tmp_path.iterdir()) == []


@sqlite_only
def test_a_fork_is_another_process(tmp_path, engine):
    process.hold(tmp_path)
    reader, writer = multiprocessing.Pipe(duplex=False)
    child = os.fork()
    if child == 0:
        writer.send(process.name())
        os._exit(0)
    os.waitpid(child, 0)
    assert reader.recv() != process.name()
    assert list(process.ended(tmp_path)) == []
    process.let_go(tmp_path)


@sqlite_only
def test_a_folder_that_cannot_be_written_is_one_line(database, monkeypatch, caplog, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(workers, "folder", lambda: tmp_path / "file" / "processes")
    workers.begin()
    assert "free after two minutes only" in caplog.text


# --- Who beats ----------------------------------------------------------------------------------------------------


def test_whoever_stops_beating_is_dead_after_two_minutes():
    steady = Steady()
    watch = Watch(steady)
    for seconds, dead in ((0, []), (15, []), (119, []), (120, ["b"])):
        steady.now = seconds
        assert watch.dead({"a": seconds, "b": 7}) == dead


def test_whoever_beats_again_is_alive():
    steady = Steady()
    watch = Watch(steady)
    assert watch.dead({"a": 1}) == []
    steady.now = 200
    assert watch.dead({"a": 2}) == []


def test_no_jump_of_the_clock_kills_a_process():
    watch = Watch()
    for days in (0, 365, -365):
        with time_machine.travel(clock.now() + timedelta(days=days)):
            assert watch.dead({"a": 1}) == []


def test_each_beat_moves_the_row_of_the_process(database):
    for number in (1, 2):
        workers.beat()
        [row] = Worker.select()
        assert (row.name, row.host, row.beat) == (process.name(), process.HOST, number)
    workers.end()
    assert not Worker.select().exists()


# --- What the dead had claimed ------------------------------------------------------------------------------------


def test_a_start_frees_what_a_dead_process_of_its_machine_had_claimed(database, holder, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "folder", lambda: tmp_path)
    running, name = holder
    email = claimed_mail(name)
    workers.free_ended(jobs.SOURCES)
    assert state(email) == "sending"
    running.kill()
    running.wait()
    workers.free_ended(jobs.SOURCES)
    assert state(email) == "pending"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["0@elsewhere", None])
def test_any_other_claim_is_free_after_two_minutes(database, name):
    steady = Steady()
    watch, email = Watch(steady), claimed_mail(name)
    if name:
        Worker.create(name=name, host="elsewhere", beat=3, started_at=clock.now(), seen_at=clock.now())
    for seconds, left in ((0, "sending"), (119, "sending"), (121, "pending")):
        steady.now = seconds
        workers.free_dead(watch, jobs.SOURCES)
        assert state(email) == left
    assert not Worker.select().exists()


def test_a_send_that_takes_long_keeps_its_claim_while_its_process_beats(database):
    steady = Steady()
    watch, email = Watch(steady), claimed_mail("0@elsewhere")
    Worker.create(name="0@elsewhere", host="elsewhere", beat=0, started_at=clock.now(), seen_at=clock.now())
    for seconds in range(0, 3600, workers.BEAT):
        steady.now = seconds
        Worker.update(beat=Worker.beat + 1).execute()
        workers.free_dead(watch, jobs.SOURCES)
    assert state(email) == "sending"


def test_what_this_process_sends_is_its_own(database):
    steady = Steady()
    watch, email = Watch(steady), claimed_mail(process.name())
    for seconds in (0, 1000):
        steady.now = seconds
        workers.free_dead(watch, jobs.SOURCES)
    assert state(email) == "sending"
