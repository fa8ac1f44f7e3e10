"""Copies of what agents wrote in the folder of sent e-mails, where a mailbox says so: each once.

Whoever reads the mailbox with another program sees there what was answered. A copy shows the answer itself, and never
the private link.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from itertools import groupby

from peewee import SQL

from helpdesk import clock, outbox
from helpdesk.incoming import collection
from helpdesk.incoming.imap_errors import FolderMissing, explain
from helpdesk.settings import lookups, run_state
from models import Mailbox, OutgoingEmail

logger = logging.getLogger(__name__)

#: Copies of one run.
AT_ONCE = 50
#: As literal text, or SQLite reads every row.
WAITING = SQL("sent_copy IN ('due', 'tried')")
#: For how long one is tried.
PATIENCE = timedelta(days=7)


def run() -> None:
    """Lay down the copies that are due; none from a restored copy that rests."""
    # What a server has refused before holds up nothing that is due.
    due = OutgoingEmail.select().where(WAITING).order_by(OutgoingEmail.sent_copy, OutgoingEmail.id)
    rows = list(due.limit(AT_ONCE))
    if not rows or run_state.is_resting_copy():
        return
    old = clock.now() - PATIENCE
    for mailbox, group in groupby(sorted(rows, key=_place), key=_place):
        row, emails = lookups.mailbox(mailbox), list(group)
        late = [email for email in emails if row is None or email.sent_at is None or email.sent_at < old]
        _mark(late, "refused")
        if row is not None and len(late) < len(emails):
            try:
                _lay_down(row, [email for email in emails if email not in late])
            except Exception as error:
                logger.warning(
                    "Sent e-mails could not be copied into the mailbox %s: %s",
                    row,
                    explain(error),
                    exc_info=not isinstance(error, OSError),
                )


def _place(email: OutgoingEmail) -> int:
    """Return the id of the mailbox that gets the copy, 0 for none: it may fail for now, and was wanted when it left."""
    rows = (row for row in lookups.mailboxes(enabled_only=True) if row.copy_sent and row.kind == "imap")
    address = email.from_email.casefold()
    return next((int(row.id) for row in rows if address in lookups.mailbox_addresses(row)), 0)


def _lay_down(mailbox: Mailbox, rows: list[OutgoingEmail]) -> None:
    with collection.imap().connect(mailbox) as connection:
        folder = connection.sent_folder(mailbox.sent_folder)
        if folder is None:
            raise FolderMissing(mailbox.sent_folder or "Sent")
        for email in rows:
            try:
                content = _content(email)
            except Exception:
                logger.exception("The mail %s cannot be written again.", email.mail_id)
                _mark([email], "refused")
                continue
            # The server is asked for the id first: a crash may come here, and some keep what is sent by themselves.
            _mark([email], "tried")
            connection.append_once(folder, email.mail_id, content, email.sent_at)
            _mark([email], "stored")


def _content(email: OutgoingEmail) -> bytes:
    """Return the copy: what the agent wrote, in the frame of the mail, whose own text may only say that it is there."""
    if email.message is not None:
        email.body = email.message.body
    return outbox.render(email).as_bytes()


def _mark(emails: list[OutgoingEmail], state: str) -> None:
    OutgoingEmail.update(sent_copy=state).where(OutgoingEmail.id.in_([email.id for email in emails])).execute()
