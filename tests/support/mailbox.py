"""A real SMTP server on a free port, keeping what it is handed."""

from __future__ import annotations

import asyncio
import email
import email.policy
import importlib
import sys
from email.message import EmailMessage
from types import ModuleType
from typing import Any

from helpdesk.settings import ports as allowed
from tests.support import ports


def _controller() -> Any:
    """Import aiosmtpd's server: the decorator ``public`` it wants comes in a module with the name of our door."""
    decorator = ModuleType("public")
    decorator.public = lambda thing: thing  # type: ignore[attr-defined]
    ours, sys.modules["public"] = sys.modules.get("public"), decorator
    try:
        return importlib.import_module("aiosmtpd.controller").Controller
    finally:
        del sys.modules["public"]
        if ours is not None:
            sys.modules["public"] = ours


Controller = _controller()
AuthResult = importlib.import_module("aiosmtpd.smtp").AuthResult


def free_port() -> int:
    """Return a port for a mail server (aiosmtpd calls itself to start, so it must know its number)."""
    port = ports.free_port()
    # An owner may name the usual ports only, none of which a test can have.
    allowed.SMTP.add(port)
    return port


class Mailbox:
    """`messages` are the mails received, oldest first.

    `refuse` makes the server answer so (``"451 later"``); while `holds` it takes each mail and answers nothing.
    """

    def __init__(self, port: int | None = None) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.senders: list[str] = []
        self.refuse = ""
        #: Refuses any other sender in an envelope, when it is asked for the recipient, and how it says so.
        self.only_sender = ""
        self.of_sender = "553 5.7.1 Sender address rejected: not owned by user"
        #: Refuses each recipient, with this answer.
        self.of_recipient = ""
        #: The sender of each envelope that it was asked about.
        self.asked: list[str] = []
        self.holds = False
        self.port = port or free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802  aiosmtpd's name
        """Take the recipient, unless the sender is one that this account may not use."""
        self.asked.append(envelope.mail_from)
        if self.only_sender and envelope.mail_from != self.only_sender:
            return self.of_sender
        if self.of_recipient:
            return self.of_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        """Keep the mail, or refuse it."""
        while self.holds:
            await asyncio.sleep(0.02)
        if self.refuse:
            return self.refuse
        self.senders.append(envelope.mail_from)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.recipients.append(list(envelope.rcpt_tos))
        self.messages.append(message)
        return "250 OK"

    def start(self) -> Mailbox:
        """Listen."""
        self._controller.start()
        return self

    def stop(self) -> None:
        """Stop listening."""
        self._controller.stop(no_assert=True)

    def to(self, address: str) -> list[EmailMessage]:
        """Return the mails handed over for this address."""
        # One may be arriving: its recipients are there first.
        pairs = zip(self.recipients, self.messages, strict=False)
        return [message for recipients, message in pairs if address in recipients]


def text_of(message: EmailMessage) -> str:
    """Return the plain text of a mail."""
    part = message.get_body(preferencelist=("plain",))
    return part.get_content() if part is not None else ""
