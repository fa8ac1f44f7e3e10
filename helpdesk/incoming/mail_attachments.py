"""The files of a mail as files of a message. What cannot be kept loses no mail: the raw one still holds it."""

from __future__ import annotations

import mimetypes
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO

from helpdesk.errors import InvalidInput
from helpdesk.files import attachments, file_store, filetypes
from helpdesk.files.file_store import ReceivedFile
from helpdesk.incoming import parsed_mail
from helpdesk.incoming.parsed_mail import MailFile, ParsedMail

MAX_NAME = 120
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
    kept = StoredFiles()
    limits, total = file_store.limits(), 0
    for file in content.files:
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
        kept.notes.append({"name": name, "size": len(data), "why": why})
    return kept


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
        word = kind if kind in {"image", "audio", "video", "text"} else "file"
        bare = f"{word}-{file.number}{EXTENSIONS.get(file.type) or mimetypes.guess_extension(file.type) or '.bin'}"
    if len(bare) <= MAX_NAME:
        return bare
    stem, dot, extension = bare.rpartition(".")
    ending = f"{dot}{extension}" if dot and len(extension) <= 10 else ""
    return f"{(stem if ending else bare)[: MAX_NAME - len(ending)]}{ending}"
