"""What went wrong with a mail server: a key and its words are stored, the sentence is made for each reader."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from helpdesk.i18n import lazy

#: Sentences by key; the words come from the mail server or the mail.
TEXTS: dict[str, Any] = {
    "certificate": lazy("The certificate of the mail server is not valid: %(reason)s."),
    "encryption": lazy("The mail server does not speak this kind of encryption on this port."),
    "no-encryption": lazy("The mail server offers neither this encryption nor a sign-in on this port."),
    "letters": lazy("The user name or password of the mail server holds letters that it cannot take, such as “é”."),
    "sign-in": lazy("The mail server refused the user name or password: %(answer)s"),
    "password-lost": lazy("The password of the mail server cannot be read with this secret key: type it again."),
    "reconnect": lazy("The mailbox that mails are sent with must be signed in again (%(reason)s)."),
    "name": lazy("The name of the mail server was not found."),
    "silent": lazy("The mail server does not answer."),
    "closed": lazy("The mail server refuses connections on this port."),
    "unreachable": lazy("The mail server cannot be reached."),
    "greeting": lazy("The mail server turned the desk away: %(answer)s"),
    "ended": lazy("The mail server ended the connection."),
    "recipient": lazy("The mail server refused the recipient: %(answer)s"),
    "sender": lazy("The mail server refused the sender: %(answer)s"),
    "message": lazy("The mail server refused the message: %(answer)s"),
    "message-bare": lazy("The mail server refused the message."),
    "bad-recipient": lazy("The address %(email)s cannot be written to."),
    "bad-sender": lazy("The sender %(email)s is not an e-mail address: correct it in Configuration or E-mails."),
    "mail": lazy("The mail could not be written; the log of the desk tells more."),
    # Of the server of a mailbox (`helpdesk.incoming.imap_errors`).
    "mailbox-password-lost": lazy("The password cannot be read with this secret key: type it again."),
    "mailbox-reconnect": lazy("To reconnect: somebody must sign in again (%(reason)s)."),
    "mailbox-folder": lazy("There is no folder “%(name)s” on the server."),
    "mailbox-certificate": lazy(
        "The certificate of the server is not valid: %(reason)s. Use the name that your provider gives for this server."
    ),
    "mailbox-encryption": lazy(
        "The server does not speak this kind of encryption on this port. TLS goes with port 993, STARTTLS with 143."
    ),
    "mailbox-name": lazy(
        "The name of the server was not found. Check its spelling, or ask your provider for the name of the IMAP "
        "server."
    ),
    "mailbox-silent": lazy(
        "The server does not answer. Check name and port, and whether this machine may reach it through the firewall."
    ),
    "mailbox-closed": lazy(
        "The server refuses connections on this port. Check the port: 993 with TLS, 143 with STARTTLS."
    ),
    "mailbox-sign-in": lazy(
        "The server refused the user name or password. Often the user name is the whole address; Gmail and others want "
        "a password for this program alone (app password). The server’s words: %(answer)s"
    ),
    "mailbox-not-offered": lazy(
        "The server does not offer this kind of encryption or sign-in. Try TLS with port 993, or ask your provider."
    ),
    "mailbox-ended": lazy("The server ended the connection."),
    "mailbox-answer": lazy("The server answered: %(answer)s"),
    "mailbox-unreachable": lazy("The server cannot be reached."),
    "mailbox": lazy("Something unexpected happened; the log of the desk tells more."),
}

#: Faults of how the desk is set up, which no waiting mends.
SETUP = frozenset({"certificate", "encryption", "no-encryption", "letters", "sign-in", "password-lost", "reconnect"})


@dataclass(frozen=True)
class Failure:
    """Why a mail could not be sent, or a mailbox not be read."""

    key: str
    words: dict[str, str] = field(default_factory=dict)

    @property
    def stored(self) -> str:
        """Return what a row keeps of it."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @property
    def is_of_setup(self) -> bool:
        """Whether somebody must change a setting before anything can be sent."""
        return self.key in SETUP

    @property
    def in_log(self) -> str:
        """Return it as the log has it, where nobody's language is known."""
        return ": ".join([self.key, *self.words.values()])

    def __str__(self) -> str:
        text = TEXTS.get(self.key)
        # What an earlier version stored was a sentence already.
        return str(text) % self.words if text is not None else self.words.get("text", self.key)


def read(stored: str) -> Failure | None:
    """Return what a row keeps as a failure, None when nothing failed."""
    if not stored.startswith("{"):
        return Failure("sentence", {"text": stored}) if stored else None
    return of(json.loads(stored))


def of(values: Mapping[str, Any]) -> Failure:
    """Return the failure of these values."""
    return Failure(values["key"], dict(values["words"]))
