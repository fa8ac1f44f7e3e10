"""The password and the client secret of a mailbox: stored encrypted, and forgotten with what they were given for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpdesk import settings
from helpdesk.i18n import lazy
from models import Mailbox

#: What is said where a password is missing.
NO_PASSWORD = lazy(
    "No password is stored: type it into the form. It is forgotten when server, port, encryption or user change."
)
#: What a stored password was given for: when it changes, the password is forgotten.
PASSWORD_OF = ("host", "port", "username", "security", "auth")
#: What a client secret was given for, and with the above what tokens were.
CLIENT_OF = ("auth", "client_id", "tenant")


def give(mailbox: Mailbox, values: Mapping[str, Any], changed: set[str]) -> None:
    """Store the password and client secret that were typed; forget those whose reason has changed."""
    for column, name, reasons in (
        ("secret", "password", PASSWORD_OF),
        ("client_secret", "client_secret_new", CLIENT_OF),
    ):
        typed = str(values.get(name) or "")
        if typed:
            setattr(mailbox, column, settings.encrypt(typed))
        elif changed & set(reasons):
            setattr(mailbox, column, "")


def lacks_password(mailbox: Mailbox) -> bool:
    """Whether a mailbox that signs in with a password has none."""
    return bool(mailbox.kind == "imap" and mailbox.auth == "password" and not mailbox.secret)


def password_is_lost(mailbox: Mailbox) -> bool:
    """Whether the stored password was written with another secret key."""
    return bool(mailbox.secret) and not settings.decrypt(mailbox.secret)
