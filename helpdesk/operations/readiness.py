"""Whether the desk does its work: what ``/healthz``, the page of health, the dashboard and ``doctor`` ask alike.

Each finding is cheap: an indexed read, and one row written.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from datetime import timedelta

from peewee import DatabaseError, InterfaceError

from database import database, is_sqlite
from helpdesk import clock, i18n, settings
from helpdesk.i18n import _, ngettext
from helpdesk.operations import desk_identity
from helpdesk.outbox import outbox_health
from helpdesk.settings import environment, run_state
from models import Worker

#: Free room below which the desk is not well, in bytes.
LEAST_ROOM = 500_000_000
#: How long a due mail may wait, and a mail server be out of reach.
PATIENCE = timedelta(minutes=15)
#: How long ago the loop may have run last.
LOOP_PATIENCE = timedelta(minutes=5)
#: How far the clocks of two hosts may be apart.
APART = timedelta(minutes=2)
#: Seconds for which a row that was written stands for the next one: who asks may be anybody.
WRITTEN_FOR = 10
#: Hosts and mailboxes named in a finding.
SHOWN = 5
#: Where the row is written that shows the database takes something.
WRITTEN = "health_written"


@dataclass(frozen=True)
class Check:
    """One finding. A note is worth knowing and shown in red, but the desk works."""

    name: str
    ok: bool
    text: str
    is_note: bool = False

    @property
    def fails(self) -> bool:
        """Whether something must be mended."""
        return not self.ok and not self.is_note


class _Written:
    """When this process last wrote a row to see whether it can, by a clock that nobody sets."""

    at: float | None = None
    database: object = None


def checks() -> list[Check]:
    """Look at all of it."""
    first = database_check()
    if not first.ok:
        return [first, room()]
    return [first, desk_mark(), room(), loop(), waiting_mail(), mail_server(), given_up_mail()]


def troubles() -> list[Check]:
    """Return what a person should hear of without asking: what must be mended, and mail that was given up."""
    given_up = given_up_mail()
    found = [check for check in (loop(), waiting_mail(), mail_server()) if check.fails]
    return found if given_up.ok else [*found, given_up]


def database_check() -> Check:
    """Look whether the database answers and takes what is written."""
    name = _("Database")
    try:
        database.connect(reuse_if_open=True)
        database.execute_sql("SELECT 1").fetchone()
        if is_sqlite() and not database.execute_sql("PRAGMA foreign_keys").fetchone()[0]:
            return Check(name, False, _("Foreign keys are off: rows could point at nothing."))
        _write()
    except (DatabaseError, InterfaceError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return Check(name, False, _("It cannot be reached: %(reason)s", reason=reason))
    return Check(name, True, "SQLite" if is_sqlite() else "PostgreSQL")


def _write() -> None:
    """Write one row for good: a database that may only be read answers every question well."""
    now = time.monotonic()
    if _Written.database is database.obj and _Written.at is not None and now - _Written.at < WRITTEN_FOR:
        return
    run_state.write(WRITTEN, clock.now().isoformat())
    _Written.at, _Written.database = now, database.obj


def desk_mark() -> Check:
    """Look whether the database and the data folder are of one desk."""
    name = _("Database and data folder")
    try:
        desk_identity.verify()
    except desk_identity.WrongDesk:
        text = _("They do not belong together: correct GUICHET_DATABASE_URL and GUICHET_DATA_DIR, or restore a backup.")
        return Check(name, False, text)
    return Check(name, True, _("They belong together"))


def room() -> Check:
    """Look how much room is left."""
    free = shutil.disk_usage(environment.current().data_dir).free
    return Check(_("Disk"), free >= LEAST_ROOM, _("%(size)s free", size=i18n.size(free)))


def loop(*, is_serving: bool = True) -> Check:
    """Look whether anybody carries the loop.

    Without `is_serving`, when none is at work and none has died, the desk was stopped: that is no fault.
    """
    name, now = _("Mail and timetable"), clock.now()
    rows = list(Worker.select(Worker.host, Worker.seen_at).order_by(Worker.seen_at.desc()).limit(100).tuples())
    hosts = sorted({host for host, seen in rows if -APART <= now - seen <= LOOP_PATIENCE})
    if not hosts:
        text = _("Nobody is at work: start the desk, or its worker where that runs apart.")
        return Check(name, False, text, is_note=not is_serving and not rows)
    return Check(name, True, _("At work on %(hosts)s", hosts=" · ".join(hosts[:SHOWN])))


def waiting_mail() -> Check:
    """Look how long mails wait that are due."""
    name = _("Waiting mail")
    count, oldest = outbox_health.waiting()
    if oldest is None:
        return Check(name, True, _("None"))
    age = clock.now() - oldest
    text = ngettext("%(num)s mail", "%(num)s mails", count)
    if age > timedelta(0):
        text = ngettext(
            "%(num)s mail, the oldest due for %(minutes)s min", "%(num)s mails, the oldest due for %(minutes)s min",
            count, minutes=int(age.total_seconds() // 60),
        )  # fmt: skip
    is_patient = settings.mail_server() is None or run_state.is_resting_copy()
    return Check(name, age <= PATIENCE or is_patient, text)


def mail_server() -> Check:
    """Look what the mail server said last."""
    name, server = _("Mail server"), settings.mail_server()
    if server is None:
        return Check(name, False, _("None is set: mails wait in the outbox."), is_note=True)
    if settings.mail_password_is_lost():
        return Check(name, False, _("Its password cannot be read with this secret key: type it again."))
    fault = outbox_health.fault(server)
    if fault is None:
        return Check(name, True, f"{server.host}:{server.port}")
    # A server that is away for a moment comes back by itself; a sign-in that is refused does not.
    waits = not fault.failure.is_of_setup and clock.now() - fault.since <= PATIENCE
    text = _(
        "%(what)s No mail has left since %(when)s; the desk goes on trying by itself.",
        what=_sentence(str(fault.failure)), when=i18n.when(fault.since),
    )  # fmt: skip
    return Check(name, False, text, is_note=waits)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def given_up_mail() -> Check:
    """Look how many mails were given up."""
    name, count = _("Mail given up"), outbox_health.given_up()
    if not count:
        return Check(name, True, _("None"))
    shown = i18n.Count(count)
    text = ngettext(
        "%(num)s mail could not be sent: look at the outbox.", "%(num)s mails could not be sent: look at the outbox.",
        shown,
    )  # fmt: skip
    return Check(name, False, text, is_note=not outbox_health.refuses_everybody())
