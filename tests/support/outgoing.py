"""Mails that the desk owes, and mail servers that refuse them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from helpdesk import clock, settings
from helpdesk.settings import mail_failures
from models import OutgoingEmail
from tests.support.mailbox import AuthResult, Controller, free_port


def owe(to: str = "carol@customer.example", **values: Any) -> OutgoingEmail:
    """Write a mail into the outbox."""
    now = clock.now()
    number = OutgoingEmail.select().count()
    values = {
        "kind": "notification",
        "to_email": to,
        "from_email": "desk@desk.example",
        "from_name": "Support Team",
        "locale": "en",
        "subject": f"Mail {number}",
        "body": "<p>Hello</p>",
        "mail_id": f"<{number}@desk.example>",
        "due_at": now,
        "created_at": now,
        **values,
    }
    return OutgoingEmail.create(**values)


def again(email: OutgoingEmail) -> OutgoingEmail:
    """Return the row as it is now."""
    return OutgoingEmail.get_by_id(email.id)


def reason(email: OutgoingEmail) -> str:
    """Return why a mail was not sent, in words."""
    return str(mail_failures.read(again(email).last_error) or "")


class Server:
    """A mail server that wants a sign-in: it takes the passwords in `right`."""

    def __init__(self) -> None:
        self.right = {b"right"}
        self.calls = 0
        self.moments: list[float] = []
        self.recipients: list[str] = []
        self.port = free_port()

    def check(self, _server: Any, _session: Any, _envelope: Any, _mechanism: Any, data: Any) -> AuthResult:
        """Take or refuse a sign-in."""
        self.calls += 1
        self.moments.append(time.monotonic())
        return AuthResult(success=data.password in self.right, handled=False)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        """Take a mail."""
        self.recipients += envelope.rcpt_tos
        return "250 OK"


@contextmanager
def guarded() -> Iterator[Server]:
    """Run a mail server that wants a sign-in."""
    server = Server()
    options = {"auth_require_tls": False, "authenticator": server.check}
    controller = Controller(server, hostname="127.0.0.1", port=server.port, **options)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


@contextmanager
def signing_in(password: str) -> Iterator[Server]:
    """Run a mail server that wants a sign-in, and set the desk to use it with this password."""
    with guarded() as server:
        settings.save({"mail_host": "127.0.0.1", "mail_port": server.port, "mail_tls": "none"})
        settings.save({"mail_username": "desk", "mail_password": password})
        yield server
