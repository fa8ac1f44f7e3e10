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
from datetime import datetime
from email.message import EmailMessage

from flask import Flask, current_app, has_app_context
from peewee import DoesNotExist, IntegrityError, InterfaceError, OperationalError

from helpdesk import access, clock, i18n, journal, links, settings
from helpdesk.access import Actor
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import lazy
from helpdesk.notifications import copy_digest, rendering, reply_address
from helpdesk.notifications.headers import BadMail
from helpdesk.outbox import claims, outbox_health, retries
from helpdesk.outbox.smtp_errors import MailFailure, explain, is_of_connection, is_permanent
from helpdesk.outbox.transport import Connection, Letter
from helpdesk.settings import run_state
from helpdesk.settings.environment import MailServer
from helpdesk.settings.mail_failures import Failure
from helpdesk.visitors import unconfirmed
from models import OutgoingEmail

logger = logging.getLogger(__name__)

#: What a database that is away makes of any statement: the loop goes on once it is back.
LOST = (OperationalError, InterfaceError)

_application: Flask | None = None


def init(app: Flask) -> None:
    """Take the templates of mails from this application."""
    global _application
    _application = app


def render(email: OutgoingEmail, link: str | None = None) -> EmailMessage:
    """Return the mail as it goes out; without `link`, with a word in place of the private link."""
    # Templates are compiled for each language, and outside a request nobody reads along.
    with _context(), i18n.in_language(email.locale):
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
    server = settings.mail_server()
    due = claims.next_due() if server is not None else None
    fault = outbox_health.fault(server) if due is not None else None
    return due if due is None or fault is None else max(due, fault.until)


def deliver_due(stopping: threading.Event | None = None, *, limit: int = 50) -> int:
    """Send up to `limit` mails that are due and return how many.

    None are sent without a mail server, while a server that failed is left alone, or from a resting copy. They go
    through one connection, each claimed when its turn comes, until `stopping` is set. Raises what the database says
    when it is away: the claim is for whoever called to release.
    """
    server = settings.mail_server()
    if server is None or run_state.is_resting_copy() or _is_left_alone(server):
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
                if connection is None:
                    retries.put_back(claimed[0])
                else:
                    retries.defer(claimed[0], explain(error))
                _server_failed(server, error)
                break
        if sent:
            outbox_health.note_answer(server)
    return sent


def next_greeting() -> datetime | None:
    """Return when the mail server is to be greeted, which may be now; None when there is none, or a copy rests."""
    server = settings.mail_server()
    return None if server is None or run_state.is_resting_copy() else outbox_health.next_call(server)


def greet() -> Failure | None:
    """Call the mail server, sign in, and return what is wrong with it, None when all is well."""
    server = settings.mail_server()
    if server is None or run_state.is_resting_copy():
        return None
    try:
        with _context(), Connection(server):
            outbox_health.note_answer(server)
    except LOST:
        raise
    except Exception as error:
        return _server_failed(server, error)
    return None


def _is_left_alone(server: MailServer) -> bool:
    fault = outbox_health.fault(server)
    return fault is not None and fault.until > clock.now()


def _server_failed(server: MailServer, error: Exception) -> Failure:
    """Remember what is wrong with the mail server, and give up what has waited for it for days."""
    if not isinstance(error, OSError):  # smtplib's own errors are of this family
        logger.exception("The mail server could not be used.", exc_info=error)
    fault = outbox_health.note_fault(server, explain(error))
    retries.give_up_late(fault)
    return fault.failure


def _handle(email: OutgoingEmail, connection: Connection, *, is_second: bool = False) -> int:
    """Send a claimed mail and return 1, or say why not. Raises what is wrong with the connection."""
    try:
        if claims.is_moot(email):
            claims.store(email, state="cancelled")
            return 0
        if email.kind == "digest" and email.address_id is not None:
            email.body = copy_digest.with_private_links(email)
        written = render(email, _private_link(email))
        letter = Letter(written, email.from_email, email.to_email, reply_address.return_path(email))
    except LOST:
        raise
    except (DoesNotExist, IntegrityError) as error:
        # Its ticket was merged into another one, or purged, since this was claimed: the row tells.
        now = claims.as_it_is_now(email)
        if now is not None and not is_second:
            return _handle(now, connection, is_second=True)
        if now is not None:
            _give_up(email, error)
        return 0
    except Exception as error:
        # One mail that cannot be written must not hold the others up.
        _give_up(email, error)
        return 0
    return _send(email, letter, connection)


def _give_up(email: OutgoingEmail, error: Exception) -> None:
    if not isinstance(error, BadMail):
        logger.error("The mail %s could not be written.", email.mail_id, exc_info=error)
    retries.give_up(email, explain(error))


def _send(email: OutgoingEmail, letter: Letter, connection: Connection) -> int:
    try:
        connection.hand_over(letter)
    except smtplib.SMTPException as error:
        if is_of_connection(error):
            raise
        (retries.give_up if is_permanent(error) else retries.defer)(email, explain(error))
        return 0
    copy = "due" if _is_to_copy(email) else None
    claims.store(email, state="sent", sent_at=clock.now(), last_error="", sent_copy=copy)
    journal.mail_ended(email)
    return 1


def _is_to_copy(email: OutgoingEmail) -> bool:
    """Whether a mailbox keeps a copy: of what an agent wrote to the customer of the ticket."""
    if email.automatic or email.ticket_id is None or email.address_id is None:
        return False
    mailbox = reply_address.mailbox_at(email.from_email)
    is_wanted = mailbox is not None and mailbox.copy_sent
    return is_wanted and email.address.customer_id == email.ticket.customer_id


def _private_link(email: OutgoingEmail) -> str | None:
    if not email.link_kind:
        return None
    if email.link_kind == unconfirmed.KIND:
        return unconfirmed.link_of(email)
    if email.link_kind == "erase":
        wanted = claims.wanted_erasure(email)
        return links.url("erase", links.erase_token(wanted.id)) if wanted is not None else None
    target = {"agent": email.agent, "address": email.address, "ticket": email.ticket}
    return links.url(email.link_kind, links.make(email.link_kind, **target))


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
    except LOST:
        raise
    except Exception as error:
        if not isinstance(error, OSError | BadMail):
            logger.exception("The mail to %s could not be handed over.", email.to_email)
        raise MailFailure(explain(error)) from error
    return str(lazy("The mail server took the message for %(email)s.", email=email.to_email))


def send_unstored(email: OutgoingEmail) -> None:
    """Try once to send a mail that stands in no outbox: where that fails, neither it nor its address is kept."""
    server = settings.mail_server()
    if server is None or claims.is_unreached(email) or run_state.is_resting_copy() or _is_left_alone(server):
        return
    try:
        with _context(), Connection(server) as connection:
            connection.hand_over(Letter(render(email), email.from_email, email.to_email))
    except LOST:
        raise
    except Exception as error:
        logger.warning("An e-mail that is not kept could not be sent (%s).", type(error).__name__)


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
