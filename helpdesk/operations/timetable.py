"""The timetable: what is done once in each period, by one process of all, by claiming the row of its job.

A row holds the period that was claimed last, so that a desk that slept makes up for it, and nothing piles up. Whoever
claims it learns when the job last ended well.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import ModelSelect

from helpdesk import clock
from helpdesk.lib import process
from helpdesk.operations import outage
from helpdesk.operations.loop import Source
from models import TimetableRun

logger = logging.getLogger(__name__)

MINUTELY = "%Y-%m-%d %H:%M"
HOURLY = "%Y-%m-%d %H"
DAILY = "%Y-%m-%d"
#: How far the clocks of two hosts may be apart. What was claimed further ahead was claimed by a clock that was wrong.
APART = timedelta(minutes=10)


@dataclass(frozen=True)
class Job:
    """It runs once in each period: a pattern of ``strftime``, in UTC, whose texts sort as their times do."""

    name: str
    period: str
    run: Callable[[], object]

    @property
    def rest(self) -> int:
        """Seconds it is left alone after a failure: what is due once a day need not fail each minute."""
        return 3600 if self.period == DAILY else 60


@dataclass(frozen=True)
class Run:
    """A claimed period. `last_ended` is when the job last ended well: for what must know how long the desk slept."""

    job: Job
    period: str
    last_ended: datetime | None


class Timetable:
    """Jobs, each run once in its period by whichever process comes first."""

    def __init__(self, jobs: Sequence[Job], monotonic: Callable[[], float] = time.monotonic) -> None:
        self.jobs = jobs
        self._monotonic = monotonic
        #: Until when a job is left alone in this process.
        self._rests: dict[str, float] = {}

    def source(self, name: str) -> Source:
        """Return these jobs as a source of the loop: a thread for all of them, which nobody wakes."""
        return Source(name, self.next_due, self.run, self.claimants, self.release, is_woken=False)

    def next_due(self) -> datetime | None:
        """Return the present time when a job is due, else None: a period begins within the seconds of a look."""
        return clock.now() if self._due() else None

    def run(self, stopping: threading.Event | None = None) -> bool:
        """Run what is due and say whether any of it ended well; a job that fails holds no other up."""
        done = False
        for job in self._due():
            if stopping is not None and stopping.is_set():
                break
            run = self.claim(job)
            done |= run is not None and self._carry_out(run)
        return done

    def claim(self, job: Job) -> Run | None:
        """Claim the present period of a job for this process; None when it is not due, or another process has it."""
        now = clock.now()
        period = now.strftime(job.period)
        TimetableRun.insert(job=job.name, period="", ran_at=now).on_conflict_ignore().execute()
        row = TimetableRun.get(TimetableRun.job == job.name)
        if not _is_due(row, period, now):
            return None
        same = (TimetableRun.job == job.name) & (TimetableRun.period == row.period) & TimetableRun.claimed_by.is_null()
        claimed = TimetableRun.update(period=period, ran_at=now, claimed_by=process.name()).where(same).execute()
        return Run(job, period, row.ended_at) if claimed else None

    def claimants(self) -> list[str]:
        """Return the processes that run a job at the moment."""
        running = self._rows(TimetableRun.claimed_by).where(TimetableRun.claimed_by.is_null(False))
        return [name for (name,) in running.tuples()]

    def release(self, name: str) -> None:
        """Give back the periods that a dead process was at. What may have killed it rests as after a failure."""
        running = self._rows(TimetableRun.job).where(TimetableRun.claimed_by == name)
        for (job,) in list(running.tuples()):
            self._let_rest(job)
            claimed = (TimetableRun.job == job) & (TimetableRun.claimed_by == name)
            TimetableRun.update(claimed_by=None, period="").where(claimed).execute()

    def _rows(self, *columns: Any) -> ModelSelect:
        return TimetableRun.select(*columns).where(TimetableRun.job.in_([job.name for job in self.jobs]))

    def _due(self) -> list[Job]:
        now = clock.now()
        rows = {row.job: row for row in self._rows()}
        jobs = [job for job in self.jobs if self._rests.get(job.name, 0) <= self._monotonic()]
        return [job for job in jobs if _is_due(rows.get(job.name), now.strftime(job.period), now)]

    def _let_rest(self, name: str) -> None:
        seconds = next((job.rest for job in self.jobs if job.name == name), 0)
        self._rests[name] = self._monotonic() + seconds

    def _carry_out(self, run: Run) -> bool:
        """Run a claimed job and say whether it ended well; one that fails gives its period back, to be tried again."""
        claimed = (TimetableRun.job == run.job.name) & (TimetableRun.claimed_by == process.name())
        try:
            run.job.run()
        except Exception as error:
            self._let_rest(run.job.name)
            if outage.is_lost(error):
                raise
            logger.exception("The job %s failed.", run.job.name)
            TimetableRun.update(claimed_by=None, period="").where(claimed).execute()
            return False
        TimetableRun.update(claimed_by=None, ended_at=clock.now()).where(claimed).execute()
        return True


def _is_due(row: TimetableRun | None, period: str, now: datetime) -> bool:
    """Whether a job is due: its last period is over, or was claimed by a clock that was far ahead."""
    if row is None:
        return True
    if row.claimed_by is not None:
        return False
    is_ahead: bool = row.period > period and row.ran_at > now + APART
    return is_ahead or row.period < period
