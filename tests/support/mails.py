"""Mails as programs write them, and the way they take into the desk in tests."""

from __future__ import annotations

from collections.abc import Iterable
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any

from helpdesk.incoming import acceptance, pipeline
from models import Department, IncomingMail, Mailbox, Service

ADDRESS = "support@desk.example"


def make_mailbox(service: Service, department: Department | None = None, **values: Any) -> Mailbox:
    """Make a mailbox whose mails go to this place."""
    values = {"name": "Support", "address": ADDRESS, "kind": "pipe", "username": "support", **values}
    return Mailbox.create(service=service, department=department, **values)


def mail(
    text: str = "My printer does not print.",
    *,
    sender: str = "Erin Moss <erin@customer.example>",
    to: str = ADDRESS,
    subject: str = "A printer",
    headers: Iterable[tuple[str, str]] = (),
    html: str = "",
    files: Iterable[tuple[str, bytes, str]] = (),
    mail_id: str | None = None,
) -> bytes:
    """Write a mail."""
    letter = EmailMessage()
    if sender:
        letter["From"] = sender
    letter["To"] = to
    letter["Subject"] = subject
    letter["Message-ID"] = mail_id if mail_id is not None else make_msgid(domain="customer.example")
    for name, value in headers:
        letter[name] = value
    letter.set_content(text)
    if html:
        letter.add_alternative(html, subtype="html")
    for name, content, kind in files:
        main, _slash, sub = kind.partition("/")
        letter.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return letter.as_bytes()


def receive(mailbox: Mailbox, *contents: bytes) -> list[IncomingMail]:
    """Take these mails and decide about them, as the minute does; return their rows as they are then."""
    taken = [acceptance.accept(mailbox, content) for content in contents]
    pipeline.decide_waiting()
    return [IncomingMail.get_by_id(row.id) for row in taken if row is not None]


def take(mailbox: Mailbox, content: bytes, **values: Any) -> IncomingMail:
    """Take a mail and leave it waiting."""
    row = acceptance.accept(mailbox, content)
    assert row is not None
    if values:
        IncomingMail.update(**values).where(IncomingMail.id == row.id).execute()
    return IncomingMail.get_by_id(row.id)
