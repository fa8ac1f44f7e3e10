"""Copies of what agents wrote in the folder of sent e-mails, where a mailbox says so: each once.

Whoever reads the mailbox with another program sees there what was answered. A copy shows the answer itself, and never
the private link.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from peewee import SQL, fn

from helpdesk import clock, outbox
from helpdesk.incoming import collection
from helpdesk.incoming.imap_errors import FolderMissing, explain
from helpdesk.settings import lookups, run_state
from models import Mailbox, OutgoingEmail

logger = logging.getLogger(__name__)

SENDER = fn.LOWER(OutgoingEmail.from_email)
#: Copies of one run in one mailbox.
AT_ONCE = 50
#: As literal text, or SQLite reads every row.
WAITING = SQL("sent_copy IN ('due', 'tried')")
#: For how long one is tried.
PATIENCE = timedelta(days=7)


def run() -> None:
    """Lay down the copies that are due; none from a restored copy that rests."""
    if not OutgoingEmail.select().where(WAITING).exists() or run_state.is_resting_copy():
        return
    # Also those that fail for now: they wanted the copies when the mails left.
    mailboxes = [row for row in lookups.mailboxes(enabled_only=True) if row.copy_sent and row.kind == "imap"]
    addresses = [email for mailbox in mailboxes for email in lookups.mailbox_addresses(mailbox)]
    sent_at = OutgoingEmail.sent_at
    is_late = sent_at.is_null() | (sent_at < clock.now() - PATIENCE) | SENDER.not_in(addresses)
    OutgoingEmail.update(sent_copy="refused").where(WAITING, is_late).execute()
    for mailbox in mailboxes:
        try:
            _lay_down(mailbox, _due(mailbox))
        except Exception as error:
            logger.warning(
                "Sent e-mails could not be copied into the mailbox %s: %s",
                mailbox,
                explain(error),
                exc_info=not isinstance(error, OSError),
            )


def _due(mailbox: Mailbox) -> list[OutgoingEmail]:
    """Return what is due in one mailbox, so that one that fails holds up no other."""
    mine = OutgoingEmail.select().where(WAITING, SENDER.in_(lookups.mailbox_addresses(mailbox)))
    # What its server has refused before holds up nothing that is due.
    return list(mine.order_by(OutgoingEmail.sent_copy, OutgoingEmail.id).limit(AT_ONCE))


def _lay_down(mailbox: Mailbox, rows: list[OutgoingEmail]) -> None:
    if not rows:
        return
    with collection.imap().connect(mailbox) as connection:
        folder = connection.sent_folder(mailbox.sent_folder)
        if folder is None:
            raise FolderMissing(mailbox.sent_folder or "Sent")
        for email in rows:
            try:
                content = _content(email)
            except Exception:
                logger.exception("The mail %s cannot be written again.", email.mail_id)
                _mark(email, "refused")
                continue
            # The server is asked for the id first: a crash may come here, and some keep what is sent by themselves.
            _mark(email, "tried")
            connection.append_once(folder, email.mail_id, content, email.sent_at)
            _mark(email, "stored")


def _content(email: OutgoingEmail) -> bytes:
    """Return the copy: what the agent wrote, in the frame of the mail, whose own text may only say that it is there."""
    if email.message is not None:
        email.body = email.message.body
    return outbox.render(email).as_bytes()


def _mark(email: OutgoingEmail, state: str) -> None:
    OutgoingEmail.update(sent_copy=state).where(OutgoingEmail.id == email.id).execute()
