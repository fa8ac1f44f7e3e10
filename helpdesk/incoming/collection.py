"""Collecting mail from servers: each folder from where it was read to, one mail at a time, nothing left out.

How far a folder has been read is a UID, not a date: an outage of any length loses nothing.
"""

from __future__ import annotations

import importlib
import logging
from datetime import date, timedelta
from types import ModuleType
from typing import Any

from database import Stamp, database
from helpdesk import clock, settings
from helpdesk.incoming import acceptance, mailboxes
from helpdesk.incoming.acceptance import Origin
from helpdesk.incoming.imap_errors import FolderMissing, explain
from helpdesk.lib import sizes
from helpdesk.notifications import reply_address
from helpdesk.settings import lookups
from models import IncomingMail, Mailbox, MailFolder

logger = logging.getLogger(__name__)

#: Mails taken from a folder at once, and rounds of it in one run.
AT_ONCE, ROUNDS = 100, 20
#: Days that are looked through again when a server has numbered its mails anew.
RESCAN_DAYS = 60
WEEK = 7
#: What may lie between the clock of a mail server and ours, and mails whose arrival is looked at when a folder begins.
CLOCKS_DIFFER, MOST_AT_FIRST = timedelta(minutes=2), 500


def imap() -> ModuleType:
    """Return the module that knows the IMAP library: read only once a mailbox needs it."""
    return importlib.import_module("helpdesk.incoming.imap")


def collect_all() -> int:
    """Take what is new from every mailbox; return how many mails were taken. One that is watched is taken care of."""
    rows = [row for row in lookups.mailboxes(enabled_only=True) if row.kind == "imap"]
    watched = {key for (key,) in Mailbox.select(Mailbox.id).where(Mailbox.watched_by.is_null(False)).tuples()}
    return sum(collect(row) for row in rows if row.id not in watched)


def collect(mailbox: Mailbox) -> int:
    """Take what is new from a mailbox; what goes wrong is noted on it and tried again in the next minute."""
    taken = 0
    try:
        with imap().connect(mailbox) as connection:
            taken = take_new(mailbox, connection)
    except Exception as error:
        _note_failure(mailbox, error)
    else:
        note_success(mailbox)
    return taken


def take_new(mailbox: Mailbox, connection: Any) -> int:
    """Take what is new from each folder of a mailbox; return how many mails were taken."""
    names = mailboxes.folders(mailbox)
    taken = sum(_collect_folder(mailbox, connection, name) for name in names)
    if not mailbox.read_sent:
        return taken
    sent = connection.sent_folder(mailbox.sent_folder)
    if sent is None:
        raise FolderMissing(mailbox.sent_folder or "Sent")
    if sent in names or mailboxes.moves_to(mailbox, sent):
        return taken
    return taken + _collect_folder(mailbox, connection, sent, is_sent=True)


def _collect_folder(mailbox: Mailbox, connection: Any, name: str, *, is_sent: bool = False) -> int:
    taken = 0
    for _round in range(ROUNDS):
        folder = _opened(mailbox, connection, name, is_sent=is_sent)
        uids = connection.uids_after(folder.last_uid)
        taken += _take(mailbox, connection, folder, uids[:AT_ONCE], is_sent=is_sent)
        # How many are left is what the search says: a short page proves nothing.
        if len(uids) <= AT_ONCE:
            break
    return taken


def _opened(mailbox: Mailbox, connection: Any, name: str, *, is_sent: bool = False) -> MailFolder:
    """Open a folder and return how far it has been read; of what is sent nothing old is ever read."""
    try:
        opened = connection.open(name)
    except Exception as error:
        if type(error).__name__ == "IMAPClientError" or "select failed" in str(error):
            raise FolderMissing(name) from error
        raise
    mine = (MailFolder.mailbox == mailbox.id) & (MailFolder.name == name)
    folder = MailFolder.get_or_none(mine)
    if folder is None:
        folder = MailFolder.create(mailbox=mailbox.id, name=name, **_beginning(mailbox, connection, opened, is_sent))
    elif folder.uid_validity != opened.validity or _is_put_back(connection, folder):
        logger.warning(
            "The server of %s has numbered its mails anew; %s days are looked through.", mailbox, RESCAN_DAYS
        )
        recent = [] if is_sent else connection.uids_since(_rescan_from(mailbox, name))
        newest = _newest(connection, opened)
        first = recent[0] - 1 if recent else newest
        MailFolder.update(uid_validity=opened.validity, last_uid=first, rescan_until=newest, silent_until=0).where(
            MailFolder.id == folder.id, MailFolder.uid_validity == folder.uid_validity
        ).execute()
        folder = MailFolder.get_by_id(folder.id)
    return folder


def _is_put_back(connection: Any, folder: MailFolder) -> bool:
    """Whether a folder gives out numbers again that it has given before, as one from a backup does."""
    next_uid = connection.opened[folder.name].next_uid
    # It may have been opened before somebody else took what came: only what it says afterwards counts.
    return 0 < next_uid <= folder.last_uid and 0 < connection.open(folder.name).next_uid <= folder.last_uid


def _rescan_from(mailbox: Mailbox, name: str) -> date:
    """Return the first day that is looked through again; none before a folder that began with new mails had begun.

    Whatever arrived there before its first mail was taken is history, which this mailbox was to leave where it is.
    """
    day = clock.now().date() - timedelta(days=RESCAN_DAYS)
    mine = (IncomingMail.mailbox == mailbox.id) & (IncomingMail.folder == name)
    first = IncomingMail.select(IncomingMail.received_at).where(mine).order_by(IncomingMail.id).limit(1).scalar()
    begun = first or mailbox.begins_at
    if mailbox.begin != "new" or begun is None:
        return day
    # The day is that of the server's zone.
    return max(day, (begun - timedelta(days=1)).date())


def _beginning(mailbox: Mailbox, connection: Any, opened: Any, is_sent: bool) -> dict[str, int]:
    """Return where a folder that was never read begins: what is there already is history, which mails nobody."""
    newest = _newest(connection, opened)
    if is_sent:
        return {"uid_validity": opened.validity, "last_uid": newest, "silent_until": newest}
    begin = history = _last_before(mailbox, connection, newest)
    if mailbox.begin == "all":
        begin = 0
    elif mailbox.begin == "week":
        recent = connection.uids_since(clock.now().date() - timedelta(days=WEEK))
        begin = recent[0] - 1 if recent else newest
    return {"uid_validity": opened.validity, "last_uid": begin, "silent_until": history}


def _last_before(mailbox: Mailbox, connection: Any, newest: int) -> int:
    """Return the last UID of the open folder that arrived before the mailbox was set up; the first minute comes later.

    Clocks differ: what came in the two minutes before counts as later, too.
    """
    if mailbox.begins_at is None:
        return newest
    since = mailbox.begins_at - CLOCKS_DIFFER
    later = [uid for uid, arrived in connection.arrivals_since(since.date(), MOST_AT_FIRST) if arrived >= since]
    return later[0] - 1 if later else newest


def _newest(connection: Any, opened: Any) -> int:
    """Return the last UID given out; not every server names the next one."""
    if opened.next_uid:
        return int(opened.next_uid) - 1
    return max(connection.uids_after(0), default=0)


def _take(mailbox: Mailbox, connection: Any, folder: MailFolder, uids: list[int], *, is_sent: bool) -> int:
    if not uids:
        return 0
    # Copies of what the desk has sent are no news.
    ours = connection.marked(uids, reply_address.desk_mark()) if is_sent else set()
    most, taken = sizes.parse(settings.get("max_mail_size")), 0
    named = connection.sizes(uids)
    for uid in uids:
        origin = Origin(folder, uid, is_sent)
        if uid in ours:
            acceptance.advance(origin)
            continue
        content = connection.whole(uid) if named.get(uid, 0) <= most else None
        if content is not None and len(content) <= most:
            taken += acceptance.accept(mailbox, content, origin=origin) is not None
        elif content is not None or named.get(uid, 0) > most:
            # Larger than it may be, whatever the server said: its headers tell a person what it is.
            head = connection.head(uid) if content is None else content[: 1 << 17]
            size = named.get(uid, 0) if content is None else len(content)
            taken += acceptance.accept(mailbox, head or b"", origin=origin, headers_only=True, size=size) is not None
        else:
            # Gone between the two questions.
            acceptance.advance(origin)
    return taken


def take_whole(mailbox: Mailbox, mail: IncomingMail) -> bytes | None:
    """Return a mail that was left on its server for its size. Raises what the connection raises."""
    with imap().connect(mailbox) as connection:
        # Under other numbers it is another mail.
        is_same = connection.open(mail.folder).validity == mail.uid_validity
        content: bytes | None = connection.whole(mail.uid) if is_same else None
        return content


def _note_failure(mailbox: Mailbox, error: Exception) -> None:
    """Write on a mailbox why nothing could be taken; the first time moves the stamp, so that every page knows."""
    if not isinstance(error, OSError):
        logger.warning("The mailbox %s could not be read: %s", mailbox, error, exc_info=True)
    reason = explain(error).stored
    with database.atomic():
        first = Mailbox.update(failing_since=clock.now(), last_error=reason).where(
            Mailbox.id == mailbox.id, Mailbox.failing_since.is_null()
        )
        if first.execute():
            Stamp.bump()
        else:
            Mailbox.update(last_error=reason).where(Mailbox.id == mailbox.id).execute()


def note_success(mailbox: Mailbox) -> None:
    """Note that a mailbox could be read just now."""
    with database.atomic():
        Mailbox.update(last_success_at=clock.now()).where(Mailbox.id == mailbox.id).execute()
        over = Mailbox.update(failing_since=None, last_error="").where(
            Mailbox.id == mailbox.id, Mailbox.failing_since.is_null(False)
        )
        if over.execute():
            Stamp.bump()
