"""Sending the mails that are owed: each is claimed by one process, sent, tried again, given up visibly.
It may import lists, filters, visitors, setup and what stands before them.
Who is owed a mail is decided in `helpdesk/notifications`.

A row is written in the transaction of the act that causes it and sent after it. Several threads, processes and hosts
may deliver at once: each mail is claimed by one of them, and sent again with the same Message-ID after a crash.
"""

from __future__ import annotations

import logging
import smtplib
import threading
from contextlib import AbstractContextManager, ExitStack, nullcontext
from datetime import datetime, timedelta
from email.message import EmailMessage

from flask import Flask, current_app, has_app_context
from peewee import InterfaceError, OperationalError

from helpdesk import access, clock, journal, links, settings
from helpdesk.access import Actor
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import lazy
from helpdesk.notifications import rendering
from helpdesk.outbox import claims, retries
from helpdesk.outbox.smtp_errors import MailFailure, explain
from helpdesk.outbox.transport import Connection, Letter
from helpdesk.settings import run_state
from helpdesk.settings.environment import MailServer
from helpdesk.visitors import unconfirmed
from models import OutgoingEmail

logger = logging.getLogger(__name__)

#: What a database that is away makes of any statement: the loop goes on once it is back.
LOST = (OperationalError, InterfaceError)
#: Mails put off together when the mail server cannot be used.
TOGETHER = 10

_application: Flask | None = None


def init(app: Flask) -> None:
    """Take the templates of mails from this application."""
    global _application
    _application = app


def render(email: OutgoingEmail, link: str | None = None) -> EmailMessage:
    """Return the mail as it goes out; without `link`, with a word in place of the private link."""
    with _context():
        return rendering.compose(email, current_app.jinja_env, link)


def _context() -> AbstractContextManager[object]:
    if has_app_context():
        return nullcontext()
    if _application is None:
        raise RuntimeError("The outbox was given no application.")
    return _application.app_context()


# --- Delivering ---------------------------------------------------------------------------------------------------


def next_due() -> datetime | None:
    """Return when the next mail may be sent, which may be now; None when none waits, or there is no mail server."""
    return claims.next_due() if settings.mail_server() is not None else None


def deliver_due(stopping: threading.Event | None = None, *, limit: int = 50) -> int:
    """Send up to `limit` mails that are due and return how many; none without a mail server or from a resting copy.

    They go through one connection, each claimed when its turn comes, until `stopping` is set. Raises what the database
    says when it is away: the claim is for whoever called to release.
    """
    server = settings.mail_server()
    if server is None or run_state.is_resting_copy():
        return 0
    sent = 0
    with _context(), ExitStack() as connections:
        connection: Connection | None = None
        for _ in range(limit):
            if (stopping is not None and stopping.is_set()) or not (claimed := claims.claim()):
                break
            try:
                if connection is None:
                    connection = connections.enter_context(Connection(server))
                sent += _handle(claimed[0], connection)
            except LOST:
                raise
            except Exception as error:
                _put_off(claimed[0], error)
                break
    return sent


def _handle(email: OutgoingEmail, connection: Connection) -> int:
    try:
        if not claims.is_moot(email):
            return _send(email, connection)
        claims.store(email, state="cancelled")
    except (OSError, *LOST):
        raise
    except Exception as error:
        # One mail that cannot be handled must not hold the others up.
        logger.exception("The mail %s could not be handled.", email.mail_id)
        retries.fail(email, error, for_good=False)
    return 0


def _send(email: OutgoingEmail, connection: Connection) -> int:
    try:
        connection.send(Letter(render(email, _private_link(email)), email.from_email, email.to_email))
    except (smtplib.SMTPServerDisconnected, TimeoutError):
        raise
    except smtplib.SMTPException as error:
        retries.fail(email, error, for_good=retries.is_permanent(error))
    except (ValueError, UnicodeError) as error:
        retries.fail(email, error, for_good=True)
    else:
        claims.store(email, state="sent", sent_at=clock.now(), last_error="")
        journal.mail_ended(email)
        return 1
    return 0


def _private_link(email: OutgoingEmail) -> str | None:
    if not email.link_kind:
        return None
    if email.link_kind == unconfirmed.KIND:
        return unconfirmed.link_of(email)
    target = {"agent": email.agent, "address": email.address, "ticket": email.ticket}
    return links.url(email.link_kind, links.make(email.link_kind, **target))


def _put_off(email: OutgoingEmail, error: Exception) -> None:
    """Let a mail wait whose server could not be used, and those after it: without a reason, nobody would know why."""
    if not isinstance(error, OSError):  # smtplib's own errors are of this family
        logger.exception("The mail server could not be used.", exc_info=error)
    retries.fail(email, error, for_good=False)
    claims.put_off(TOGETHER - 1, clock.now() + timedelta(minutes=1), retries.reason_of(error))


# --- What people do on the screen -----------------------------------------------------------------------------------


def send_test(to: str, *, actor: Actor, server: MailServer | None = None) -> str:
    """Send a short mail at once and return the sentence that says so.

    `server` is what the form holds; None takes the desk's. Raises MailFailure with the reason in words, or NotAllowed.
    """
    access.require(actor, "administer")
    return hand_over(_test_mail(to), server)


def hand_over(email: OutgoingEmail, server: MailServer | None = None) -> str:
    """Send a mail that is in no outbox at once and return the sentence that says so. Raises as `send_test`."""
    server = server or settings.mail_server()
    if server is None:
        raise HelpdeskError(lazy("No mail server is set: mails wait in the outbox."))
    try:
        with _context(), Connection(server) as connection:
            connection.send(Letter(render(email), email.from_email, email.to_email))
    except (OSError, ValueError, UnicodeError) as error:
        raise MailFailure(explain(error)) from error
    return str(lazy("The mail server took the message for %(email)s.", email=email.to_email))


def _test_mail(to: str) -> OutgoingEmail:
    words = lazy("Your help desk can send e-mail.")
    return OutgoingEmail(
        kind="test",
        to_email=to,
        from_email=rendering.default_sender(),
        from_name=settings.get("desk_name"),
        locale=settings.get("language"),
        subject=str(lazy("Test message of the help desk")),
        body=f"<p>{words}</p>",
        mail_id=rendering.new_id(),
    )
