"""One mail instead of many to somebody in copy (RULES 40): what comes after the first mails of an hour is gathered.

The mails of the documents go to customers and the team and are never gathered.
"""

from __future__ import annotations

from datetime import timedelta
from html import escape

from helpdesk import clock, settings
from helpdesk.notifications import outbox_rows
from helpdesk.notifications.causes import Recipient
from helpdesk.notifications.outbox_rows import NewMail, Text
from helpdesk.settings import email_kinds
from models import OutgoingEmail, Ticket

#: Mails about tickets that somebody in copy gets within an hour, each by itself.
AN_HOUR = 5
HOUR = timedelta(hours=1)
#: The kinds of mail that are counted.
COUNTED = ("notification", "copied")
END = "</ul>"


def is_full(recipient: Recipient) -> bool:
    """Whether this address got its mails of the hour."""
    counted = OutgoingEmail.select(OutgoingEmail.id).where(
        OutgoingEmail.address == recipient.address,
        OutgoingEmail.kind.in_(COUNTED),
        OutgoingEmail.created_at > clock.now() - HOUR,
    )
    return counted.limit(AN_HOUR).count() >= AN_HOUR


def gather(recipient: Recipient, ticket: Ticket) -> None:
    """Name a ticket in the digest of this address, which goes out an hour after it was begun."""
    line = f'<li><a href="{escape(settings.site_url())}/tickets/{ticket.number}">#{ticket.number}</a></li>'
    digest = (
        OutgoingEmail.select()
        .where(
            OutgoingEmail.address == recipient.address,
            OutgoingEmail.kind == "digest",
            OutgoingEmail.state == "pending",
            OutgoingEmail.due_at > clock.now(),
        )
        .first()
    )
    if digest is None:
        outbox_rows.store_all([_new(recipient, line)])
    elif f">#{ticket.number}<" not in digest.body:
        added = digest.body.removesuffix(END) + line + END
        OutgoingEmail.update(body=added).where(
            OutgoingEmail.id == digest.id, OutgoingEmail.state == "pending"
        ).execute()


def _new(recipient: Recipient, line: str) -> OutgoingEmail:
    like = outbox_rows.text("notification", recipient.locale)
    body = f"{email_kinds.GATHERED_BODY.text(recipient.locale)}<ul>{line}{END}"
    subject = email_kinds.GATHERED_SUBJECT.text(recipient.locale)
    words = Text(subject, body, like.sender_name, like.sender_email, enabled=True)
    mail = outbox_rows.draft(NewMail("digest", words, recipient, {}))
    mail.due_at = clock.now() + HOUR
    return mail
