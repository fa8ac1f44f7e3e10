"""The files of a mail as files of a message. What cannot be kept loses no mail: the raw one still holds it."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO

from helpdesk.errors import InvalidInput
from helpdesk.files import attachments, file_store, filetypes
from helpdesk.files.file_store import ReceivedFile
from helpdesk.incoming import parsed_mail
from helpdesk.incoming.parsed_mail import MailFile, ParsedMail

MAX_NAME = 120
#: Pictures of the text this small are logos and lines of a signature: they stay in the original.
SMALL = 2 * 1024
#: Files in which Outlook packs others so that no other program reads them.
OUTLOOK = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
#: Parts of mails that only their reader’s own program can open, and those beside them that say nothing.
LOCKED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
LOCK_MARKS = frozenset({"application/pgp-encrypted"})
CALENDARS = frozenset({"text/calendar", "application/ics"})
#: Signatures of mails: they say who signed and are nobody's document.
SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})
#: Names of types that the table of the standard library writes otherwise.
EXTENSIONS = {"image/jpeg": ".jpg", "text/plain": ".txt", "message/rfc822": ".eml", "text/calendar": ".ics"}


@dataclass
class StoredFiles:
    """What was kept of the files of a mail, and a note on each that was not."""

    files: list[ReceivedFile] = field(default_factory=list)
    notes: list[dict[str, str | int]] = field(default_factory=list)

    def discard(self) -> None:
        """Delete what was kept: the mail did not become a message."""
        file_store.discard(file.path for file in self.files)


def keep(raw: bytes, content: ParsedMail) -> StoredFiles:
    """Store the files of a mail, as many as the desk takes."""
    kept = StoredFiles(notes=_notes_on_all(content))
    limits, total = file_store.limits(), 0
    for file in _worth_keeping(content):
        name = name_of(file)
        data = parsed_mail.bytes_of(raw, file)
        why = _refusal(file, data)
        if not why and len(kept.files) >= limits.count:
            why = "count"
        elif not why and total + len(data) > limits.total:
            why = "total"
        if not why:
            try:
                kept.files.append(file_store.receive(BytesIO(data), name))
                total += len(data)
                continue
            except InvalidInput as error:
                if isinstance(error.__cause__, OSError):
                    # The disk refuses: the mail waits until it does not.
                    kept.discard()
                    raise error.__cause__ from error
                too_large = len(data) > limits.file
                why = "size" if too_large else "type"
        if not is_packed(file):
            kept.notes.append({"name": name, "size": len(data), "why": why})
    return kept


def _worth_keeping(content: ParsedMail) -> Iterator[MailFile]:
    """Give the files of a mail without its logos, and of a calendar that came twice the one with a name."""
    named = next((file.number for file in content.files if file.type in CALENDARS and file.name), None)
    calendars = [file.number for file in content.files if file.type in CALENDARS]
    first = named if named is not None else next(iter(calendars), None)
    for file in content.files:
        is_twice = file.number in calendars and file.number != first
        if not (is_twice or _is_small(file) or file.type in LOCK_MARKS):
            yield file


def _is_small(file: MailFile) -> bool:
    return bool(file.cid) and file.type.startswith("image/") and file.end - file.start < SMALL


def _notes_on_all(content: ParsedMail) -> list[dict[str, str | int]]:
    """Return what is to be known of the mail’s files as a whole."""
    notes: list[dict[str, str | int]] = []
    small = sum(map(_is_small, content.files))
    if small:
        notes.append({"name": "", "size": small, "why": "small"})
    types = {file.type for file in content.files} | {content.content_type}
    if types & (LOCKED | LOCK_MARKS) or content.content_type == "multipart/encrypted":
        notes.append({"name": "", "size": 0, "why": "locked"})
    packed = next((file for file in content.files if is_packed(file)), None)
    if packed is not None:
        notes.append({"name": name_of(packed), "size": 0, "why": "outlook"})
    return notes


def is_packed(file: MailFile) -> bool:
    """Whether Outlook packed other files into this one."""
    return file.type in OUTLOOK or file.name.lower() in {"winmail.dat", "win.dat"}


def _refusal(file: MailFile, data: bytes) -> str:
    if file.type in SIGNATURES:
        return "signature"
    if not data:
        return "empty"
    return "" if attachments.may_attach(None) else "off"


def name_of(file: MailFile) -> str:
    """Return a name for a file of a mail: its own without any path, else one by its type."""
    bare = ""
    with suppress(InvalidInput):
        bare = filetypes.clean_name(file.name)
    if not bare:
        kind = file.type.partition("/")[0]
        word = "calendar" if file.type in CALENDARS else kind if kind in {"image", "audio", "video", "text"} else "file"
        bare = f"{word}-{file.number}{EXTENSIONS.get(file.type) or mimetypes.guess_extension(file.type) or '.bin'}"
    if len(bare) <= MAX_NAME:
        return bare
    stem, dot, extension = bare.rpartition(".")
    ending = f"{dot}{extension}" if dot and len(extension) <= 10 else ""
    return f"{(stem if ending else bare)[: MAX_NAME - len(ending)]}{ending}"
