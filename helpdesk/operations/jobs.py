"""The queue and the timetable (huey): each job is a shell that calls one rule.

The queue carries wake-ups only, and losing it loses nothing: the timetable finds what is due. Each of its jobs claims
the row of its period, so that several hosts run it once, and a desk that slept through the night makes up for it.
"""

from __future__ import annotations

import atexit
import functools
import logging
import math
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import psycopg
from huey import Huey, PostgresHuey, SqliteHuey, crontab
from peewee import IntegrityError

from database import database
from helpdesk import clock, outbox
from helpdesk.files import uploads
from helpdesk.incoming import work
from helpdesk.lib import cache
from helpdesk.operations import outage, upkeep
from helpdesk.outbox import claims
from helpdesk.settings import environment
from models import TimetableRun

logger = logging.getLogger(__name__)

#: Threads that carry jobs out.
WORKERS = 2
#: What is due sooner than that has a wake of its own.
SOON = timedelta(seconds=35)
#: Seconds a stopping consumer waits for the jobs that are running.
PATIENCE = 10


class Application(Protocol):
    """What a job needs of the application."""

    def app_context(self) -> AbstractContextManager[Any]:
        """Open the context in which mails are rendered."""


DAILY = "%Y-%m-%d"


@dataclass(frozen=True)
class Job:
    """A job of the timetable: it runs once in each period (a pattern of ``strftime``, in UTC)."""

    name: str
    period: str
    run: Callable[[], object]

    @property
    def rest(self) -> timedelta:
        """How long it is left alone after a failure: what is due once a day need not fail each minute."""
        return timedelta(hours=1) if self.period == DAILY else timedelta(0)


TIMETABLE = (
    Job("sweep of the outbox", "%Y-%m-%d %H:%M", outbox.deliver_due),
    Job("incoming mail", "%Y-%m-%d %H:%M", work.run),
    Job("expired uploads", "%Y-%m-%d %H", uploads.drop_expired),
    *(Job(f"upkeep: {name}", DAILY, step) for name, step in upkeep.STEPS.items()),
)


class _Served(PostgresHuey):
    """A queue in PostgreSQL that notices when its server is back."""

    def dequeue(self) -> Any:
        """Take the next job."""
        found = super().dequeue()
        outage.over()
        return found


#: When a job last failed in this process.
_failed_at: dict[str, datetime] = {}
_queue: Huey | None = None
_deliver: Any = None
_next_wake = datetime.min
_consumer: Any = None


def init(app: Any) -> None:
    """Open the queue of the present environment for this application."""
    global _queue, _deliver
    close()
    outage.quieten()
    outbox.init(app)
    queue = _open_queue()
    task = functools.partial(_in_application, app)
    _deliver = queue.task(name="deliver")(functools.partial(task, deliver))
    queue.periodic_task(crontab(minute="*"), name="timetable")(functools.partial(task, run_timetable))
    # Each worker of PostgreSQL listens on a connection of its own, which nobody else closes.
    queue.on_shutdown(name="close")(functools.partial(_close_connection, queue))
    _queue = queue
    if _wake not in outbox.wakers:
        outbox.wakers.append(_wake)


def _close_connection(queue: Huey) -> None:
    # Workers end at the same time: the second may find closed what it was about to close.
    with suppress(AttributeError):
        queue.storage.close()


def _open_queue() -> Huey:
    env = environment.current()
    if urlsplit(env.database_url).scheme == "sqlite":
        path = env.data_dir / "queue.db"
        _move_damaged(path)
        return SqliteHuey("guichet", filename=str(path), fsync=False, timeout=1, results=False)
    # A wake-up that a power cut swallows is found by the next sweep: no need to wait for the disk.
    forgetful = {"options": "-c synchronous_commit=off", "connect_timeout": 10}
    queue = _Served("guichet", dsn=env.database_url, results=False, create_tables=False, **forgetful)
    # Who only looks (doctor) goes on without it; whoever carries jobs out asks again.
    with suppress(psycopg.OperationalError):
        queue.storage.initialize_schema()
    return queue


def _move_damaged(path: Path) -> None:
    """Make room for a new queue where the file of the old one cannot be read."""
    reason = _fault_of(path)
    if reason:
        aside = path.with_name(f"{path.name}.damaged-{clock.now():%Y%m%d-%H%M%S}")
        logger.warning("The queue was damaged (%s) and is made anew; the old one is %s.", reason, aside)
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        path.replace(aside)


def _fault_of(path: Path) -> str:
    """Return what is wrong with the file of a queue, an empty text when nothing is."""
    if not path.exists():
        return ""
    try:
        with closing(sqlite3.connect(path, timeout=1)) as connection:
            found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.OperationalError:
        return ""  # in use, or not ours to read: no damage
    except sqlite3.DatabaseError as error:
        found = str(error)
    return "" if found == "ok" else " ".join(found.split())


def fault() -> str:
    """Return what is wrong with the queue, an empty text when nothing is."""
    queue = _require_queue()
    try:
        queue.pending_count()
    except (sqlite3.Error, psycopg.Error) as error:
        return (str(error).strip().splitlines() or [type(error).__name__])[0]
    return _fault_of(Path(queue.storage.filename)) if isinstance(queue, SqliteHuey) else ""


@atexit.register
def close() -> None:
    """Close the connection of the queue; the next use opens it again."""
    if _queue is not None:
        _queue.storage.close()


def _wake() -> None:
    if _deliver is not None:
        _deliver()


def deliver() -> None:
    """Send what is due, and come back for what is due in a moment: the next sweep would be late for it."""
    global _next_wake
    outbox.deliver_due()
    now, due = clock.now(), claims.next_due(SOON)
    # One wake at a time: it looks for the next one itself.
    if due is not None and not now <= _next_wake <= due:
        _next_wake = due
        _deliver.schedule(delay=max(1, math.ceil((due - now).total_seconds())))


def _in_application(app: Application, rule: Callable[[], object]) -> None:
    """Carry a rule out with a connection of its own and what others changed in the meantime."""
    opened = database.connect(reuse_if_open=True)
    try:
        cache.refresh()
        with app.app_context():
            rule()
    finally:
        if opened:
            database.close()


def run_timetable() -> None:
    """Run the jobs whose period nobody has claimed yet; one that fails holds no other up, and is tried again."""
    for job in TIMETABLE:
        if job.name in _failed_at and clock.now() < _failed_at[job.name] + job.rest:
            continue
        try:
            period = claim(job)
            if period is not None:
                _carry_out(job, period)
        except Exception as error:
            _failed_at[job.name] = clock.now()
            if outage.is_lost(error):
                outage.tell(error)
            else:
                logger.exception("The job %s failed.", job.name)


def _carry_out(job: Job, period: str) -> None:
    """Run a claimed job; one that fails gives its period back, to be tried again after its rest."""
    try:
        job.run()
    except Exception:
        TimetableRun.delete().where(TimetableRun.job == job.name, TimetableRun.period == period).execute()
        raise
    _failed_at.pop(job.name, None)


def claim(job: Job) -> str | None:
    """Claim the present period of a job and return it; None when another host has it."""
    now = clock.now()
    period = now.strftime(job.period)
    try:
        with database.atomic():
            TimetableRun.create(job=job.name, period=period, ran_at=now)
    except IntegrityError:
        return None
    return period


def start_consumer() -> None:
    """Carry jobs out in threads of this process, beside its web pages."""
    global _consumer
    if _consumer is None:
        _consumer = _make_consumer()
        # The signals of the process belong to the server.
        _consumer._set_signal_handlers = lambda: None
        _consumer.start()


def stop_consumer() -> None:
    """Let the running jobs end, for some seconds at most, and stop."""
    global _consumer
    if _consumer is not None:
        _consumer.stop(graceful=True)
        _consumer = None
        close()


def run_worker() -> None:
    """Carry jobs out until SIGTERM or SIGINT ends the process; the running ones end first."""
    _make_consumer(graceful_signal="TERM").run()


def _make_consumer(**options: Any) -> Any:
    _require_queue().storage.initialize_schema()
    return _require_queue().create_consumer(workers=WORKERS, max_delay=1, shutdown_timeout=PATIENCE, **options)


def _require_queue() -> Huey:
    if _queue is None:
        raise RuntimeError("The queue was not opened: the application does it.")
    return _queue
