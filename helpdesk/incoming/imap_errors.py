"""What went wrong with a server of incoming mail, as a reason that is stored and told in words."""

from __future__ import annotations

import socket
import ssl
from imaplib import IMAP4

from helpdesk.settings.mail_accounts import SignInNeeded
from helpdesk.settings.mail_failures import Failure
from helpdesk.settings.placeholders import header_safe


class PasswordLost(OSError):
    """The stored password was written with another secret key."""


class FolderMissing(OSError):
    """A folder that is to be read is not there."""


#: What the system or a library says, the most special first.
KINDS: tuple[tuple[type[BaseException], str], ...] = (
    (PasswordLost, "mailbox-password-lost"),
    (ssl.SSLError, "mailbox-encryption"),
    (socket.gaierror, "mailbox-name"),
    (TimeoutError, "mailbox-silent"),
    (ConnectionRefusedError, "mailbox-closed"),
    (OSError, "mailbox-unreachable"),
)


def explain(error: BaseException) -> Failure:
    """Return the reason that tells an owner what to look at."""
    if isinstance(error, SignInNeeded):
        return Failure("mailbox-reconnect", {"reason": header_safe(str(error))})
    if isinstance(error, FolderMissing):
        return Failure("mailbox-folder", {"name": str(error)})
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure("mailbox-certificate", {"reason": error.verify_message.rstrip(".")})
    if isinstance(error, IMAP4.error):
        return _explain_answer(error)
    return Failure(next((key for kind, key in KINDS if isinstance(error, kind)), "mailbox"))


def _explain_answer(error: IMAP4.error) -> Failure:
    # The library's own classes are not imported here: without a mailbox nobody needs them.
    name = type(error).__name__
    if name == "CapabilityError":
        return Failure("mailbox-not-offered")
    if name != "LoginError" and isinstance(error, IMAP4.abort):
        return Failure("mailbox-ended")
    key = "mailbox-sign-in" if name == "LoginError" else "mailbox-answer"
    return Failure(key, {"answer": header_safe(str(error).strip("b'\""))})
