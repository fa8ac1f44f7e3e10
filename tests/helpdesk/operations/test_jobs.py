"""The queue and the timetable."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import time_machine
from peewee import fn

import helpdesk.wiring  # noqa: F401 — acts wake the deliverer only once it is read
from helpdesk import clock, links, outbox, settings, tickets
from helpdesk.operations import jobs, upkeep
from helpdesk.outbox import retention
from helpdesk.settings import environment
from models import EMAIL_STATES, AccessLink, OutgoingEmail, SecurityCode, SignIn, Ticket, TimetableRun
from tests.support import cast, sqlite_only


@pytest.fixture
def queue(app):
    """The queue of this test's engine, empty."""
    jobs.init(app)
    jobs._queue.flush()
    yield jobs._queue
    jobs._queue.flush()
    jobs.close()


@pytest.fixture
def consumer(queue):
    """Jobs are carried out beside the test."""
    jobs.start_consumer()
    yield
    jobs.stop_consumer()


def wait_until(happened, seconds=10):
    """Wait for something the consumer does."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_an_act_wakes_the_deliverer(smtp, consumer, ticket):
    wait_until(lambda: len(smtp.messages) == 1)


def test_starting_twice_starts_one_consumer(consumer):
    running = jobs._consumer
    jobs.start_consumer()
    assert jobs._consumer is running


def test_the_consumer_leaves_the_signals_of_the_server_alone(queue):
    before = signal.getsignal(signal.SIGTERM)
    jobs.start_consumer()
    assert signal.getsignal(signal.SIGTERM) is before
    jobs.stop_consumer()


def test_waking_costs_little(queue):
    outbox.wake()
    best = min(timed(outbox.wake) for _ in range(50))
    assert best < 0.005


def timed(act):
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def test_a_lost_queue_loses_no_mail(smtp, queue, ticket):
    queue.flush()
    jobs.run_timetable()
    assert len(smtp.messages) == 1


def test_a_queue_that_is_gone_harms_no_rule(queue, ticket, ana, monkeypatch):
    def fail():
        raise OSError("disk full")

    monkeypatch.setattr(jobs, "_deliver", fail)
    tickets.reply(ticket, "<p>Stored.</p>", actor=ana)
    assert ticket.messages.count() == 2


def test_a_period_is_claimed_once(database):
    job = jobs.TIMETABLE[1]
    assert jobs.claim(job)
    assert not jobs.claim(job)


def test_the_timetable_runs_a_job_once_a_period(database, monkeypatch):
    ran = []
    monkeypatch.setattr(jobs, "TIMETABLE", (jobs.Job("count", "%Y", lambda: ran.append(1)),))
    jobs.run_timetable()
    jobs.run_timetable()
    assert ran == [1]


def test_a_job_that_fails_holds_no_other_up(database, monkeypatch):
    ran = []
    failing, other = jobs.Job("fails", "%Y", lambda: 1 / 0), jobs.Job("other", "%Y", lambda: ran.append(1))
    monkeypatch.setattr(jobs, "TIMETABLE", (failing, other))
    jobs.run_timetable()
    assert ran == [1]


def test_a_job_that_failed_is_tried_again_in_its_period(database, monkeypatch):
    ran = []

    def fails_once():
        ran.append(1)
        return 1 / (len(ran) - 1)

    monkeypatch.setattr(jobs, "TIMETABLE", (jobs.Job("fails once", "%Y", fails_once),))
    for _minute in range(3):
        jobs.run_timetable()
    assert ran == [1, 1]


def test_a_step_of_upkeep_that_fails_holds_no_other_up(database, monkeypatch, caplog):
    SecurityCode.create(token="x", answer="A", expires_at=clock.now() - timedelta(days=3))
    broken = [replace(job, run=lambda: 1 / 0) if job.name == "upkeep: files" else job for job in jobs.TIMETABLE]
    monkeypatch.setattr(jobs, "TIMETABLE", broken)
    monkeypatch.setattr(jobs, "_failed_at", {})
    jobs.run_timetable()
    assert SecurityCode.select().count() == 0
    assert "The job upkeep: files failed." in caplog.text
    assert not TimetableRun.select().where(TimetableRun.job == "upkeep: files").exists()
    assert {f"upkeep: {step}" for step in upkeep.STEPS} < {job.name for job in jobs.TIMETABLE}


def test_what_is_due_once_a_day_rests_for_an_hour_after_a_failure(database, monkeypatch):
    ran = []

    def fail():
        ran.append(clock.now())
        raise ValueError

    monkeypatch.setattr(jobs, "TIMETABLE", (jobs.Job("daily", jobs.DAILY, fail), jobs.Job("often", "%H:%M", fail)))
    monkeypatch.setattr(jobs, "_failed_at", {})
    for minutes in (0, 1, 30, 61):
        with time_machine.travel(datetime(2026, 3, 2, 9, 0) + timedelta(minutes=minutes), tick=False):
            jobs.run_timetable()
    assert len(ran) == 2 + 4


def test_a_statement_that_is_wrong_is_no_lost_database(database, monkeypatch, caplog):
    wrong = jobs.Job("wrong", jobs.DAILY, lambda: database.execute_sql("SELECT nothing FROM nowhere"))
    monkeypatch.setattr(jobs, "TIMETABLE", (wrong,))
    monkeypatch.setattr(jobs, "_failed_at", {})
    jobs.run_timetable()
    assert "The job wrong failed." in caplog.text
    assert "does not answer" not in caplog.text


def test_upkeep_forgets_what_is_over(database, carol, ticket):
    now = clock.now()
    long_ago = now - timedelta(days=400)
    links.make("sign-in", address=carol.primary_address)
    AccessLink.update(expires_at=long_ago).execute()
    SignIn.create(token_hash="x", customer=carol, created_at=long_ago, last_seen_at=long_ago, expires_at=long_ago)
    SecurityCode.create(token="x", answer="A", expires_at=long_ago)
    TimetableRun.create(job="x", period="x", ran_at=long_ago)
    Ticket.update(in_bin=True, binned_at=long_ago).execute()
    upkeep.run()
    assert [table.select().count() for table in (AccessLink, SignIn, SecurityCode, TimetableRun, Ticket)] == [0] * 5


def test_upkeep_keeps_what_is_alive(database, carol, ticket):
    links.make("ticket", address=carol.primary_address, ticket=ticket)
    assert jobs.claim(jobs.TIMETABLE[0])
    upkeep.run()
    assert [table.select().count() for table in (AccessLink, TimetableRun, Ticket)] == [1] * 3


def test_purging_a_ticket_takes_its_mails_along(database, ticket, smtp):
    Ticket.update(in_bin=True, binned_at=clock.now() - timedelta(days=31)).execute()
    assert OutgoingEmail.select().exists()
    upkeep.run()
    assert not OutgoingEmail.select().exists()


def old_mail(days, **values):
    """A mail that was written so many days ago."""
    written = clock.now() - timedelta(days=days)
    values = {"kind": "notification", "to_email": "a@b.example", "from_email": "d@d.example", "locale": "en", **values}
    values = {"subject": "S", "body": "B", "mail_id": f"<{OutgoingEmail.select().count()}@x.example>", **values}
    return OutgoingEmail.create(due_at=written, created_at=written, **values)


def test_mails_are_forgotten_a_quarter_after_they_ended(database, ticket, monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    OutgoingEmail.delete().execute()
    for state in EMAIL_STATES:
        for days in (200, 120, 100, 91, 89):
            old_mail(days, state=state, ticket=ticket)
    upkeep.run()
    left = OutgoingEmail.select(OutgoingEmail.state, fn.COUNT(OutgoingEmail.id)).group_by(OutgoingEmail.state).tuples()
    assert dict(left) == {"pending": 5, "sending": 5, "sent": 1, "failed": 5, "cancelled": 1}


def test_no_mail_outlives_the_tickets_it_names(database):
    kept = [old_mail(29, kind="digest"), old_mail(80, kind="invitation"), old_mail(80, kind="confirm")]
    old_mail(31, kind="digest")
    old_mail(2, kind="transfer", state="sent")
    upkeep.run()
    assert [row.id for row in OutgoingEmail.select().order_by(OutgoingEmail.id)] == [row.id for row in kept]


def test_the_link_of_a_ticket_that_is_gone_is_not_sent(app, smtp):
    email = old_mail(1, link_kind="ticket")
    outbox.deliver_due()
    assert (OutgoingEmail.get_by_id(email.id).state, smtp.messages) == ("cancelled", [])


@sqlite_only
def test_the_worker_ends_on_sigterm(desk):
    program = (
        "import app; from helpdesk.operations import jobs; app.create_app(); print('on', flush=True); jobs.run_worker()"
    )
    variables = {**desk.variables, "GUICHET_DATABASE_URL": environment.current().database_url}
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=environment.ROOT, env=variables, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout.readline() == "on\n"
        time.sleep(0.5)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=15) == 0


def test_an_agents_mail_and_a_customers_leave_together(smtp, consumer, billing, invoices, carol):
    cast.permit(cast.make_agent("Ana"), billing, notify=True)
    cast.open_ticket(carol, billing, invoices)
    wait_until(lambda: len(smtp.messages) == 2)


def test_a_reply_leaves_right_after_its_pause(smtp, consumer, ticket, ana):
    wait_until(lambda: len(smtp.messages) == 1)
    settings.save({"undo_send_seconds": 1})
    tickets.reply(ticket, "<p>We are on it.</p>", actor=ana)
    wait_until(lambda: len(smtp.messages) == 2, seconds=8)
