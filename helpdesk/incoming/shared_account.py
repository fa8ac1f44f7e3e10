"""Accounts that are read twice: by two mailboxes of this desk, or by another desk beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from helpdesk import clock
from helpdesk.i18n import lazy
from helpdesk.incoming import mailboxes
from helpdesk.notifications import reply_address
from helpdesk.settings import lookups, mail_accounts
from models import Mailbox

#: Days that are looked through for another desk, and mails of a folder.
DAYS, MOST = 60, 50


def same_as(mailbox: Mailbox) -> list[Mailbox]:
    """Return the other mailboxes that read a folder which this one reads."""
    if mailbox.kind != "imap" or not mailbox.enabled:
        return []
    mine, read = _account(mailbox), set(mailboxes.folders(mailbox))
    others = [row for row in lookups.mailboxes(enabled_only=True) if row.kind == "imap" and row.id != mailbox.id]
    return [row for row in others if _account(row) == mine and read & set(mailboxes.folders(row))]


def _account(mailbox: Mailbox) -> tuple[str, str]:
    host, _port, _security = mail_accounts.imap_server_of(mailbox)
    return host.lower(), mailbox.username.lower()


def same_text(other: Mailbox) -> Any:
    """Return the sentence that names the other mailbox."""
    return lazy(
        "“%(name)s” reads the same folder: each e-mail comes in by both, and goes to the place of whichever is first. "
        "Give one of them the other address as well (“Other addresses”), or a folder of its own.",
        name=other.name,
    )


def sign_of_other_desk(mailbox: Mailbox, connection: Any) -> str:
    """Return where mails of another desk lie that were lately sent as an address of this mailbox.

    ``sent``: in the folder of sent mails, where only who signs in writes. ``received``: in a folder that anybody writes
    to by sending a mail, so that it may be forged. Empty: nowhere.
    """
    sent = connection.sent_folder(mailbox.sent_folder) or ""
    if sent in mailboxes.folders(mailbox) or mailboxes.moves_to(mailbox, sent):
        sent = ""
    if sent and _bears_other_mark(mailbox, connection, sent):
        return "sent"
    names = [name for name in mailboxes.folders(mailbox) if name != sent and connection.has(name)]
    return "received" if any(_bears_other_mark(mailbox, connection, name) for name in names) else ""


def _bears_other_mark(mailbox: Mailbox, connection: Any, folder: str) -> bool:
    since = clock.now().date() - timedelta(days=DAYS)
    addresses = [email.encode() for email in lookups.mailbox_addresses(mailbox)]
    ours = reply_address.desk_mark().encode()
    connection.open(folder)
    heads = [head.lower() for head in connection.desk_marks(since, MOST)]
    return any(ours not in head and any(email in head for email in addresses) for head in heads)
