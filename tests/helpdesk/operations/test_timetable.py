"""The timetable: each job once in its period, whatever fails, dies or jumps."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import time_machine

from helpdesk import clock
from helpdesk.lib import process
from helpdesk.operations import jobs, upkeep
from helpdesk.operations.timetable import DAILY, HOURLY, Job, Timetable
from models import SecurityCode, TimetableRun

NOON = datetime(2026, 3, 2, 12, 0)


class Steady:
    """A clock that nobody sets."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def ran():
    """What a job leaves behind."""
    return []


@pytest.fixture
def hourly(database, ran):
    """A timetable of one job."""
    return Timetable((Job("count", HOURLY, lambda: ran.append(clock.now())),))


def at(moment):
    """Set the clock of this process."""
    return time_machine.travel(moment, tick=False)


def test_a_period_is_claimed_once(hourly):
    run = hourly.claim(hourly.jobs[0])
    assert (run.job, run.last_ended) == (hourly.jobs[0], None)
    assert hourly.claim(hourly.jobs[0]) is None


def test_a_job_runs_once_a_period(hourly, ran):
    assert hourly.next_due() is not None
    assert hourly.run()
    assert hourly.next_due() is None
    assert not hourly.run()
    assert len(ran) == 1


def test_one_row_remembers_the_last_run_of_a_job(hourly, ran):
    for hours in range(4):
        with at(NOON + timedelta(hours=hours)):
            hourly.run()
    [row] = TimetableRun.select()
    assert (row.period, row.ended_at, row.claimed_by) == ("2026-03-02 15", NOON + timedelta(hours=3), None)


def test_a_claim_tells_when_the_job_last_ended_well(hourly):
    with at(NOON):
        hourly.run()
    with at(NOON + timedelta(days=40)):
        assert hourly.claim(hourly.jobs[0]).last_ended == NOON


def test_a_job_that_fails_holds_no_other_up(database, ran):
    failing, other = Job("fails", "%Y", lambda: 1 / 0), Job("other", "%Y", lambda: ran.append(1))
    assert Timetable((failing, other)).run()
    assert ran == [1]


def test_a_job_that_failed_is_tried_again_in_its_period(database, ran):
    steady = Steady()

    def fails_once():
        ran.append(1)
        return 1 / (len(ran) - 1)

    timetable = Timetable((Job("fails once", HOURLY, fails_once),), steady)
    with at(NOON):
        for _minute in range(3):
            timetable.run()
            steady.now += 60
    assert ran == [1, 1]


def test_a_step_of_upkeep_that_fails_holds_no_other_up(database, caplog):
    SecurityCode.create(token="x", answer="A", expires_at=clock.now() - timedelta(days=3))
    broken = [replace(job, run=lambda: 1 / 0) if job.name == "upkeep: files" else job for job in jobs.TIMETABLE.jobs]
    Timetable(broken).run()
    assert SecurityCode.select().count() == 0
    assert "The job upkeep: files failed." in caplog.text
    assert TimetableRun.get(TimetableRun.job == "upkeep: files").period == ""
    assert {f"upkeep: {step}" for step in upkeep.STEPS} < {job.name for job in jobs.TIMETABLE.jobs}


def test_what_is_due_once_a_day_rests_for_an_hour_after_a_failure(database, ran):
    steady = Steady()

    def fail():
        ran.append(clock.now())
        raise ValueError

    timetable = Timetable((Job("daily", DAILY, fail), Job("often", "%Y-%m-%d %H:%M", fail)), steady)
    for minutes in (0, 1, 30, 61):
        steady.now = minutes * 60
        with at(datetime(2026, 3, 2, 9, 0) + timedelta(minutes=minutes)):
            timetable.run()
    assert len(ran) == 2 + 4


def test_a_statement_that_is_wrong_is_no_lost_database(database, caplog):
    Timetable((Job("wrong", DAILY, lambda: database.execute_sql("SELECT nothing FROM nowhere")),)).run()
    assert "The job wrong failed." in caplog.text
    assert "does not answer" not in caplog.text


# --- A clock that jumps -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [timedelta(hours=-3), timedelta(days=-2), timedelta(days=365)])
def test_a_jump_of_the_clock_stops_no_job(hourly, ran, jump):
    with at(NOON):
        hourly.run()
    for hours in range(3):
        with at(NOON + jump + timedelta(hours=hours)):
            hourly.run()
            hourly.run()
    assert len(ran) == 4


@pytest.mark.parametrize("period", [HOURLY, DAILY])
def test_a_period_claimed_by_a_clock_that_was_ahead_blocks_nobody(database, ran, period):
    timetable = Timetable((Job("count", period, lambda: ran.append(1)),))
    for moment in (NOON + timedelta(days=365), NOON, NOON + timedelta(days=1)):
        with at(moment):
            timetable.run()
    assert len(ran) == 3


def test_two_hosts_whose_clocks_differ_run_a_job_once(hourly, ran):
    # One is in the next hour already; the other comes back to it for minutes.
    for seconds in (1, -59, 2, -58, 3, -57, 4):
        with at(NOON + timedelta(seconds=seconds)):
            hourly.run()
    assert len(ran) == 1


def test_a_job_that_is_running_is_left_alone_in_its_next_period(hourly, ran):
    with at(NOON):
        hourly.claim(hourly.jobs[0])
    with at(NOON + timedelta(hours=1)):
        assert hourly.next_due() is None
        assert hourly.claim(hourly.jobs[0]) is None


# --- A process that dies ------------------------------------------------------------------------------------------


def test_the_period_of_a_dead_process_is_run_again(database, ran):
    steady = Steady()
    timetable = Timetable((Job("count", DAILY, lambda: ran.append(1)),), steady)
    timetable.claim(timetable.jobs[0])
    assert timetable.claimants() == [process.name()]
    timetable.release(process.name())
    assert timetable.claimants() == []
    # What killed it, if the job did, rests as after a failure.
    assert not timetable.run()
    steady.now += 3600
    assert timetable.run()


def test_only_the_dead_lose_their_claims(hourly):
    hourly.claim(hourly.jobs[0])
    hourly.release("0@elsewhere")
    assert hourly.claimants() == [process.name()]


def test_the_name_of_every_job_has_room_in_its_row():
    names = [job.name for table in (jobs.TIMETABLE, jobs.INCOMING) for job in table.jobs]
    assert [name for name in names if len(name) > TimetableRun.job.max_length] == []
