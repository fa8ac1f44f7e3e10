"""Undoing a mask within an hour, and forgetting for good what stood there once the hour is over."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import models
from helpdesk import clock
from helpdesk.corrections import aside, masking, places
from helpdesk.corrections.places import Change
from helpdesk.erasing import vacuuming
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.events import EventKind, record, transaction
from helpdesk.files import file_store
from helpdesk.i18n import lazy
from helpdesk.incoming import raw_mail
from helpdesk.lib import inputs
from helpdesk.locking import act
from helpdesk.settings import encryption
from models import Agent, Attachment, IncomingMail, Mask, Ticket

#: For how long a mask can be undone.
UNDO_FOR = timedelta(hours=1)
#: Masks forgotten in one run.
AT_ONCE = 100


def find(ticket: Ticket, key: int) -> Mask:
    """Return a mask of this ticket. Raises NotFound."""
    row: Mask | None = Mask.get_or_none(Mask.id == key, Mask.ticket == ticket.id) if inputs.fits(key) else None
    if row is None:
        raise NotFound(lazy("There is no such action."))
    row.ticket = ticket
    return row


def undoable(ticket: Ticket) -> set[int]:
    """Return the masks of a ticket (ids) that can still be undone."""
    rows = Mask.select(Mask.id).where(Mask.ticket == ticket.id, Mask.original != "")
    return {key for (key,) in rows.where(Mask.masked_at > clock.now() - UNDO_FOR).tuples()}


def undo(row: Mask, *, actor: Agent) -> int:
    """Give back what a mask hides; return how many places stay masked because they have changed since.

    Raises NotAllowed, InvalidInput when it is too late.
    """
    ticket = row.ticket
    with act(ticket, "mask", actor=actor):
        row = Mask.get_by_id(row.id)
        if row.original == "" or row.masked_at <= clock.now() - UNDO_FOR:
            raise InvalidInput(lazy("This can no longer be undone: it is more than an hour ago."))
        original = json.loads(encryption.decrypt(row.original) or "{}")
        was, left = ticket.subject, 0
        for value in original.get("values", ()):
            left += not _give_back(value)
        for mail in original.get("mails", ()):
            left += not _give_mail_back(mail)
        made = [path for file in original.get("files", ()) if (path := _give_file_back(file))]
        left += len(original.get("files", ())) - len(made)
        ids = {value["id"] for value in original.get("values", ()) if value["table"] == "Message"}
        names = [value["id"] for value in original.get("values", ()) if value["table"] == "Attachment"]
        files = Attachment.select(Attachment.message).where(
            Attachment.id.in_([*names, *(file["id"] for file in original.get("files", ()))])
        )
        masking.refresh(ticket, was, ids | {key for (key,) in files.tuples()})
        gone = [one["aside"] for one in (*original.get("mails", ()), *original.get("files", ())) if one["aside"]]
        Mask.update(original="", undone_at=clock.now(), paths=[*made, *gone]).where(Mask.id == row.id).execute()
        record(ticket, EventKind.UNMASKED, actor=actor)
    masking.delete_files(Mask.get_by_id(row.id))
    return left


def _give_back(value: dict[str, Any]) -> bool:
    """Write what stood in a place before; False where it is not what the mask left there any more."""
    table: Any = getattr(models, value["table"])
    field = getattr(table, value["column"])
    now = table.select(field).where(table.id == value["id"]).tuples().first()
    if now is None or places.digest(now[0]) != value["after"]:
        return False
    places.write(Change(table, value["id"], value["column"], None, None), value["before"])
    return True


def _give_mail_back(mail: dict[str, Any]) -> bool:
    content = aside.read(mail["aside"])
    same = (IncomingMail.id == mail["id"]) & IncomingMail.path.is_null() & IncomingMail.masked_at.is_null(False)
    if content is None or not IncomingMail.select().where(same).exists():
        return False
    path, _hash = raw_mail.keep(content)
    IncomingMail.update(path=path, masked_at=None).where(same).execute()
    return True


def _give_file_back(file: dict[str, Any]) -> str:
    """Put a file where the line stands; return the path of that line, empty where it is there no more."""
    content = aside.read(file["aside"])
    same = (Attachment.id == file["id"]) & (Attachment.path == file["made"])
    if content is None or not Attachment.select().where(same).exists():
        return ""
    stored = file_store.keep(content, file["columns"]["name"], file["columns"]["media_type"])
    Attachment.update({**file["columns"], "path": stored.path}).where(same).execute()
    return str(file["made"])


def forget_due() -> int:
    """Forget what was masked more than an hour ago; return how many masks. Then the database's file is written anew."""
    over = Mask.masked_at <= clock.now() - UNDO_FOR
    done = 0
    for row in Mask.select().where(Mask.original != "", over).order_by(Mask.masked_at, Mask.id).limit(AT_ONCE):
        original = json.loads(encryption.decrypt(row.original) or "{}")
        gone = [one["aside"] for one in (*original.get("mails", ()), *original.get("files", ())) if one["aside"]]
        with transaction():
            same = Mask.update(original="", paths=[*row.paths, *gone]).where(Mask.id == row.id, Mask.original != "")
            done += same.execute()
            vacuuming.owe()
    # What an act or a run that broke off left on the disk.
    for row in Mask.select().where(Mask.masked_at > clock.now() - timedelta(days=2)):
        masking.delete_files(row)
    aside.sweep()
    return done
