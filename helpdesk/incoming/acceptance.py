"""Accepting a mail: its bytes on disk and its row committed. Only then may its mail server forget it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from peewee import IntegrityError, fn

from database import database
from helpdesk import clock, events
from helpdesk.incoming import raw_mail
from models import IncomingMail, Mailbox, MailFolder


@dataclass(frozen=True)
class Origin:
    """Where on its server a mail was found; `folder` is the row that says how far that folder has been read."""

    folder: MailFolder
    uid: int
    #: Whether it is the folder of sent e-mails.
    is_sent: bool = False


def accept(
    mailbox: Mailbox, content: bytes, *, origin: Origin | None = None, headers_only: bool = False, size: int = 0
) -> IncomingMail | None:
    """Take a mail as it came, or its headers only where it is too large (of this `size`); nothing of it is read.

    Returns None for a mail that this folder gave before. Raises OSError when the disk refuses, and what the database
    raises when it is away: the mail was not taken then.
    """
    path, digest = raw_mail.keep(content)
    if origin is not None and _is_known_again(mailbox, origin, digest):
        raw_mail.discard([path])
        advance(origin)
        return None
    values = {
        "mailbox": mailbox.id, "sha256": digest, "size": max(size, len(content)), "path": path,
        "headers_only": headers_only, "received_at": clock.now(), **_found_at(origin),
    }  # fmt: skip
    try:
        return _store(values, origin)
    except IntegrityError:
        if origin is not None and _free_number(mailbox, origin, values):
            return _store(values, origin)
        # Another host has just taken it, or this one did before it was killed.
        raw_mail.discard([path])
        if origin is not None:
            advance(origin)
        return None


def _found_at(origin: Origin | None) -> dict[str, Any]:
    if origin is None:
        return {}
    folder = origin.folder
    return {
        "folder": folder.name, "uid_validity": folder.uid_validity, "uid": origin.uid,
        "silent": origin.uid <= folder.silent_until, "is_sent": origin.is_sent,
    }  # fmt: skip


def _store(values: dict[str, Any], origin: Origin | None) -> IncomingMail:
    """Commit the row of a mail; its bytes go where that fails, unless its number was another's."""
    try:
        # Whoever decides is woken once it is stored.
        with events.transaction():
            mail = IncomingMail.create(**values)
            if origin is not None:
                advance(origin)
            return mail
    except IntegrityError:
        raise
    except BaseException:
        raw_mail.discard([values["path"]])
        raise


def _free_number(mailbox: Mailbox, origin: Origin, values: dict[str, Any]) -> bool:
    """Take its number from another mail, which a server that was put back had given it before; whether there was one.

    Of a large mail that was fetched whole meanwhile, the headers come again: it is the same as long as its size is.
    """
    folder = origin.folder
    same = IncomingMail.sha256 == values["sha256"]
    if values["headers_only"]:
        same |= IncomingMail.size == values["size"]
    numbered = (IncomingMail.mailbox == mailbox.id) & (IncomingMail.folder == folder.name)
    numbered &= (IncomingMail.uid_validity == folder.uid_validity) & (IncomingMail.uid == origin.uid)
    return bool(IncomingMail.update(uid_validity=None, uid=None).where(numbered, ~same).execute())


def advance(origin: Origin) -> None:
    """Note that a folder has been read up to here; never backwards."""
    MailFolder.update(last_uid=origin.uid).where(
        MailFolder.id == origin.folder.id,
        MailFolder.uid_validity == origin.folder.uid_validity,
        MailFolder.last_uid < origin.uid,
    ).execute()


def _is_known_again(mailbox: Mailbox, origin: Origin, digest: str) -> bool:
    """Whether a folder that gave its mails new numbers shows one that was taken under its old number.

    Its row gets the new one: by the old one it would be another mail, or none.
    """
    folder = origin.folder
    if origin.uid > folder.rescan_until:
        return False
    known = (IncomingMail.mailbox == mailbox.id) & (IncomingMail.sha256 == digest)
    is_old = (IncomingMail.folder == folder.name) & (IncomingMail.uid_validity != folder.uid_validity)
    earlier = IncomingMail.select(fn.MIN(IncomingMail.id)).where(known, is_old)
    values = {"uid_validity": folder.uid_validity, "uid": origin.uid, "tidied_at": None}
    # Unless another host has just done so.
    with suppress(IntegrityError), database.atomic():
        IncomingMail.update(values).where(IncomingMail.id == earlier).execute()
    return bool(IncomingMail.select().where(known).exists())
