"""What went wrong with the mail server, in words."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from helpdesk import settings
from helpdesk.errors import HelpdeskError
from helpdesk.i18n import lazy
from helpdesk.settings.placeholders import header_safe


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


def explain(error: Exception) -> Any:
    """Return a sentence that tells an owner what to look at."""
    if isinstance(error, smtplib.SMTPException):
        return _explain_answer(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return lazy("The certificate of the mail server is not valid: %(reason)s.", reason=error.verify_message)
    if isinstance(error, ssl.SSLError):
        return lazy("The mail server does not speak this kind of encryption on this port.")
    if isinstance(error, BadSignIn):
        return lazy("The user name or password of the mail server holds letters that it cannot take, such as “é”.")
    if isinstance(error, socket.gaierror | BadName):
        return lazy("The name of the mail server was not found.")
    if isinstance(error, TimeoutError):
        return lazy("The mail server does not answer.")
    if isinstance(error, ConnectionRefusedError):
        return lazy("The mail server refuses connections on this port.")
    if isinstance(error, OSError):
        return lazy("The mail server cannot be reached.")
    if isinstance(error, ValueError):
        return lazy("The address %(email)s cannot be written to.", email=header_safe(str(error)))
    return lazy("The mail could not be written; the log of the desk tells more.")


def _explain_answer(error: smtplib.SMTPException) -> Any:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        return lazy("The mail server refused the recipient: %(answer)s", answer=_answer(code, answer))
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return lazy("The mail server offers neither this encryption nor a sign-in on this port.")
    if isinstance(error, smtplib.SMTPServerDisconnected):
        if isinstance(error.__context__, TimeoutError):
            return explain(error.__context__)
        return lazy("The mail server ended the connection.")
    if isinstance(error, smtplib.SMTPAuthenticationError) and settings.mail_password_is_lost():
        return lazy("The password of the mail server cannot be read with this secret key: type it again.")
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return lazy("The mail server refused the user name or password: %(answer)s", answer=_answer_of(error))
    if isinstance(error, smtplib.SMTPSenderRefused):
        return lazy("The mail server refused the sender: %(answer)s", answer=_answer_of(error))
    if isinstance(error, smtplib.SMTPResponseException):
        return lazy("The mail server refused the message: %(answer)s", answer=_answer_of(error))
    return lazy("The mail server refused the message.")


def _answer_of(error: smtplib.SMTPResponseException) -> str:
    return _answer(error.smtp_code, error.smtp_error)


def _answer(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return header_safe(f"{code} {words}")
