"""The files of messages: attached in the rule's transaction, readable like their ticket, deleted with the message.

A file is on disk before a row names it; `sweep` deletes files that a crash left without a row.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from peewee import ModelSelect, chunked, fn

from helpdesk import access, clock, search, settings
from helpdesk.access import Actor, System
from helpdesk.errors import HelpdeskError, NotFound
from helpdesk.files import file_store, pictures, uploads
from helpdesk.files.file_store import COLUMNS, PLACE, StoredFile
from helpdesk.i18n import lazy
from helpdesk.lib import inputs, text_pictures
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.settings import environment
from models import Agent, Attachment, Message, Ticket, Upload


class WrongPicture(HelpdeskError):
    """The files and the database do not fit; nothing is deleted until they do."""


#: The age at which a file that no row names is nobody's: no transaction is open that long.
ORPHANED = timedelta(days=1)
#: Where files go that no row names, and for how long: a wrong picture of the world can be mended until then.
BIN = "orphans"
BINNED = timedelta(days=30)
#: Fewer orphans than this are what crashes leave, however few files there are.
FEW = 3
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
    """Move files that no row names and that are older than a day to a bin of 30 days; return how many.

    Files in the bin that a row names after all come back first. Raises WrongPicture, and moves nothing, when most files
    would go: then the database is not the one these files belong to.
    """
    _bring_back()
    limit = clock.now() - ORPHANED
    seen, orphans = 0, []
    for paths in chunked(_older_than(limit), 500):
        named = _named_by_rows(paths)
        orphans += [path for path in paths if path not in named]
        seen += len(paths)
    if len(orphans) >= FEW and 2 * len(orphans) > seen:
        raise WrongPicture(
            f"No row names {len(orphans)} of {seen} files, so nothing was swept: is this their database?"
        )
    for path in orphans:
        # Another host may sweep the same folder.
        with suppress(FileNotFoundError):
            _move(file_store.location(path), _bin() / path)
    _empty_bin()
    return len(orphans)


def _bin() -> Path:
    return environment.current().data_dir / BIN


def _move(source: Path, target: Path) -> None:
    file_store.make_folder(target.parent)
    source.rename(target)
    # From now on its age is that of its stay in the bin.
    os.utime(target)


def _binned() -> Iterator[str]:
    for file in _bin().rglob("??/*"):
        path = file.relative_to(_bin()).as_posix()
        if PLACE.fullmatch(path):
            yield path


def _bring_back() -> None:
    """Put files back that a row names: the right database is here again."""
    for paths in chunked(_binned(), 500):
        for path in _named_by_rows(paths):
            with suppress(FileNotFoundError):
                _move(_bin() / path, file_store.location(path))


def _empty_bin() -> None:
    limit = clock.now() - BINNED
    for path in _binned():
        with suppress(FileNotFoundError):
            if _modified_at(_bin() / path) < limit:
                (_bin() / path).unlink()


def _named_by_rows(paths: Sequence[str]) -> set[str]:
    """Return those of these paths that a row or a setting names."""
    rows = {path for table in (Attachment, Upload) for path in _paths_in_use(table, paths)}
    return rows | _of_settings().intersection(paths)


def _paths_in_use(table: type[Attachment] | type[Upload], paths: Sequence[str]) -> list[str]:
    return [path for (path,) in table.select(table.path).where(table.path.in_(paths)).tuples()]


def _of_settings() -> set[str]:
    """Return the path of the one file that only a setting names, the owner's logo; else nothing."""
    return {logo["path"]} if (logo := settings.get("logo")) else set()


def _older_than(limit: datetime) -> Iterator[str]:
    """Yield the paths of stored files older than `limit` (naive UTC) in the present and former folders."""
    root = environment.current().data_dir
    for folder in sorted(folders()):
        for file in root.joinpath(folder).glob("??/*"):
            path = file.relative_to(root).as_posix()
            # Another host may sweep the same folder.
            with suppress(FileNotFoundError):
                if PLACE.fullmatch(path) and _modified_at(file) < limit:
                    yield path


def _modified_at(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC).replace(tzinfo=None)


def folders() -> set[str]:
    """Return every folder with files: the present one and those of stored rows."""
    names = {str(settings.get("attachment_folder"))} | {path[:-_TAIL] for path in _of_settings()}
    for table in (Attachment, Upload):
        folder = fn.SUBSTR(table.path, 1, fn.LENGTH(table.path) - _TAIL)
        names.update(name for (name,) in table.select(folder).distinct().tuples())
    return names
