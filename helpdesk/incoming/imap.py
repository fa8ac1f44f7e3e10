"""A connection to a mail server that speaks IMAP: encrypted, with time limits, and reading only.

This module imports the IMAP library. Nothing imports it before the first mailbox of that kind exists.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import imapclient
from imapclient import SocketTimeout
from imapclient.exceptions import LoginError
from imapclient.imapclient import SEEN, SENT

from helpdesk import settings
from helpdesk.incoming.imap_errors import PasswordLost
from helpdesk.incoming.mailbox_secrets import password_is_lost
from helpdesk.settings import mail_accounts
from models import Mailbox

CONNECT_SECONDS, READ_SECONDS = 15, 60
#: Seconds between two looks whether the process stops, and for an answer while it does.
LOOK_SECONDS, STOP_SECONDS = 1, 2
#: A connection that is gone without a word is noticed within a minute: seconds until it is tried, between tries, tries.
KEEP_ALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}


@dataclass(frozen=True)
class Folder:
    """What a server says of a folder when it is opened."""

    validity: int
    next_uid: int
    count: int


class Connection:
    """A signed-in connection; folders are opened for reading only, so that no mail is ever marked as read."""

    def __init__(self, client: imapclient.IMAPClient) -> None:
        self.client = client
        #: Each folder as it was when it was opened last.
        self.opened: dict[str, Folder] = {}

    def open(self, folder: str) -> Folder:
        """Open a folder for reading."""
        answer = self.client.select_folder(folder, readonly=True)
        opened = self.opened[folder] = Folder(
            int(answer.get(b"UIDVALIDITY", 0)), int(answer.get(b"UIDNEXT", 0) or 0), int(answer.get(b"EXISTS", 0) or 0)
        )
        return opened

    def can_wait(self) -> bool:
        """Whether the server tells by itself what comes (IDLE, RFC 2177)."""
        return bool(self.client.has_capability("IDLE"))

    def wait(self, folder: str, seconds: float, stopping: threading.Event) -> None:
        """Wait until something comes into a folder, for so long at most, or until `stopping`."""
        before = self.opened.get(folder)
        if before != self.open(folder):
            return
        self.client.idle()
        until = time.monotonic() + seconds
        while not stopping.is_set() and time.monotonic() < until:
            if any(b"EXISTS" in line or b"BYE" in line for line in self.client.idle_check(timeout=LOOK_SECONDS)):
                break
        # The end needs no long answer, and a process that stops has no time for one.
        self.client.socket().settimeout(STOP_SECONDS if stopping.is_set() else READ_SECONDS)
        self.client.idle_done()

    def has(self, folder: str) -> bool:
        """Whether the server has this folder."""
        return folder.upper() == "INBOX" or bool(self.client.folder_exists(folder))

    def open_to_change(self, folder: str) -> Folder:
        """Open a folder in which mails will be moved or deleted; none is marked as read by that."""
        answer = self.client.select_folder(folder)
        return Folder(int(answer.get(b"UIDVALIDITY", 0)), 0, int(answer.get(b"EXISTS", 0) or 0))

    def present(self, uids: Iterable[int]) -> list[int]:
        """Return those of these UIDs that are still in the open folder."""
        wanted = ",".join(str(uid) for uid in sorted(uids))
        return [int(uid) for uid in self.client.search(["UID", wanted])] if wanted else []

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move mails of the open folder to another one, made if need be."""
        if not self.client.folder_exists(folder):
            self.client.create_folder(folder)
        if self.client.has_capability("MOVE"):
            self.client.move(uids, folder)
            return
        self.client.copy(uids, folder)
        self.delete(uids)

    def delete(self, uids: Sequence[int]) -> None:
        """Delete mails of the open folder, and none that somebody else has marked: then they stay marked, too."""
        self.client.delete_messages(uids, silent=True)
        if self.client.has_capability("UIDPLUS"):
            self.client.uid_expunge(uids)

    def sent_folder(self, name: str) -> str | None:
        """Return the folder of sent mails: the one of this name, else the one that the server calls so."""
        found = name if name else self.client.find_special_folder(SENT)
        return str(found) if found and self.client.folder_exists(found) else None

    def append_once(self, folder: str, mail_id: str, content: bytes, sent_at: datetime) -> None:
        """Lay a mail into a folder as read, unless one with this id lies there."""
        self.open(folder)
        if not self.client.search(["HEADER", "Message-ID", mail_id]):
            self.client.append(folder, content, [SEEN], sent_at)

    def folders(self) -> list[str]:
        """Return the names of the folders."""
        return [str(name) for _flags, _delimiter, name in self.client.list_folders()]

    def uids_after(self, last: int) -> list[int]:
        """Return the UIDs behind this one in their order, none of what somebody has deleted.

        ``last+1:*`` names the last mail even where nothing is new: what is not behind is left out here.
        """
        uids = self.client.search(["UID", f"{last + 1}:*", "NOT", "DELETED"])
        return sorted({int(uid) for uid in uids if int(uid) > last})

    def marked(self, uids: Sequence[int], mark: str) -> set[int]:
        """Return those of these mails of the open folder that bear this mark of a desk."""
        found = self.client.search(["UID", f"{uids[0]}:{uids[-1]}", "HEADER", "X-Guichet-Desk", mark]) if uids else []
        return {int(uid) for uid in found}

    def uids_since(self, day: date) -> list[int]:
        """Return the UIDs of what arrived on this day or later."""
        return sorted(int(uid) for uid in self.client.search(["SINCE", day]))

    def arrivals_since(self, day: date, most: int) -> list[tuple[int, datetime]]:
        """Return the newest UIDs of what arrived on this day or later, at most so many, and when in UTC."""
        # The day is that of the server's zone.
        uids = self.uids_since(day - timedelta(days=1))[-most:]
        answers = self.client.fetch(uids, ["INTERNALDATE"]) if uids else {}
        # The library gives the time of this machine's zone.
        return [
            (uid, answers[uid][b"INTERNALDATE"].astimezone(UTC).replace(tzinfo=None)) for uid in uids if uid in answers
        ]

    def desk_marks(self, since: date, most: int) -> list[bytes]:
        """Return sender and mark of the newest mails of the open folder that a help desk like this one has sent."""
        uids = self.client.search(["SINCE", since, "HEADER", "X-Guichet-Desk", ""])
        item = "BODY.PEEK[HEADER.FIELDS (FROM X-GUICHET-DESK)]"
        answer: Any = self.client.fetch(sorted(uids)[-most:], [item]) if uids else {}
        return [bytes(value) for row in answer.values() for key, value in row.items() if key.startswith(b"BODY[")]

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Return the sizes the server names."""
        answer = self.client.fetch(uids, ["RFC822.SIZE"])
        return {int(uid): int(row.get(b"RFC822.SIZE", 0) or 0) for uid, row in answer.items()}

    def whole(self, uid: int) -> bytes | None:
        """Return a mail as it came, or None when it is gone meanwhile."""
        return self._fetch(uid, b"BODY[]", "BODY.PEEK[]")

    def head(self, uid: int) -> bytes | None:
        """Return the headers of a mail."""
        return self._fetch(uid, b"BODY[HEADER]", "BODY.PEEK[HEADER]")

    def _fetch(self, uid: int, key: bytes, item: str) -> bytes | None:
        row: Any = self.client.fetch([uid], [item]).get(uid, {})
        content = row.get(key)
        return bytes(content) if content is not None else None


@contextmanager
def connect(mailbox: Mailbox) -> Iterator[Connection]:
    """Connect and sign in. Raises OSError or what the library raises; never falls back to clear text."""
    host, port, security = mail_accounts.imap_server_of(mailbox)
    client = imapclient.IMAPClient(
        host,
        port=port,
        ssl=security == "tls",
        ssl_context=ssl.create_default_context() if security == "tls" else None,
        timeout=SocketTimeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
    )
    try:
        if security == "starttls":
            client.starttls(ssl.create_default_context())
        sign_in(client, mailbox)
        yield Connection(client)
    finally:
        with suppress(Exception):
            client.logout()
        with suppress(Exception):
            client.shutdown()


@contextmanager
def connect_for_long(mailbox: Mailbox) -> Iterator[Connection]:
    """Connect for as long as it lasts; the end of the line is noticed though nobody speaks."""
    with connect(mailbox) as connection:
        line = connection.client.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEP_ALIVE.items():
            if option := getattr(socket, name, None):
                line.setsockopt(socket.IPPROTO_TCP, option, value)
        yield connection


def sign_in(client: imapclient.IMAPClient, mailbox: Mailbox) -> None:
    """Sign in as the mailbox says: with its password, or with a token of its account."""
    if mailbox.auth != "password":
        token = mail_accounts.access_token(mailbox.id)
        try:
            client.oauth2_login(mailbox.username, token)
        except LoginError:
            mail_accounts.doubt(mailbox.id)
            raise
        return
    if password_is_lost(mailbox):
        raise PasswordLost
    client.login(mailbox.username, settings.decrypt(mailbox.secret))
