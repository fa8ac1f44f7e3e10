"""What becomes of a mail that was not sent: the server is asked again for five days, or it is given up, visibly.

What is given up waits for somebody: to be sent again, or to be left.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from helpdesk import access, clock, journal
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.events import transaction
from helpdesk.i18n import lazy
from helpdesk.notifications import recipients, withholding
from helpdesk.outbox import claims, outbox_health
from helpdesk.outbox.outbox_health import Fault
from helpdesk.settings.mail_failures import Failure
from models import Agent, Message, OutgoingEmail

logger = logging.getLogger(__name__)

#: For how long a mail is tried that a server puts off: four or five days at least, says RFC 5321 (4.5.4.1).
PATIENCE = timedelta(days=5)
#: The pause after the first try; later ones are as long as the mail has waited, up to an hour.
SHORTEST = timedelta(minutes=1)
#: Mails given up, or sent again, in one transaction.
AT_ONCE = 500


def defer(email: OutgoingEmail, failure: Failure) -> None:
    """Let a mail wait whose server said "not now": it uses up no try. After five days of that it is given up."""
    now = clock.now()
    since = min(email.deferred_since or now, now)
    if now - email.due_at > outbox_health.UNTRIED:
        # Nobody has tried it for days: the desk was off, or the clock jumped.
        since = now
    if now - since >= PATIENCE:
        give_up(email, failure)
        return
    pause = min(max(now - since, SHORTEST), claims.LONGEST_PAUSE)
    values = {"deferred_since": since, "due_at": now + pause, "last_error": failure.stored}
    claims.store(email, state="pending", attempts=email.attempts - 1, **values)


def put_back(email: OutgoingEmail) -> None:
    """Let a mail wait as if it had not been taken: the server could not be used at all."""
    claims.store(email, state="pending", attempts=email.attempts - 1)


def give_up(email: OutgoingEmail, failure: Failure) -> None:
    """Let a claimed mail fail for good."""
    _tell(email, failure)
    claims.store(email, state="failed", last_error=failure.stored)


def give_up_late(fault: Fault) -> None:
    """Let the mails fail that have waited for the mail server for five days, while it was at fault."""
    limit = clock.now() - PATIENCE
    if fault.since > limit:
        return
    late = OutgoingEmail.select().where(OutgoingEmail.state == "pending", OutgoingEmail.due_at <= limit)
    with transaction():
        rows = list(late.order_by(OutgoingEmail.due_at, OutgoingEmail.id).limit(AT_ONCE))
        ids = [row.id for row in rows]
        given = OutgoingEmail.update(state="failed", last_error=fault.failure.stored)
        given.where(OutgoingEmail.id.in_(ids), OutgoingEmail.state == "pending").execute()
        for email in rows:
            _tell(email, fault.failure)


def _tell(email: OutgoingEmail, failure: Failure) -> None:
    logger.warning("The mail %s to %s was given up: %s", email.mail_id, email.to_email, failure.in_log)
    journal.mail_ended(email, failure)


# --- What people do on the screen -----------------------------------------------------------------------------------


def retry(email: OutgoingEmail, *, actor: Actor) -> None:
    """Send a mail anew that failed or waits for its next try.

    Raises NotAllowed, or InvalidInput where the ticket is no longer that of whom it went to.
    """
    access.require(actor, "configure")
    with transaction():
        if not may_go(email):
            text = lazy(
                "Ticket %(number)s is no longer that of %(email)s: nothing of it is sent there.",
                number=email.ticket.number,
                email=email.to_email,
            )
            raise InvalidInput(text)
        OutgoingEmail.update(withholding.fresh_try()).where(
            OutgoingEmail.id == email.id,
            OutgoingEmail.state.in_(["pending", "failed", "cancelled"]) | OutgoingEmail.bounced_at.is_null(False),
        ).execute()


def may_go(email: OutgoingEmail) -> bool:
    """Whether the ticket of a mail, if it is about one, is still that of whom it goes to."""
    return bool(OutgoingEmail.select().where(OutgoingEmail.id == email.id, recipients.concerned()).exists())


def retry_failed(*, actor: Agent) -> int:
    """Send all mails anew that failed, of those the actor may read; return how many. Raises NotAllowed.

    One whose ticket is no longer that of whom it went to is cancelled by the deliverer.
    """
    return _end_failed(withholding.fresh_try(), actor)


def leave_failed(*, actor: Agent) -> int:
    """Leave all mails that failed unsent, of those the actor may read; return how many. Raises NotAllowed."""
    return _end_failed({"state": "cancelled"}, actor)


def _end_failed(values: dict[str, Any], actor: Agent) -> int:
    access.require(actor, "configure")
    count = 0
    while ids := [key for (key,) in outbox_health.failed_of(actor).limit(AT_ONCE).tuples()]:
        with transaction():
            changed = OutgoingEmail.update(values).where(OutgoingEmail.id.in_(ids), OutgoingEmail.state == "failed")
            count += int(changed.execute())
    outbox_health.forget_count()
    return count


def retry_message(message: Message, *, actor: Actor) -> int:
    """Send the mails of a message anew that were given up; return how many. Raises NotFound for a ticket of others."""
    access.require(actor, "reply", message.ticket)
    mails = OutgoingEmail.update(withholding.fresh_try()).where(
        OutgoingEmail.message == message.id, OutgoingEmail.state == "failed", recipients.concerned()
    )
    with transaction():
        return int(mails.execute())
