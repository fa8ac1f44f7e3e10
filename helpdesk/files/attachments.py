"""The files of messages: attached in the rule's transaction, readable like their ticket, deleted with the message.

A file is on disk before a row names it; `sweep` takes away what a crash left without a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from peewee import ModelSelect, chunked, fn

from helpdesk import access, clock, search, settings
from helpdesk.access import Actor, System
from helpdesk.errors import NotFound
from helpdesk.files import file_store, orphans, pictures, uploads
from helpdesk.files.file_store import COLUMNS, StoredFile
from helpdesk.i18n import lazy
from helpdesk.lib import inputs, text_pictures
from helpdesk.lib.statements import Prepared, Slot
from models import Agent, Attachment, Message, Ticket, Upload

#: Letters of a path behind its folder.
_TAIL = len("/ab/") + 64


def may_attach(actor: Actor | None) -> bool:
    """Whether this actor (None: a visitor) may send files: the switch binds customers only (RULES 25)."""
    return isinstance(actor, Agent | System) or bool(settings.get("allow_attachments"))


def attach(message: Message, files: Sequence[StoredFile], *, actor: Actor | None) -> None:
    """Attach files to a message, in the caller's transaction. Raises InvalidInput at ``files``."""
    if not files:
        return
    if not may_attach(actor):
        raise file_store.refusal(lazy("Files cannot be sent here. Remove them, then send your message."))
    file_store.check_together(files, name=files[-1].name)
    ids = [file.id for file in files if isinstance(file, Upload)]
    if ids and Upload.delete().where(Upload.id.in_(ids)).execute() != len(ids):
        raise file_store.refusal(uploads.GONE)
    values = [{name: getattr(file, name) for name in COLUMNS} for file in files]
    Attachment.insert_many([{**row, "message": message.id, "created_at": clock.now()} for row in values]).execute()
    search.add_files(message.id, [row["name"] for row in values])


def of_messages(messages: Iterable[Message]) -> dict[int, list[Attachment]]:
    """Return the files of these messages: message id → files."""
    files: dict[int, list[Attachment]] = {}
    ids = [message.id for message in messages]
    if ids:
        # Sixteen places or the next power of two, so that statements are prepared for a few lengths only.
        places = max(16, 1 << (len(ids) - 1).bit_length())
        keys = ids + ids[:1] * (places - len(ids))
        for row in _of(places, **{f"key{place}": key for place, key in enumerate(keys)}):
            files.setdefault(row.message_id, []).append(row)
    return files


@Prepared
def _of(places: int) -> ModelSelect:
    keys = [Slot(f"key{place}") for place in range(places)]
    return Attachment.select().where(Attachment.message.in_(keys)).order_by(Attachment.id)


def find(actor: Actor, attachment_id: int) -> Attachment:
    """Return the file with this id if the actor may see its ticket and message. Raises NotFound."""
    query = Attachment.select(Attachment).join(Message).join(Ticket)
    query = query.where(Attachment.id == attachment_id, Message.deleted_at.is_null())
    query = query.where(Ticket.id.in_(access.visible_tickets(actor).select(Ticket.id)))
    if not isinstance(actor, Agent | System):
        query = query.where(access.shown_to_customers())
    row = query.first() if inputs.fits(attachment_id) else None
    if row is None:
        raise NotFound(lazy("There is no such file."))
    return row


def pictures_of(message_id: int | None, html: str) -> list[Attachment]:
    """Return the files of a message that its clean text shows."""
    keys = text_pictures.keys(html)
    rows = list(_of_message(message=message_id)) if keys and message_id is not None else []
    return [row for row in rows if text_pictures.key_of(row) in keys and row.is_image]


@Prepared
def _of_message() -> ModelSelect:
    return Attachment.select().where(Attachment.message == Slot("message")).order_by(Attachment.id)


def measure(row: Attachment) -> Attachment:
    """Measure a picture of before pictures were measured."""
    if row.pixels is None and row.is_image:
        row.pixels = pictures.pixels_of(file_store.location(row.path), row.media_type)
        Attachment.update(pixels=row.pixels).where(Attachment.id == row.id).execute()
    return row


def ticket_number(attachment_id: int) -> str:
    """Return the number of the ticket a file belongs to; empty when there is no such file."""
    query = Ticket.select(Ticket.number).join(Message).join(Attachment)
    is_id = inputs.fits(attachment_id)
    return str(query.where(Attachment.id == attachment_id).scalar() or "") if is_id else ""


def paths_of(messages: Iterable[int]) -> list[str]:
    """Return the paths of the files of the messages with these ids; call it before their rows are deleted."""
    paths: list[str] = []
    for ids in chunked(messages, 500):
        paths += [path for (path,) in Attachment.select(Attachment.path).where(Attachment.message.in_(ids)).tuples()]
    return paths


def detach(message: Message) -> list[str]:
    """Remove the files of a message, in the caller's transaction; return their paths, for `discard`."""
    paths = paths_of([message.id])
    Attachment.delete().where(Attachment.message == message.id).execute()
    return paths


def sweep() -> int:
    """Move files that no row names to the bin of orphans; return how many. Raises WrongPicture (`orphans`)."""
    return orphans.sweep(folders(), _named_by_rows)


def _named_by_rows(paths: Sequence[str]) -> set[str]:
    """Return those of these paths that a row or a setting names."""
    rows = {path for table in (Attachment, Upload) for path in _paths_in_use(table, paths)}
    return rows | _of_settings().intersection(paths)


def _paths_in_use(table: type[Attachment] | type[Upload], paths: Sequence[str]) -> list[str]:
    return [path for (path,) in table.select(table.path).where(table.path.in_(paths)).tuples()]


def _of_settings() -> set[str]:
    """Return the path of the one file that only a setting names, the owner's logo; else nothing."""
    return {logo["path"]} if (logo := settings.get("logo")) else set()


def folders() -> set[str]:
    """Return every folder with files: the present one and those of stored rows."""
    names = {str(settings.get("attachment_folder"))} | {path[:-_TAIL] for path in _of_settings()}
    for table in (Attachment, Upload):
        folder = fn.SUBSTR(table.path, 1, fn.LENGTH(table.path) - _TAIL)
        names.update(name for (name,) in table.select(folder).distinct().tuples())
    return names
