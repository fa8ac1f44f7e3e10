"""Masking a file of a message: its bytes are deleted, a line stands in their place, its name stays or goes."""

from __future__ import annotations

from helpdesk import clock, i18n, settings
from helpdesk.corrections import aside, masking, places
from helpdesk.corrections.masked_text import MASK, Picture
from helpdesk.corrections.places import Scope
from helpdesk.errors import NotFound
from helpdesk.files import file_store
from helpdesk.i18n import lazy
from helpdesk.lib import text_pictures
from helpdesk.locking import act
from models import Agent, Attachment, IncomingMail, Mask, Message

LINE = lazy("This file has been masked.")


def mask_file(file: Attachment, *, with_name: bool, actor: Agent) -> Mask:
    """Mask a file wherever it hangs in its ticket; `with_name` its name, too.

    Raises NotAllowed, NotFound when it is gone, InvalidInput when the disk refuses.
    """
    message: Message = file.message
    with act(message.ticket, "mask", actor=actor):
        masking.require_message(message)
        inside = Message.select(Message.id).where(Message.ticket == message.ticket_id)
        copies = list(Attachment.select().where(Attachment.message.in_(inside), Attachment.sha256 == file.sha256))
        if file.id not in {row.id for row in copies}:
            raise NotFound(lazy("There is no such file."))
        found = places.changes(Scope(message.ticket), Picture(text_pictures.key_of(file)))
        mails = IncomingMail.select().where(
            IncomingMail.path.is_null(False), IncomingMail.message.in_([row.message_id for row in copies])
        )
        files = [_replace(row, with_name=with_name) for row in copies]
        row = masking.carry_out(message, found, list(mails), kind="file", actor=actor, files=files)
    masking.delete_files(row)
    return row


def _replace(file: Attachment, *, with_name: bool) -> dict[str, object]:
    """Put a line in the place of a file; return how this is undone."""
    columns = {name: getattr(file, name) for name in file_store.COLUMNS}
    kept_aside = aside.put(file.path)
    with i18n.in_language(str(settings.get("language"))):
        line = str(LINE)
    made = file_store.keep(f"{line}\n".encode(), f"{MASK if with_name else file.name[:240]}.txt", "text/plain")
    values = {name: getattr(made, name) for name in file_store.COLUMNS}
    Attachment.update({**values, "created_at": clock.now()}).where(Attachment.id == file.id).execute()
    return {
        "id": file.id,
        "message": file.message_id,
        "path": file.path,
        "aside": kept_aside,
        "columns": columns,
        "made": made.path,
    }
