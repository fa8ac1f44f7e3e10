"""The e-mails of a message that is corrected: those that wait are written anew, those that left are named."""

from __future__ import annotations

from database import is_sqlite
from helpdesk.notifications import contents, outbox_rows
from models import Message, OutgoingEmail

#: States of an e-mail that may still leave.
WAITING = ("pending", "failed", "cancelled")
#: The kinds that carry a reply to its readers, or say that it is there.
OF_REPLIES = ("notification", "copy", "correction")


def hold(message: Message) -> None:
    """Let no e-mail of a message that waits leave until the caller's transaction is stored.

    What is just being claimed is waited for: `reached` names it then.
    """
    waiting = OutgoingEmail.select(OutgoingEmail.id).where(OutgoingEmail.message == message.id)
    if not is_sqlite():
        list(waiting.order_by(OutgoingEmail.id).for_update("FOR UPDATE").tuples())


def reached(message: Message) -> list[str]:
    """Return the addresses that an e-mail about this reply has left for, or is just leaving for."""
    query = OutgoingEmail.select(OutgoingEmail.to_email).where(
        OutgoingEmail.message == message.id,
        OutgoingEmail.kind.in_(OF_REPLIES),
        OutgoingEmail.state.not_in(WAITING),
    )
    return sorted({email for (email,) in query.tuples()})


def rewrite(message: Message) -> int:
    """Let the e-mails of a message that wait leave with its present text; return how many. In the caller's transaction.

    So are those that came back: sent again, they must not carry what was corrected.
    """
    mails = OutgoingEmail.select().where(
        OutgoingEmail.message == message.id,
        OutgoingEmail.state.in_(WAITING) | OutgoingEmail.bounced_at.is_null(False),
    )
    written = 0
    for mail in mails:
        new = contents.again(mail, message)
        if new is not None:
            made = outbox_rows.new_email(new)
            written += (
                OutgoingEmail.update(subject=made.subject, body=made.body).where(OutgoingEmail.id == mail.id).execute()
            )
    return written
