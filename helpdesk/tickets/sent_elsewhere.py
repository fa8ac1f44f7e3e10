"""A reply that the team sent with another mail program: it has arrived already, so that nobody is mailed for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from helpdesk import access, clock, search
from helpdesk.events import EventKind, record
from helpdesk.files.attachments import attach
from helpdesk.files.file_store import StoredFile
from helpdesk.i18n import in_language, lazy
from helpdesk.lib import inputs, richtext
from helpdesk.locking import act
from helpdesk.settings import lookups
from helpdesk.tickets import excerpt, first_response
from helpdesk.tickets.derived_columns import answered_columns, status_columns, store
from models import REPLY, Message, Ticket


def store_reply(
    ticket: Ticket, text: str, *, email: str, form_key: str, is_current: bool, files: Sequence[StoredFile] = ()
) -> Message:
    """Store a reply (plain text) that was sent from this address: pending status, as of any reply (RULES 12).

    One that is not current, as the customer has written since, leaves the ticket waiting. The same `form_key` again
    returns the message.
    """
    with act(ticket, "reply", actor=access.SYSTEM):
        made = Message.get_or_none(Message.form_key == form_key)
        if made is not None:
            return made
        with in_language(ticket.locale):
            author = str(lazy("Mail program"))
        message = Message.create(
            ticket=ticket, kind=REPLY, author_name=author, body=richtext.from_text(text),
            created_at=clock.now(), form_key=form_key,
        )  # fmt: skip
        search.index(message, ticket, ticket.customer, ticket.address.email if ticket.address_id else "", text)
        attach(message, files, actor=access.SYSTEM)
        inputs.set_attributes(ticket, excerpt.columns(text, access.SYSTEM))
        pending = answered_columns() | status_columns(lookups.pending_status()) if is_current else {}
        store(ticket, **pending, **first_response.columns(ticket, None))
        # What was sent before the customer's newest message does not answer that one.
        data: dict[str, Any] = {"message": message.id, "email": email} | ({} if is_current else {"late": True})
        record(ticket, EventKind.SENT_ELSEWHERE, actor=access.SYSTEM, about=message, **data)
        return message
