"""Whether the desk is well: what ``doctor``, the page of health and ``/healthz`` tell."""

from __future__ import annotations

import errno
import os
import shutil
import smtplib
import ssl
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from peewee import DatabaseError, InterfaceError, fn

from database import Stamp, database, is_sqlite
from helpdesk import clock, i18n, settings
from helpdesk.errors import NotFound
from helpdesk.files import file_store
from helpdesk.i18n import _, ngettext
from helpdesk.incoming import mailbox_health
from helpdesk.operations import clock_guard, desk_identity, migrate, restored_copy, workers
from helpdesk.people import permissions
from helpdesk.settings import environment, lookups
from helpdesk.settings.environment import MailServer
from models import Attachment, OutgoingEmail, TicketEvent, Worker

#: Free room below which the desk is not well, in bytes.
LEAST_ROOM = 500_000_000
#: Free room below which a form with its files may find none, in bytes.
LEAST_WRITTEN = 10_000_000

#: How long a due mail may wait before its deliverer is thought to be away.
PATIENCE = timedelta(minutes=15)

#: How far the newest row may be ahead of the clock.
SLACK = timedelta(minutes=2)

#: Places named in a finding.
SHOWN = 5

#: Files looked for, the newest first.
MOST_FILES = 20_000

#: Seconds the mail server has to answer.
MAIL_TIMEOUT = 5


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


def checks(*, deep: bool = True) -> list[Check]:
    """Look at the desk. `deep` also reads the whole SQLite file and calls the mail server, which takes seconds."""
    first = _database()
    found = [first, _disk(), _folder(), _captcha()]
    if first.ok:
        found += [_encoding(), _desk_mark(), _schema()]
    if first.ok and found[-1].ok:
        found += [_clock(), _loop(), _outbox(), _site_address(), _mail_server(deep), _notification()]
        found += _copy() + _mailboxes()
        found += [_files()] if deep else []
        found += _whole_file() if deep and is_sqlite() else []
    return found


def _database() -> Check:
    name = _("Database")
    try:
        database.connect(reuse_if_open=True)
        database.execute_sql("SELECT 1").fetchone()
        if is_sqlite() and not database.execute_sql("PRAGMA foreign_keys").fetchone()[0]:
            return Check(name, False, _("Foreign keys are off: rows could point at nothing."))
        _try_to_write()
    except (DatabaseError, InterfaceError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return Check(name, False, _("It cannot be reached: %(reason)s", reason=reason))
    return Check(name, True, "SQLite" if is_sqlite() else "PostgreSQL")


def _try_to_write() -> None:
    """Write something and take it back: a database that may only be read answers every question well."""
    with database.atomic() as attempt:
        Stamp.update(value=Stamp.value).execute()
        attempt.rollback()


def _desk_mark() -> Check:
    name = _("Database and data folder")
    try:
        desk_identity.verify()
    except desk_identity.WrongDesk:
        text = _("They do not belong together: correct GUICHET_DATABASE_URL and GUICHET_DATA_DIR, or restore a backup.")
        return Check(name, False, text)
    return Check(name, True, _("They belong together"))


def _copy() -> list[Check]:
    resting = restored_copy.current()
    if resting is None:
        return []
    text = ngettext(
        "A restored copy that rests: %(num)d mail waits until an administrator lets it go.",
        "A restored copy that rests: %(num)d mails wait until an administrator lets it go.",
        resting.mails,
    )
    return [Check(_("Restored copy"), False, text, is_note=True)]


def _encoding() -> Check:
    (encoding,) = database.execute_sql("PRAGMA encoding" if is_sqlite() else "SHOW server_encoding").fetchone()
    ok = encoding.replace("-", "") == "UTF8"
    text = encoding if ok else _("%(encoding)s cannot hold every letter: make a database in UTF8.", encoding=encoding)
    return Check(_("Encoding"), ok, text)


def _schema() -> Check:
    name = _("Version of the tables")
    if migrate.is_newer(database):
        return Check(name, False, _("The database was used by a newer Guichet: upgrade the program."))
    waiting = migrate.pending(database)
    if waiting:
        return Check(name, False, _("Migrations wait: %(names)s. Start the desk again.", names=", ".join(waiting)))
    return Check(name, True, _("Up to date"))


def require_room() -> None:
    """Raise OSError (ENOSPC) when the disk has no room for what a form may bring."""
    if shutil.disk_usage(environment.current().data_dir).free < LEAST_WRITTEN:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _disk() -> Check:
    free = shutil.disk_usage(environment.current().data_dir).free
    room = _("%(size)s free", size=i18n.size(free))
    return Check(_("Disk"), free >= LEAST_ROOM, room)


def _folder() -> Check:
    name, folder = _("Data folder"), environment.current().data_dir
    if not os.access(folder, os.W_OK | os.X_OK):
        return Check(name, False, _("The desk may not write there."))
    open_to_others = [path.name for path in _private(folder) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if open_to_others:
        names = ", ".join(open_to_others)
        return Check(name, False, _("Other accounts of this machine may read: %(names)s.", names=names))
    return Check(name, True, str(folder))


def _private(folder: Any) -> Iterator[Any]:
    yield folder
    key = folder / "secret_key"
    if key.exists():
        yield key


def _captcha() -> Check:
    on = environment.current().captcha != "off"
    text = _("On") if on else _("Off (GUICHET_CAPTCHA): programs can open tickets.")
    return Check(_("Security code"), on, text, is_note=True)


def _clock() -> Check:
    newest = TicketEvent.select(TicketEvent.created_at).order_by(TicketEvent.id.desc()).limit(1).scalar()
    if newest is not None and newest > clock.now() + SLACK:
        return Check(_("Clock"), False, _("The newest event is in the future: the clock of this machine is late."))
    pause = clock_guard.current()
    if pause is not None and pause.rests:
        text = _("It jumped, or the desk was off: nothing is deleted by age until a day has passed.")
        return Check(_("Clock"), False, text, is_note=True)
    return Check(_("Clock"), True, _("Right"))


def _loop() -> Check:
    name = _("Mail and timetable")
    alive = Worker.select(Worker.host).where(Worker.seen_at >= clock.now() - timedelta(seconds=workers.DEAD))
    hosts = sorted({host for (host,) in alive.limit(SHOWN).tuples()})
    if not hosts:
        text = _("Nobody is at work: start the desk, or its worker where that runs apart.")
        return Check(name, False, text, is_note=True)
    return Check(name, True, _("At work on %(hosts)s", hosts=" · ".join(hosts)))


def _outbox() -> Check:
    name = _("Waiting mail")
    waiting = OutgoingEmail.select(fn.COUNT(OutgoingEmail.id), fn.MIN(OutgoingEmail.due_at))
    count, oldest = waiting.where(OutgoingEmail.state.in_(("pending", "sending"))).scalar(as_tuple=True)
    if not count:
        return Check(name, True, _("None"))
    age = clock.now() - _moment(oldest)
    text = ngettext("%(num)s mail", "%(num)s mails", count)
    if age > timedelta(0):
        text += _(", the oldest due for %(minutes)s min", minutes=int(age.total_seconds() // 60))
    return Check(name, age <= PATIENCE or settings.mail_server() is None, text)


def _moment(value: Any) -> Any:
    """Read a moment that an aggregate gave: SQLite gives text."""
    return OutgoingEmail.due_at.python_value(value)


def _site_address() -> Check:
    address = settings.site_url()
    known = bool(environment.current().site_url or settings.get("site_url"))
    text = address if known else _("Not set: links in mails begin with %(address)s.", address=address)
    return Check(_("Public address"), known, text, is_note=True)


def _mail_server(deep: bool) -> Check:
    name, server = _("Mail server"), settings.mail_server()
    if server is None:
        return Check(name, False, _("None is set: mails wait in the outbox."), is_note=True)
    if settings.mail_password_is_lost():
        return Check(name, False, _("Its password cannot be read with this secret key: type it again."))
    place = f"{server.host}:{server.port}"
    if deep:
        reason = _greet(server)
        if reason:
            return Check(name, False, _("%(place)s does not answer: %(reason)s", place=place, reason=reason))
    return Check(name, True, place)


def _mailboxes() -> list[Check]:
    """Look at the mail that comes in; nothing is said of it before there is a mailbox."""
    if not lookups.mailboxes():
        return []
    name, failing = _("Mailboxes"), mailbox_health.failing()
    text = " · ".join(f"{row.name}: {row.last_error}" for row in failing[:SHOWN])
    found = [Check(name, not failing, text if failing else _("Read"))]
    count, oldest, held = mailbox_health.waiting()
    late = oldest is not None and clock.now() - oldest > mailbox_health.PATIENCE
    text = ngettext("%(num)s e-mail waits for the desk", "%(num)s e-mails wait for the desk", count)
    found.append(Check(_("Received e-mails"), not late, text if count else _("None waits")))
    text = ngettext("%(num)s e-mail waits for a decision", "%(num)s e-mails wait for a decision", held)
    return [*found, Check(_("To check"), not held, text if held else _("None"), is_note=True)]


def _notification() -> Check:
    silent = permissions.places_without_notification()
    names = " · ".join(map(str, silent[:SHOWN])) + (" · …" if len(silent) > SHOWN else "")
    text = _("Nobody is told of new tickets of: %(places)s", places=names) if silent else _("Everywhere")
    return Check(_("Told of new tickets"), not silent, text, is_note=True)


def _greet(server: MailServer) -> str:
    """Return why the mail server cannot be used, or an empty string."""
    trust = ssl.create_default_context()
    try:
        call: Callable[..., smtplib.SMTP] = smtplib.SMTP
        options: dict[str, Any] = {"timeout": MAIL_TIMEOUT}
        if server.tls == "tls":
            call, options = smtplib.SMTP_SSL, {**options, "context": trust}
        with call(server.host, server.port, **options) as connection:
            connection.ehlo()
            if server.tls == "starttls":
                connection.starttls(context=trust)
    except (OSError, smtplib.SMTPException) as error:
        return str(getattr(error, "strerror", None) or error)
    return ""


def _files() -> Check:
    """Look for the files that the newest rows name, and for the logo."""
    query = Attachment.select(Attachment.path).order_by(Attachment.id.desc()).limit(MOST_FILES)
    paths = [path for (path,) in query.tuples()] + [row["path"] for row in [settings.get("logo")] if row]
    missing = sum(not _is_there(path) for path in paths)
    text = ngettext(
        "%(num)d is missing on the disk: restore it from a backup.",
        "%(num)d are missing on the disk: restore them from a backup.",
        missing,
    )
    there = ngettext("%(num)d file looked for, and found", "%(num)d files looked for, and found", len(paths))
    return Check(_("Attached files"), not missing, text if missing else there)


def _is_there(path: str) -> bool:
    try:
        return file_store.location(path).is_file()
    except NotFound:
        return False


def _whole_file() -> list[Check]:
    findings = [row[0] for row in database.execute_sql("PRAGMA quick_check(1)").fetchall()]
    ok = findings == ["ok"]
    text = _("Whole") if ok else _("Damaged: restore a backup. %(reason)s", reason=findings[0])
    return [Check(_("Database file"), ok, text)]
