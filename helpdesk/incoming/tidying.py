"""Tidying up on the server: what is stored here and decided is moved or deleted there, where a mailbox says so.

A mail that waits for a decision stays, and so does one that is not here whole, whatever was decided about it. What
fails is tried again in an hour.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from itertools import groupby, islice

from peewee import SQL

from helpdesk import clock
from helpdesk.errors import NotFound
from helpdesk.incoming import collection, raw_mail, suppressed_mail
from helpdesk.incoming.imap_errors import explain
from helpdesk.settings import lookups, run_state
from models import IncomingMail, Mailbox

logger = logging.getLogger(__name__)

#: What is decided for good.
DECIDED = ("new", "message", "reply", "note", "bounce", "automatic", "ignored")
#: Mails of a mailbox in one run.
AT_ONCE = 500
#: By what a mail is found on its server.
KEYS = (IncomingMail.id, IncomingMail.folder, IncomingMail.uid, IncomingMail.uid_validity)


def run() -> None:
    """Tidy every mailbox that says so; nothing in a restored copy that rests."""
    if run_state.is_resting_copy():
        return
    for mailbox in lookups.mailboxes(enabled_only=True):
        if mailbox.kind == "imap" and mailbox.after != "leave":
            try:
                tidy(mailbox)
            except Exception as error:
                logger.warning(
                    "The mailbox %s could not be tidied: %s",
                    mailbox,
                    explain(error),
                    exc_info=not isinstance(error, OSError),
                )


def tidy(mailbox: Mailbox) -> int:
    """Move or delete what is due, and return how many mails. Raises what the connection raises."""
    due = _due(mailbox)
    if not due:
        return 0
    done = 0
    with collection.imap().connect(mailbox) as connection:
        for name, rows in groupby(due, key=lambda row: row.folder):
            mails = list(rows)
            validity = connection.open_to_change(name).validity if connection.has(name) else None
            # Under other numbers they are other mails.
            mine = {row.uid for row in mails if row.uid_validity == validity}
            there = [uid for uid in connection.present(mine) if uid in mine]
            if there and mailbox.after == "move":
                connection.move(there, mailbox.after_folder)
            elif there:
                connection.delete(there)
            # Also what is gone from there: looked for again each time, it would hide what came after it.
            IncomingMail.update(tidied_at=clock.now()).where(IncomingMail.id.in_([row.id for row in mails])).execute()
            done += len(there)
    return done


def _due(mailbox: Mailbox) -> list[IncomingMail]:
    """Return the mails that are due, by folder: decided so many days ago and whole on our disk, or not kept at all."""
    limit = clock.now() - timedelta(days=mailbox.after_days)
    # Without what was read of them: PostgreSQL hands over all rows at once.
    columns = (*KEYS, IncomingMail.path, IncomingMail.reason)
    # Of whom nothing is kept, nothing waits there either.
    is_whole = IncomingMail.path.is_null(False) & ~IncomingMail.headers_only & (IncomingMail.decided_at < limit)
    rows = IncomingMail.select(*columns).where(
        IncomingMail.mailbox == mailbox.id,
        SQL("tidied_at IS NULL AND uid IS NOT NULL"),
        IncomingMail.state.in_(DECIDED),
        is_whole | (IncomingMail.reason == suppressed_mail.REASON),
        # What the team has sent is theirs.
        ~IncomingMail.is_sent,
    )
    here = filter(_is_here, rows.order_by(IncomingMail.id).iterator())
    return sorted(islice(here, AT_ONCE), key=lambda row: (row.folder, row.uid))


def _is_here(mail: IncomingMail) -> bool:
    if mail.reason == suppressed_mail.REASON:
        return True
    try:
        raw_mail.location(mail)
    except NotFound:
        return False
    return True
