"""What a form has made already: it may be sent twice, by an impatient hand or a browser that goes back."""

from __future__ import annotations

from peewee import ModelSelect

from helpdesk.errors import FormSent, InvalidInput
from helpdesk.files.attachments import of_messages
from helpdesk.i18n import lazy
from helpdesk.lib import richtext, text_pictures
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.tickets.opening import FORM_SENT
from models import Message, Ticket


def find_by_form_key(form_key: str | None, ticket: Ticket, html: str) -> Message | None:
    """Return the message that the form of this key made of the same words and pictures before, or None.

    Raises FormSent where it made another message: what was typed since must not get lost.
    """
    message = _of_form.first(key=form_key) if form_key else None
    if message is None:
        return None
    if message.ticket_id != ticket.id:
        raise InvalidInput(lazy("This form was sent already. Load the page again."))
    # The files of the form are the message's now.
    files = of_messages([message]).get(message.id, [])
    text = richtext.to_text(text_pictures.bound(richtext.clean(html, pictures=True), files))
    if richtext.to_text(message.body).split() != text.split():
        raise FormSent(FORM_SENT)
    return message


@Prepared
def _of_form() -> ModelSelect:
    return Message.select().where(Message.form_key == Slot("key"))
