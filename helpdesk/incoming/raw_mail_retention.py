"""How long mails that came in are kept: with their ticket, else some days, and nothing else deletes them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from peewee import Expression

from database import database
from helpdesk import clock, settings
from helpdesk.incoming import raw_mail
from models import IncomingMail, MailRecipient

#: Rows deleted in one transaction.
AT_ONCE = 500
#: What a mail whose ticket was purged is: it belonged to one, and goes as the ticket went.
OF_TICKETS = ("new", "message", "reply", "note")
#: Days for which the row of a mail stays when its bytes are gone: what came once is known by its hash.
REMEMBERED = 730


def purge() -> int:
    """Delete the bytes of mails that are no longer kept, then the sweep takes what no row names; return how many."""
    now = clock.now()
    others = now - timedelta(days=int(settings.get("mail_days")))
    held = now - timedelta(days=int(settings.get("held_mail_days")))
    free = IncomingMail.ticket.is_null()
    decided = IncomingMail.state.in_(["bounce", "automatic", "ignored"]) & (IncomingMail.received_at < others)
    gone = sum(
        sum(_forget(condition))
        for condition in (
            free & decided,
            free & IncomingMail.state.in_(OF_TICKETS),
            free & (IncomingMail.state == "held") & (IncomingMail.received_at < held),
        )
    )
    IncomingMail.delete().where(
        IncomingMail.path.is_null(), IncomingMail.received_at < now - timedelta(days=REMEMBERED)
    ).execute()
    raw_mail.sweep()
    return gone


def forget_from(email: str) -> None:
    """Forget the mails of an address that belong to no ticket."""
    for _count in _forget(IncomingMail.ticket.is_null() & (IncomingMail.from_email == email)):
        pass


def _forget(condition: Expression) -> Iterator[int]:
    """Drop what mails said and where they lie; what stays of each is its hash, so that it never comes in twice."""
    while True:
        with database.atomic():
            rows = IncomingMail.select(IncomingMail.id, IncomingMail.path).where(
                condition, IncomingMail.path.is_null(False)
            )
            batch = list(rows.limit(AT_ONCE).tuples())
            if not batch:
                return
            MailRecipient.delete().where(MailRecipient.mail.in_([key for key, _path in batch])).execute()
            IncomingMail.update(
                path=None, explanation={}, subject="", from_name="", from_email="", state="ignored", reason="forgotten"
            ).where(IncomingMail.id.in_([key for key, _path in batch])).execute()
        raw_mail.discard(path for _key, path in batch)
        yield len(batch)
