"""The way to the mail server: Flask-Mail's connection with time limits and checked certificates."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from functools import partial
from typing import Any

import flask_mail

from helpdesk.notifications import rendering
from helpdesk.outbox.smtp_errors import BadName, BadSignIn, impossible, may_be_of_sender
from helpdesk.settings import mail_accounts
from helpdesk.settings.environment import MailServer

#: Seconds a mail server may take for one answer.
TIMEOUT = 20
#: The code of a name or password that is wrong (RFC 4954).
WRONG = 535


class Letter(flask_mail.Message):
    """A finished mail in the hands of Flask-Mail: the envelope is its one recipient, and where it comes back to."""

    def __init__(self, letter: EmailMessage, sender: str, recipient: str, return_path: str = "") -> None:
        # Without the subject, which Flask-Mail would read: a line end that is encoded in it ends no line.
        super().__init__("", [recipient], sender=sender)
        self.return_path = return_path
        self._bytes = letter.as_bytes()
        self.msgId = letter["Message-ID"]

    def as_bytes(self) -> bytes:
        """Return the mail as it stands."""
        return self._bytes


class Connection(flask_mail.Connection):
    """Flask-Mail's connection, with a time limit and certificates checked."""

    def __init__(self, server: MailServer) -> None:
        state = flask_mail.Mail().init_mail(
            {
                "MAIL_SERVER": server.host,
                "MAIL_PORT": server.port,
                "MAIL_USERNAME": server.username or None,
                "MAIL_PASSWORD": server.password or None,
                "MAIL_USE_TLS": server.tls == "starttls",
                "MAIL_USE_SSL": server.tls == "tls",
                "MAIL_SUPPRESS_SEND": False,
            }
        )
        self._account = server.account
        # Google and Microsoft put the account's own address there.
        self._takes_return_paths = not server.account
        super().__init__(state)  # type: ignore[arg-type]  # Flask-Mail hands its own state over, too

    def configure_host(self) -> smtplib.SMTP:
        """Connect, encrypt and sign in. Raises OSError, also for a name or password that cannot be written so."""
        mail, name = self.mail, rendering.host()
        make: Any = partial(smtplib.SMTP_SSL, context=ssl.create_default_context()) if mail.use_ssl else smtplib.SMTP
        with impossible(BadName):
            host: smtplib.SMTP = make(mail.server, mail.port, name, timeout=TIMEOUT)
        try:
            if mail.use_tls:
                host.starttls(context=ssl.create_default_context())
            if self._account:
                _sign_in_by_token(host, mail.username or "", self._account)
            elif mail.username:
                with impossible(BadSignIn):
                    _sign_in(host, mail.username, mail.password or "")
        except Exception:
            host.close()
            raise
        return host

    def hand_over(self, letter: Letter) -> None:
        """Send a mail under its return path; under its plain sender where the server takes no other.

        Whether it does shows only in its answers, to the sender, to the recipient or to the mail itself.
        """
        if not (letter.return_path and self._takes_return_paths):
            self.send(letter)
            return
        try:
            self.send(letter, letter.return_path)
        except smtplib.SMTPException as error:
            if not may_be_of_sender(error):
                raise
            self.send(letter)
            # It went, under its plain sender: so will the others.
            self._takes_return_paths = False

    def __exit__(self, *_error: object) -> None:
        # Everything was answered: a server that leaves before the good-bye takes nothing back.
        if self.host is not None:
            try:
                self.host.quit()
            except OSError:
                self.host.close()


def _sign_in(host: smtplib.SMTP, username: str, password: str) -> None:
    """Sign in, with one try for what PLAIN and LOGIN both carry: servers lock accounts for repeated tries.

    Raises what the library raises.
    """
    host.ehlo_or_helo_if_needed()
    offered = host.esmtp_features.get("auth", "").split()
    if not {"PLAIN", "LOGIN"} <= set(offered):
        host.login(username, password)
        return
    try:
        host.esmtp_features["auth"] = " ".join(name for name in offered if name != "LOGIN")
        host.login(username, password)
    except smtplib.SMTPAuthenticationError as error:
        if error.smtp_code == WRONG:
            raise
        # It says that it takes PLAIN, and does not.
        host.esmtp_features["auth"] = "LOGIN"
        host.login(username, password)


def _sign_in_by_token(host: smtplib.SMTP, username: str, account: int) -> None:
    """Sign in with a token of a mailbox's account (XOAUTH2). Raises OSError, or what the library raises."""
    token = mail_accounts.access_token(account)

    def answer(challenge: bytes | None = None) -> str:
        # What the server asks after a refusal is why: an empty answer ends it.
        return f"user={username}\1auth=Bearer {token}\1\1" if challenge is None else ""

    host.ehlo_or_helo_if_needed()
    if not host.has_extn("auth"):
        raise smtplib.SMTPNotSupportedError("AUTH")
    try:
        host.auth("XOAUTH2", answer)
    except smtplib.SMTPAuthenticationError:
        mail_accounts.doubt(account)
        raise
