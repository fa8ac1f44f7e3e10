"""The loop: what is due is done soon, once, and whatever happens."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine

import helpdesk.wiring  # noqa: F401 — acts wake the loop only once it is read
from helpdesk import clock, settings, tickets
from helpdesk.lib import cache
from helpdesk.operations import jobs, loop, wakeups, workers
from helpdesk.operations.loop import Loop, Source
from helpdesk.operations.timetable import HOURLY, Job, Timetable
from helpdesk.outbox import claims, outbox_health
from helpdesk.settings import environment
from models import OutgoingEmail, TimetableRun, Worker
from tests.support import cast, planner, postgresql_only, programs, sqlite_only
from tests.support.mailbox import free_port
from tests.support.waiting import PATIENCE, wait_until

#: Does something to the desk of the environment in a process of its own.
PROGRAM = "import app; made = app.create_app()\nwith made.app_context():\n    "
#: Writes a mail to each address, as an act does.
OWE = PROGRAM + (
    "import sys; from helpdesk import clock, events; from models import OutgoingEmail\n"
    "    with events.transaction():\n"
    "        for number, to in enumerate(sys.argv[1:]):\n"
    "            OutgoingEmail.create(kind='test', to_email=to, from_email='d@d.example', locale='en',"
    " subject='S', body='B', mail_id=f'<{to}>', due_at=clock.now(), created_at=clock.now())\n"
)
#: Carries the loop until a signal comes.
WORK = PROGRAM + (
    "from helpdesk.operations import serving\nserving.end_on_signals(); print('on', flush=True); serving.work(made)"
)


@contextmanager
def running(app, *sources):
    """Carry a loop beside the test."""
    made = Loop(app, sources)
    made.start()
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def looping(app):
    """The loop of the desk is carried beside the test."""
    with running(app, *jobs.SOURCES) as made:
        yield made


def mails(app):
    """A loop that delivers mail and has no timetable."""
    return running(app, jobs.SOURCES[0])


def owe(to, **values):
    """Write a mail into the outbox."""
    now = clock.now()
    values = {"due_at": now, "created_at": now, **values}
    return OutgoingEmail.create(
        kind="test", to_email=to, from_email="d@d.example", locale="en", subject="S", body="B",
        mail_id=f"<{to}>", **values,
    )  # fmt: skip


def variables(desk):
    """The environment of another process of this desk."""
    return {**desk.variables, "GUICHET_DATABASE_URL": environment.current().database_url}


@contextmanager
def program(desk, text, *words):
    """Run a program on this desk, beside the test."""
    with programs.Program(*words, code=text, env={**os.environ, **variables(desk)}, stderr=2) as running_one:
        try:
            yield running_one
        except BaseException:
            running_one.kill()
            raise


@pytest.fixture
def looks_never(monkeypatch):
    """No loop looks by itself while a test is patient: what it does, it was woken for."""
    for name in ("LOOK", "LOOK_LISTENING"):
        monkeypatch.setattr(loop, name, 10 * PATIENCE)


@pytest.fixture
def looks_often(monkeypatch):
    """A loop looks by itself all the time."""
    for name in ("LOOK", "LOOK_LISTENING"):
        monkeypatch.setattr(loop, name, 0.1)


def timetable_of(*timetable_jobs):
    """A source of jobs alone."""
    table = Timetable(timetable_jobs)
    return Source("timetable", table.next_due, table.run, table.claimants, table.release, is_woken=False)


# --- Waking -------------------------------------------------------------------------------------------------------


def test_an_act_wakes_the_loop(app, smtp, looping, ticket):
    wait_until(lambda: len(smtp.messages) == 1)


def test_a_mail_leaves_at_its_commit_and_not_at_a_look(app, looks_never, smtp, looping, ticket, ana):
    wait_until(lambda: len(smtp.messages) == 1)
    time.sleep(0.1)  # the loop waits
    tickets.reply(ticket, "<p>We are on it.</p>", actor=ana)
    wait_until(lambda: len(smtp.messages) == 2)


@postgresql_only
def test_another_process_wakes_the_loop(app, looks_never, desk, smtp):
    with mails(app) as made:
        wait_until(lambda: made._listener.is_on)
        with program(desk, OWE, "a@b.example"):
            pass
        wait_until(lambda: smtp.messages)


@sqlite_only
def test_what_another_process_stored_is_found_at_the_next_look(app, smtp, monkeypatch):
    assert loop.LOOK <= 2
    monkeypatch.setattr(loop, "LOOK", 0.1)
    with mails(app):
        # As of another process, which wakes nobody here. The first is found as the loop begins.
        for count in (1, 2):
            time.sleep(0.1)
            owe(f"{count}@b.example")
            wait_until(lambda: len(smtp.messages) == count)  # noqa: B023 — waited for at once


def test_waking_costs_little(app, looping):
    assert is_once_below(0.005, wakeups.wake)


def test_waking_nobody_costs_little(database):
    assert is_once_below(0.005, wakeups.wake)


def is_once_below(seconds, act):
    """Whether an act takes less than this: once is enough, for what comes between belongs to others."""
    return any(timed(act) < seconds for _ in range(1_000))


def timed(act):
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


@postgresql_only
def test_a_fork_of_a_process_with_a_loop_wakes_it_as_any_other(app, looks_never, desk, smtp):
    program_forking = OWE.replace("    with events", "    import os\n    from helpdesk.operations import wakeups\n"
        "    wakeups.bells.add(__import__('threading').Event())\n    child = os.fork()\n"
        "    if child: os.waitpid(child, 0); os._exit(0)\n    with events")  # fmt: skip
    with mails(app) as made:
        wait_until(lambda: made._listener.is_on)
        with program(desk, program_forking, "a@b.example"):
            pass
        wait_until(lambda: smtp.messages)


@postgresql_only
def test_nobody_to_wake_harms_no_rule(database, ticket, ana, monkeypatch, caplog):
    monkeypatch.setattr(wakeups, "CHANNEL", "no channel")
    tickets.reply(ticket, "<p>Stored.</p>", actor=ana)
    assert ticket.messages.count() == 2
    assert "Nobody could be woken" in caplog.text


# --- What is due --------------------------------------------------------------------------------------------------


def test_mails_that_wait_for_nobody_leave_together(app, smtp, looping, billing, invoices, carol):
    cast.permit(cast.make_agent("Ana"), billing, notify=True)
    cast.open_ticket(carol, billing, invoices)
    wait_until(lambda: len(smtp.messages) == 2)


def test_a_reply_leaves_after_its_pause_and_not_at_a_look(app, looks_never, smtp, looping, ticket, ana):
    wait_until(lambda: len(smtp.messages) == 1)
    settings.save({"undo_send_seconds": 1})
    # As each request does: a turn of the loop may have read the settings between this change and its commit.
    cache.refresh()
    written = time.monotonic()
    tickets.reply(ticket, "<p>We are on it.</p>", actor=ana)
    wait_until(lambda: len(smtp.messages) == 2)
    assert time.monotonic() - written >= 1


def test_a_desk_that_slept_makes_up_for_it(app, smtp):
    owe("a@b.example", due_at=clock.now() - timedelta(days=5))
    ran = []
    TimetableRun.create(job="daily", period="2001-01-01", ran_at=clock.now() - timedelta(days=5))
    daily = timetable_of(Job("daily", "%Y-%m-%d", lambda: ran.append(1)))
    with running(app, jobs.SOURCES[0], daily):
        wait_until(lambda: smtp.messages and ran)


def test_a_job_that_is_long_holds_no_mail_up(app, looks_never, smtp):
    going, over = threading.Event(), threading.Event()
    long = timetable_of(Job("long", HOURLY, lambda: (going.set(), over.wait())))
    with running(app, jobs.SOURCES[0], long):
        try:
            assert going.wait(PATIENCE)
            owe("a@b.example")
            wakeups.wake()
            wait_until(lambda: smtp.messages)
        finally:
            over.set()


def test_a_mail_server_that_is_slow_holds_no_job_up(app, smtp):
    smtp.holds, email, ran = True, owe("a@b.example"), []
    quick = timetable_of(Job("quick", HOURLY, lambda: (wait_until(lambda: is_sending(email)), ran.append(1))))
    with running(app, jobs.SOURCES[0], quick):
        wait_until(lambda: ran)
        assert smtp.messages == []
        smtp.holds = False
        wait_until(lambda: smtp.messages)


def is_sending(email):
    """Whether somebody is handing this mail over at the moment."""
    return OutgoingEmail.get_by_id(email.id).state == "sending"


def test_a_hundred_thousand_mails_that_wait_cost_nothing(app, smtp, database):
    later = clock.now() + timedelta(days=1)
    owe("first@b.example", due_at=later)
    columns = [field.column_name for field in OutgoingEmail._meta.sorted_fields if field.column_name != "id"]
    copied = ", ".join("'<' || i || '>'" if column == "mail_id" else column for column in columns)
    database.execute_sql(
        f"INSERT INTO outgoing_email ({', '.join(columns)})"
        " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
        f" SELECT {copied} FROM n, outgoing_email"
    )
    # As the database does by itself, some time after so many rows.
    with planner.analysed(OutgoingEmail):
        assert claims.next_due() == later
        assert is_once_below(0.02, claims.next_due)


# --- A clock that jumps -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [timedelta(hours=-3), timedelta(days=365)])
def test_a_jump_of_the_clock_stops_neither_mail_nor_timetable(app, looks_often, smtp, jump):
    ran = []
    pulling = next(job for job in jobs.TIMETABLE.jobs if job.run is claims.pull_in)
    counting = timetable_of(Job("count", HOURLY, lambda: ran.append(1)), pulling)
    smtp.refuse = "451 later"
    before = owe("before@b.example")
    with running(app, jobs.SOURCES[0], counting):
        wait_until(lambda: ran and OutgoingEmail.get_by_id(before.id).deferred_since is not None)
        OutgoingEmail.update(due_at=clock.now() + timedelta(seconds=3)).execute()
        smtp.refuse = ""
        with time_machine.travel(clock.now() + jump):
            owe("after@b.example")
            wakeups.wake()
            wait_until(lambda: smtp.to("after@b.example"))
            wait_until(lambda: len(ran) == 2 and smtp.to("before@b.example"))
    assert (len(ran), len(smtp.messages)) == (2, 2)


@pytest.mark.parametrize("jump", [timedelta(hours=-3), timedelta(days=365)])
def test_who_is_woken_after_a_jump_of_the_clock_delivers_at_once(app, looks_never, smtp, jump):
    with mails(app):
        owe("before@b.example")
        wakeups.wake()
        wait_until(lambda: smtp.to("before@b.example"))
        with time_machine.travel(clock.now() + jump):
            owe("after@b.example")
            wakeups.wake()
            wait_until(lambda: smtp.to("after@b.example"))


def test_mails_that_a_clock_had_put_off_are_delivered_at_once(app, monkeypatch):
    bell = threading.Event()
    monkeypatch.setattr(wakeups, "bells", {bell})
    owe("a@b.example", due_at=clock.now() + timedelta(hours=3), created_at=clock.now() + timedelta(hours=3))
    claims.pull_in()
    assert bell.is_set()


# --- Failures -----------------------------------------------------------------------------------------------------


def source_of(run, **values):
    """A source that is always due."""
    values = {"next_due": clock.now, "claimants": list, "release": lambda _name: None, **values}
    return Source("test", run=run, **values)


def test_a_source_that_fails_goes_on(app, monkeypatch, caplog):
    monkeypatch.setattr(loop, "REST_FAILED", 0.05)
    runs, freed = [], []

    def run(_stopping):
        runs.append(1)
        if len(runs) < 3:
            raise ZeroDivisionError

    with running(app, source_of(run, release=freed.append)):
        wait_until(lambda: len(runs) >= 3)
    assert caplog.text.count("ZeroDivisionError") >= 2
    # What the failed turn had claimed is nobody's work any more.
    assert len(freed) == 2


def test_what_cannot_be_done_is_not_tried_all_the_time(app):
    runs = []
    with running(app, source_of(lambda _stopping: runs.append(1))):
        wait_until(lambda: runs)
        time.sleep(0.5)
    # Once more where the loop has just begun to listen to others.
    assert 1 <= len(runs) <= 2


def test_a_server_that_is_down_is_not_called_all_the_time(app, looks_often, smtp):
    settings.save({"mail_port": free_port()})
    for number in range(30):
        owe(f"{number}@b.example")
    with mails(app):
        wait_until(lambda: outbox_health.fault() is not None)
        begun = outbox_health.fault().until
        time.sleep(0.5)
    # Whatever mail was due, it was not called again.
    assert outbox_health.fault().until == begun
    assert OutgoingEmail.select().where(OutgoingEmail.state == "pending").count() == 30


# --- Several at work ----------------------------------------------------------------------------------------------


def test_two_loops_share_the_work_and_do_each_thing_once(app, desk, smtp):
    addresses = [f"{number}@b.example" for number in range(60)]
    for address in addresses:
        owe(address)
    every_job = {job.name for job in (*jobs.TIMETABLE.jobs, *jobs.INCOMING.jobs)}
    # No mail is taken before both are at work: one alone could have done all.
    smtp.holds = True
    with program(desk, WORK) as first, program(desk, WORK) as second:
        assert [worker.stdout.readline() for worker in (first, second)] == ["on\n", "on\n"]
        wait_until(lambda: len({mail.claimed_by for mail in OutgoingEmail.select()} - {None}) == 2)
        smtp.holds = False
        wait_until(lambda: len(smtp.messages) >= 60)
        wait_until(lambda: {run.job for run in TimetableRun.select() if run.ended_at is not None} == every_job)
        names = {mail.claimed_by for mail in OutgoingEmail.select()}
        for worker in (first, second):
            worker.send_signal(signal.SIGTERM)
    assert sorted(to for (to,) in smtp.recipients) == sorted(addresses)
    assert len(names) == 2
    assert not Worker.select().exists()


def test_a_start_frees_the_claims_of_a_killed_worker(app, desk, smtp):
    smtp.holds, email = True, owe("a@b.example")
    with program(desk, WORK) as worker:
        wait_until(lambda: is_sending(email))
        worker.kill()
    smtp.holds = False
    with mails(app):
        wait_until(lambda: smtp.messages)
    assert OutgoingEmail.get_by_id(email.id).attempts == 2


# --- Start and end ------------------------------------------------------------------------------------------------


@sqlite_only
def test_the_worker_ends_on_sigterm(desk, app):
    with program(desk, WORK) as worker:
        assert worker.stdout.readline() == "on\n"
        wait_until(Worker.select().exists)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(PATIENCE) == 0
    assert not Worker.select().exists()
    assert not list((environment.current().data_dir / "processes").iterdir())


def test_the_loop_leaves_the_signals_of_the_server_alone(app):
    before = signal.getsignal(signal.SIGTERM)
    with running(app, *jobs.SOURCES):
        assert signal.getsignal(signal.SIGTERM) is before


def test_a_loop_that_ends_leaves_what_it_is_doing_claimed(app, smtp, monkeypatch):
    monkeypatch.setattr(loop, "PATIENCE", 0.2)
    smtp.holds, email = True, owe("a@b.example")
    with mails(app):
        wait_until(lambda: is_sending(email))
    assert is_sending(email)
    assert Worker.select().exists()
    smtp.holds = False
    wait_until(lambda: OutgoingEmail.get_by_id(email.id).state == "sent")
    workers.end()


def test_a_loop_that_never_began_ends(app):
    Loop(app, jobs.SOURCES).stop()
