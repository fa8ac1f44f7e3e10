"""A connection to a mail server that speaks IMAP: encrypted, with time limits, and reading only.

This module imports the IMAP library. Nothing imports it before the first mailbox of that kind exists.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

import imapclient
from imapclient import SocketTimeout
from imapclient.exceptions import LoginError

from helpdesk import settings
from helpdesk.incoming.imap_errors import PasswordLost
from helpdesk.incoming.mailboxes import password_is_lost
from helpdesk.settings import mail_accounts
from models import Mailbox

CONNECT_SECONDS, READ_SECONDS = 15, 60


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

    def open(self, folder: str) -> Folder:
        """Open a folder for reading."""
        answer = self.client.select_folder(folder, readonly=True)
        return Folder(
            int(answer.get(b"UIDVALIDITY", 0)), int(answer.get(b"UIDNEXT", 0) or 0), int(answer.get(b"EXISTS", 0) or 0)
        )

    def folders(self) -> list[str]:
        """Return the names of the folders."""
        return [str(name) for _flags, _delimiter, name in self.client.list_folders()]

    def uids_after(self, last: int) -> list[int]:
        """Return the UIDs behind this one in their order, none of what somebody has deleted.

        ``last+1:*`` names the last mail even where nothing is new: what is not behind is left out here.
        """
        uids = self.client.search(["UID", f"{last + 1}:*", "NOT", "DELETED"])
        return sorted({int(uid) for uid in uids if int(uid) > last})

    def uids_since(self, day: date) -> list[int]:
        """Return the UIDs of what arrived on this day or later."""
        return sorted(int(uid) for uid in self.client.search(["SINCE", day]))

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
    client = imapclient.IMAPClient(
        mailbox.host,
        port=mailbox.port,
        ssl=mailbox.security == "tls",
        ssl_context=ssl.create_default_context() if mailbox.security == "tls" else None,
        timeout=SocketTimeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
    )
    try:
        if mailbox.security == "starttls":
            client.starttls(ssl.create_default_context())
        sign_in(client, mailbox)
        yield Connection(client)
    finally:
        with suppress(Exception):
            client.logout()
        with suppress(Exception):
            client.shutdown()


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
