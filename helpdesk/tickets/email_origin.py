"""Where messages that came by e-mail come from (sender, mailbox, how the ticket was recognised), for its readers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from peewee import JOIN, fn

from helpdesk.settings import lookups
from models import Attachment, IncomingMail, MailedMessage, Message, Ticket

#: A picture that came so often with a ticket says nothing any more: the logo of a signature.
OFTEN = 3


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


def logos(ticket: Ticket, mailed: Iterable[int], files: Mapping[int, Sequence[Attachment]]) -> set[int]:
    """Return the ids of those pictures of these messages, which came by e-mail, that the ticket has `OFTEN`."""
    pictures = [file for message in mailed for file in files.get(message, ()) if file.is_image]
    if not pictures:
        return set()
    hashes = {file.sha256 for file in pictures}
    query = Attachment.select(Attachment.sha256).join(Message).where(Message.ticket == ticket.id)
    often = (
        query.where(Attachment.sha256.in_(hashes)).group_by(Attachment.sha256).having(fn.COUNT(Attachment.id) >= OFTEN)
    )
    known = {digest for (digest,) in often.tuples()}
    return {file.id for file in pictures if file.sha256 in known}
