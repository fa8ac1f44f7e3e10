"""When a failed mail is tried again: by itself after a pause, or by somebody on the screen."""

from __future__ import annotations

import logging
import smtplib
from datetime import timedelta

from helpdesk import access, clock, journal, settings
from helpdesk.access import Actor
from helpdesk.events import transaction
from helpdesk.i18n import in_language
from helpdesk.outbox import claims
from helpdesk.outbox.smtp_errors import explain
from models import Message, OutgoingEmail

logger = logging.getLogger(__name__)


def is_permanent(error: smtplib.SMTPException) -> bool:
    """Whether the server said never: a recipient it refuses, or a content it refuses."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500


def fail(email: OutgoingEmail, error: Exception, *, for_good: bool) -> None:
    """Let a mail wait for its next try, or give it up: for good, or after the last one."""
    reason = reason_of(error)
    if for_good or email.attempts > len(claims.DELAYS):
        logger.warning("The mail %s to %s was given up: %s", email.mail_id, email.to_email, reason)
        claims.store(email, state="failed", last_error=reason)
        journal.mail_ended(email, reason)
    else:
        due = clock.now() + timedelta(minutes=claims.DELAYS[email.attempts - 1])
        claims.store(email, state="pending", due_at=due, last_error=reason)


def reason_of(error: Exception) -> str:
    """Return why a mail could not be sent, in the desk's language."""
    with in_language(settings.get("language")):
        return str(explain(error))


def retry(email: OutgoingEmail, *, actor: Actor) -> None:
    """Send a mail anew that failed or waits for its next try. Raises NotAllowed."""
    access.require(actor, "configure")
    with transaction():
        OutgoingEmail.update(state="pending", attempts=0, due_at=clock.now(), last_error="").where(
            OutgoingEmail.id == email.id, OutgoingEmail.state.in_(["pending", "failed", "cancelled"])
        ).execute()


def retry_message(message: Message, *, actor: Actor) -> int:
    """Send the mails of a message anew that were given up; return how many. Raises NotFound for a ticket of others."""
    access.require(actor, "reply", message.ticket)
    mails = OutgoingEmail.update(state="pending", attempts=0, due_at=clock.now(), last_error="").where(
        OutgoingEmail.message == message.id, OutgoingEmail.state == "failed"
    )
    with transaction():
        return int(mails.execute())
