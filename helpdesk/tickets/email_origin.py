"""Where messages that came by e-mail come from (sender, mailbox, how the ticket was recognised), for its readers."""

from __future__ import annotations

from collections.abc import Iterable

from peewee import JOIN

from helpdesk.settings import lookups
from models import IncomingMail, MailedMessage, Message


def of_messages(messages: Iterable[Message | None]) -> dict[int, MailedMessage]:
    """Return what is known of those of these messages that came by e-mail; without a mailbox none did.

    Its `mail` is the id of the mail as it came in: who sees the ticket reads it.
    """
    ids = [message.id for message in messages if message is not None]
    if not ids or not lookups.mailboxes():
        return {}
    query = MailedMessage.select(MailedMessage, IncomingMail.id.alias("mail")).join(
        IncomingMail, JOIN.LEFT_OUTER, on=(IncomingMail.message == MailedMessage.message)
    )
    return {row.message_id: row for row in query.where(MailedMessage.message.in_(ids)).objects()}
