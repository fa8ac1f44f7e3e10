"""Where messages that came by e-mail come from (sender, mailbox, how the ticket was recognised), for its readers."""

from __future__ import annotations

from collections.abc import Iterable

from helpdesk.settings import lookups
from models import MailedMessage, Message


def of_messages(messages: Iterable[Message | None]) -> dict[int, MailedMessage]:
    """Return what is known of those of these messages that came by e-mail; without a mailbox none did."""
    ids = [message.id for message in messages if message is not None]
    if not ids or not lookups.mailboxes():
        return {}
    return {row.message_id: row for row in MailedMessage.select().where(MailedMessage.message.in_(ids))}
