"""What went wrong with the mail server: what it answered, as a reason that is stored and told in words."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from helpdesk import settings
from helpdesk.errors import HelpdeskError
from helpdesk.notifications.headers import BadMail
from helpdesk.settings.mail_accounts import SignInNeeded
from helpdesk.settings.mail_failures import Failure
from helpdesk.settings.placeholders import header_safe

#: Answers that speak of the connection whatever they answer to: the server goes away, or wants a sign-in first.
OF_CONNECTION = frozenset({421, 530, 534, 535, 538})
#: A name of a mailbox that is not allowed (RFC 5321, 4.2.3): the answer of Postfix to a sender of somebody else.
NAME_NOT_ALLOWED = 553
#: Answers that speak of the sender: its address (5.1.7, 5.1.8) or what it may not do (5.7.1; RFC 3463, 3.2 and 3.8),
#: not allowed to send as this one (5.7.60, Exchange), or the word itself.
OF_SENDER = re.compile(r"\b5\.(?:1\.[78]|7\.(?:1|60))\b|\bsender\b", re.IGNORECASE)
#: What was refused with an answer, where it was not the message.
ANSWERS: dict[type[smtplib.SMTPException], str] = {
    smtplib.SMTPAuthenticationError: "sign-in",
    smtplib.SMTPSenderRefused: "sender",
    smtplib.SMTPConnectError: "greeting",
    smtplib.SMTPHeloError: "greeting",
}


class MailFailure(HelpdeskError):
    """The mail server did not take the message; the message says why."""


class BadName(OSError):
    """The name of the mail server can be no name: ``smtp..example.org``."""


class BadSignIn(OSError):
    """The user name or password holds letters that the protocol cannot carry."""


@contextmanager
def impossible(kind: type[OSError]) -> Iterator[None]:
    """Raise `kind` for what cannot even be sent: the libraries say it with a ValueError."""
    try:
        yield
    except ValueError as error:
        raise kind(str(error)) from error


def is_of_connection(error: smtplib.SMTPException) -> bool:
    """Whether nothing more can be sent through this connection."""
    return isinstance(error, smtplib.SMTPServerDisconnected) or bool(_codes(error) & OF_CONNECTION)


def is_permanent(error: smtplib.SMTPException) -> bool:
    """Whether the server said never of this mail: of its recipient, or of what it holds.

    A sender that is refused is a fault of how the desk is set up, which can be mended while the mail waits.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError):
        return min(_codes(error)) >= 500
    return False


def may_be_of_sender(error: smtplib.SMTPException) -> bool:
    """Whether the server refused a mail for the sender of its envelope: some say so after the recipient, or the mail.

    What it refuses for its recipient or for what it holds, it would refuse a second time.
    """
    if is_of_connection(error):
        return False
    if isinstance(error, smtplib.SMTPSenderRefused):
        return True
    return is_permanent(error) and any(
        code == NAME_NOT_ALLOWED or OF_SENDER.search(_decoded(text)) for code, text in _answers(error)
    )


def _answers(error: smtplib.SMTPException) -> list[tuple[int, bytes | str]]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return list(error.recipients.values())
    return [(error.smtp_code, error.smtp_error)] if isinstance(error, smtplib.SMTPResponseException) else []


def _codes(error: smtplib.SMTPException) -> set[int]:
    return {code for code, _text in _answers(error)}


def explain(error: Exception) -> Failure:
    """Return the reason that tells an owner what to look at."""
    if isinstance(error, BadMail):
        return error.failure
    if isinstance(error, smtplib.SMTPException):
        return _explain_answer(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure("certificate", {"reason": error.verify_message})
    if isinstance(error, SignInNeeded):
        return Failure("reconnect", {"reason": header_safe(str(error))})
    if isinstance(error, ssl.SSLError):
        return Failure("encryption")
    kinds: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
        (BadSignIn, "letters"),
        ((socket.gaierror, BadName), "name"),
        (TimeoutError, "silent"),
        (ConnectionRefusedError, "closed"),
        (OSError, "unreachable"),
    )
    return Failure(next((key for kind, key in kinds if isinstance(error, kind)), "mail"))


def _explain_answer(error: smtplib.SMTPException) -> Failure:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        return Failure("recipient", {"answer": _answer(code, answer)})
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Failure("no-encryption")
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return explain(error.__context__) if isinstance(error.__context__, TimeoutError) else Failure("ended")
    if not isinstance(error, smtplib.SMTPResponseException):
        return Failure("message-bare")
    if isinstance(error, smtplib.SMTPAuthenticationError) and settings.mail_password_is_lost():
        return Failure("password-lost")
    return Failure(ANSWERS.get(type(error), "message"), {"answer": _answer(error.smtp_code, error.smtp_error)})


def _answer(code: int, text: bytes | str) -> str:
    return header_safe(f"{code} {_decoded(text)}")


def _decoded(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text
