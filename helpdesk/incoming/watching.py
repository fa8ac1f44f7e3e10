"""Waiting for mail (IDLE): one connection to each mailbox that says so, whose server tells at once what comes.

A mailbox is claimed in its row, in the name of the process, before anybody connects: no two processes or hosts wait
for the same one, and the job of each minute leaves it alone. Whatever goes wrong gives it back to that job.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from datetime import datetime
from typing import Any

from database import database
from helpdesk import clock
from helpdesk.incoming import collection, mailbox_secrets, mailboxes
from helpdesk.lib import cache, process
from helpdesk.settings import lookups, run_state
from models import Mailbox

logger = logging.getLogger(__name__)

#: Seconds after which the waiting begins anew, as servers end it after half an hour; less where other folders are read.
ANEW, ANEW_WITH_FOLDERS = 540, 60
#: Minutes a mailbox is left to the job of each minute after so many failures in a row.
RESTS = (1, 2, 5, 15, 30)
#: Seconds a connection must have lived for its end to be no failure: servers and networks cut those that are old.
LIVED = 60
#: Minutes before a server that does not offer it is asked again.
NOT_OFFERED = 60
#: Seconds between two looks at what is to be watched, and that a stopping process waits for its connections.
LOOK, PATIENCE = 2.0, 5.0
#: Columns whose change ends a connection.
WATCHED = (
    *(*mailbox_secrets.PASSWORD_OF, "secret", "as_application", "folder", "other_folders", "held_folders"),
    *("read_sent", "sent_folder", "enabled", "idle", "kind"),
)


class _Watch(threading.Thread):
    """One connection: it takes what is there, waits for more, and ends when told, cut or not wanted any more."""

    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__(name=f"mailbox {mailbox.id}", daemon=True)
        self.mailbox, self.shape = mailbox, _shape(mailbox)
        self.stopping = threading.Event()
        self.began = time.monotonic()
        self.failed = self.is_offered = False

    def run(self) -> None:
        try:
            with collection.imap().connect_for_long(self.mailbox) as connection:
                self.is_offered = connection.can_wait()
                while self.is_offered and not self.stopping.is_set():
                    with database.connection_context():
                        collection.take_new(self.mailbox, connection)
                        collection.note_success(self.mailbox)
                    several = len(mailboxes.folders(self.mailbox)) > 1 or self.mailbox.read_sent
                    connection.wait(self.mailbox.folder, ANEW_WITH_FOLDERS if several else ANEW, self.stopping)
        except Exception as error:
            self.failed = True
            if not self.stopping.is_set():
                logger.info("The connection to the mailbox %s ended: %s", self.mailbox, type(error).__name__)


class _Watches:
    """What this process waits for, and for how long it leaves which mailbox alone."""

    def __init__(self) -> None:
        self.live: dict[int, _Watch] = {}
        self.failures: dict[int, int] = {}
        self.rests: dict[int, float] = {}

    def unwatched(self) -> list[Mailbox]:
        """Return the mailboxes that nobody waits for and somebody should."""
        now = time.monotonic()
        chosen = [
            row
            for row in lookups.mailboxes(enabled_only=True)
            if row.idle and row.kind == "imap" and row.id not in self.live and self.rests.get(row.id, 0) <= now
        ]
        if not chosen or run_state.is_resting_copy():
            return []
        free = Mailbox.id.in_([row.id for row in chosen]) & Mailbox.watched_by.is_null()
        keys = {key for (key,) in Mailbox.select(Mailbox.id).where(free).tuples()}
        return [row for row in chosen if row.id in keys]

    def begin(self) -> None:
        """Claim what is wanted and connect to it."""
        for mailbox in self.unwatched():
            mine = (Mailbox.id == mailbox.id) & Mailbox.watched_by.is_null()
            if Mailbox.update(watched_by=process.name()).where(mine).execute():
                watch = self.live[mailbox.id] = _Watch(mailbox)
                watch.start()

    def look(self) -> None:
        """End the connections to what has changed or is another's now, and give back what has ended."""
        mine = self.claimed()
        for key, watch in list(self.live.items()):
            now = lookups.mailbox(key)
            if now is None or _shape(now) != watch.shape or key not in mine:
                watch.stopping.set()
            if not watch.is_alive():
                self.give_back(watch)

    def claimed(self) -> set[int]:
        """Return which of these mailboxes are still this process's: one that stood still was taken for dead."""
        if not self.live:
            return set()
        own = Mailbox.id.in_(list(self.live)) & (Mailbox.watched_by == process.name())
        return {key for (key,) in Mailbox.select(Mailbox.id).where(own).tuples()}

    def give_back(self, watch: _Watch) -> None:
        """Leave a mailbox to the job of each minute, for a while where that is better."""
        key = watch.mailbox.id
        del self.live[key]
        release(process.name(), key)
        if not watch.is_offered and not watch.failed:
            self.rests[key] = time.monotonic() + NOT_OFFERED * 60
        elif watch.failed and not watch.stopping.is_set() and time.monotonic() - watch.began < LIVED:
            count = self.failures[key] = self.failures.get(key, 0) + 1
            self.rests[key] = time.monotonic() + RESTS[min(count, len(RESTS)) - 1] * 60
        else:
            self.failures.pop(key, None)

    def end(self) -> None:
        """End all connections and give all back: one amid a large mail would be nobody's once this process is gone.

        What it still takes then is taken once all the same: the row of a mail is one for all who read its folder.
        """
        for watch in self.live.values():
            watch.stopping.set()
        until = time.monotonic() + PATIENCE
        for watch in list(self.live.values()):
            watch.join(max(0.0, until - time.monotonic()))
            with suppress(Exception):
                if watch.is_alive():
                    release(process.name(), watch.mailbox.id)
                else:
                    self.give_back(watch)


_watches = _Watches()


def _shape(mailbox: Mailbox) -> tuple[Any, ...]:
    return tuple(getattr(mailbox, name) for name in WATCHED)


def next_due() -> datetime | None:
    """Return the present time when there is a mailbox to wait for, else None."""
    return clock.now() if _watches.unwatched() else None


def run(stopping: threading.Event) -> bool:
    """Wait for mail until there is no mailbox to wait for, or the process stops."""
    try:
        while not stopping.is_set():
            cache.refresh()
            _watches.begin()
            _watches.look()
            if not _watches.live:
                return True
            stopping.wait(LOOK)
    finally:
        _watches.end()
    return True


def claimants() -> list[str]:
    """Return the processes that wait for a mailbox."""
    watched = Mailbox.select(Mailbox.watched_by).where(Mailbox.watched_by.is_null(False)).distinct()
    return [name for (name,) in watched.tuples()]


def release(name: str, key: int | None = None) -> None:
    """Give back what a process waited for: one mailbox, or all of a process that has ended."""
    mine = Mailbox.watched_by == name
    Mailbox.update(watched_by=None).where(mine if key is None else mine & (Mailbox.id == key)).execute()
