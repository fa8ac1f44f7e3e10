"""What went wrong with a server of incoming mail, in words that say what to look at."""

from __future__ import annotations

import socket
import ssl
from imaplib import IMAP4
from typing import Any

from helpdesk.i18n import lazy
from helpdesk.settings.mail_accounts import SignInNeeded
from helpdesk.settings.placeholders import header_safe


class PasswordLost(OSError):
    """The stored password was written with another secret key."""


class FolderMissing(OSError):
    """A folder that is to be read is not there."""


def explain(error: BaseException) -> Any:
    """Return a sentence that tells an owner what to look at."""
    if isinstance(error, PasswordLost):
        return lazy("The password cannot be read with this secret key: type it again.")
    if isinstance(error, SignInNeeded):
        return lazy("To reconnect: somebody must sign in again (%(reason)s).", reason=header_safe(str(error)))
    if isinstance(error, FolderMissing):
        return lazy("There is no folder “%(name)s” on the server.", name=str(error))
    if isinstance(error, ssl.SSLCertVerificationError):
        return lazy("The certificate of the server is not valid: %(reason)s.", reason=error.verify_message)
    if isinstance(error, ssl.SSLError):
        return lazy("The server does not speak this kind of encryption on this port.")
    if isinstance(error, socket.gaierror):
        return lazy("The name of the server was not found.")
    if isinstance(error, TimeoutError):
        return lazy("The server does not answer.")
    if isinstance(error, ConnectionRefusedError):
        return lazy("The server refuses connections on this port.")
    if isinstance(error, IMAP4.error):
        return _explain_answer(error)
    if isinstance(error, OSError):
        return lazy("The server cannot be reached.")
    return lazy("Something unexpected happened; the log of the desk tells more.")


def _explain_answer(error: IMAP4.error) -> Any:
    answer = header_safe(str(error).strip("b'\""))
    # The library's own classes are not imported here: without a mailbox nobody needs them.
    name = type(error).__name__
    if name == "LoginError":
        return lazy("The server refused the user name or password: %(answer)s", answer=answer)
    if name == "CapabilityError":
        return lazy("The server does not offer this kind of encryption or sign-in.")
    if isinstance(error, IMAP4.abort):
        return lazy("The server ended the connection.")
    return lazy("The server answered: %(answer)s", answer=answer)
