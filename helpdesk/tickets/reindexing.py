"""Messages in the full-text index, written anew after their texts, files or authors' names changed."""

from __future__ import annotations

from collections.abc import Sequence

from helpdesk import search
from helpdesk.files import attachments
from helpdesk.lib import richtext
from models import Message, Ticket


def index_again(ticket: Ticket, messages: Sequence[Message]) -> None:
    """Index these messages of a ticket anew, with the names of their files. In the caller's transaction."""
    names = attachments.of_messages(messages)
    author = f"{ticket.customer.full_name} {ticket.address.email if ticket.address_id is not None else ''}"
    for row in messages:
        files = [file.name for file in names.get(row.id, ())]
        search.index_again(row.id, ticket, author, "\n".join([richtext.to_text(row.body), *files]))
