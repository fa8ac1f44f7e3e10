"""Whether the desk is well in all it needs: what ``doctor`` and the page of health tell (`readiness` and more)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from database import database, is_sqlite
from helpdesk import clock, outbox, settings
from helpdesk.errors import NotFound
from helpdesk.files import file_store
from helpdesk.i18n import Count, _, ngettext
from helpdesk.incoming import mailbox_health
from helpdesk.operations import attack_checks, backup_records, clock_guard, migrate, readiness, restored_copy
from helpdesk.operations.readiness import SHOWN, Check
from helpdesk.people import permissions, teams
from helpdesk.settings import environment, environment_file, lookups, secret_key
from helpdesk.single_sign_on import state
from models import Attachment, TicketEvent

#: How far the newest row may be ahead of the clock.
SLACK = timedelta(minutes=2)

#: Files looked for, the newest first.
MOST_FILES = 20_000


def checks(*, deep: bool = True, is_serving: bool = False) -> list[Check]:
    """Look at the desk. `deep` also reads the whole SQLite file and signs in at the mail server, which takes seconds.

    `is_serving` where a desk at work asks: then its loop must be at work, too.
    """
    first = readiness.database_check()
    found = [first, readiness.room(), _folder(), _captcha()]
    if first.ok:
        found += [_encoding(), readiness.desk_mark(), _schema()]
    if first.ok and found[-1].ok:
        found += [_clock(), readiness.loop(is_serving=is_serving), readiness.waiting_mail(), _mail_server(deep)]
        found += [
            readiness.given_up_mail(),
            _backup(),
            _site_address(),
            _notification(),
            _assignees(),
            *_copy(),
            *_mailboxes(),
            *(Check(*finding) for finding in state.findings(deep=deep)),
        ]
        found += attack_checks.checks()
        found += [_files()] if deep else []
        found += _whole_file() if deep and is_sqlite() else []
    return found


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
    yield from (path for path in (folder / secret_key.KEY_FILE, environment_file.PATH) if path.exists())


def _backup() -> Check:
    name, record = _("Last backup"), backup_records.last()
    if backup_records.is_overdue():
        return Check(name, False, _("None in the last two days, although backups are made at night."))
    if record is None:
        return Check(name, bool(settings.get("backup_nightly")), _("None is known."), is_note=True)
    hours = int((clock.now() - record.made_at).total_seconds() // 3600)
    if hours < 1:
        return Check(name, True, _("Less than an hour old, tickets: %(count)s", count=Count(record.tickets)))
    text = ngettext(
        "%(num)d hour old, tickets: %(count)s", "%(num)d hours old, tickets: %(count)s", hours,
        count=Count(record.tickets),
    )  # fmt: skip
    return Check(name, True, text)


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


def _site_address() -> Check:
    address = settings.site_url()
    known = bool(environment.current().site_url or settings.get("site_url"))
    text = address if known else _("Not set: links in mails begin with %(address)s.", address=address)
    return Check(_("Public address"), known, text, is_note=True)


def _mail_server(deep: bool) -> Check:
    """Look what the mail server said last; looking deep, call it and sign in."""
    failure = outbox.greet() if deep and not settings.mail_password_is_lost() else None
    return Check(_("Mail server"), False, str(failure)) if failure is not None else readiness.mail_server()


def _mailboxes() -> list[Check]:
    """Look at the mail that comes in; nothing is said of it before there is a mailbox."""
    if not lookups.mailboxes():
        return []
    return [Check(*finding) for finding in mailbox_health.findings()]


def _notification() -> Check:
    silent = permissions.places_without_notification()
    names = " · ".join(map(str, silent[:SHOWN])) + (" · …" if len(silent) > SHOWN else "")
    text = _("Nobody is told of new tickets of: %(places)s", places=names) if silent else _("Everywhere")
    return Check(_("Told of new tickets"), not silent, text, is_note=True)


def _assignees() -> Check:
    """Look for tickets of accounts and teams that are disabled, which no list of open work shows."""
    left = sum(loss.tickets.count() for loss in teams.leftovers())
    text = ngettext(
        "%(num)d ticket is assigned to a disabled account or team: it is freed within a day.",
        "%(num)d tickets are assigned to disabled accounts or teams: they are freed within a day.",
        left,
    )
    return Check(_("Assigned tickets"), not left, text if left else _("All to somebody who is here"), is_note=True)


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
