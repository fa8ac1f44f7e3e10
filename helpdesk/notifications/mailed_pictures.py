"""The pictures that a message shows in its text, enclosed in its mail and named there by their Content-ID."""

from __future__ import annotations

from contextlib import suppress
from email.message import EmailMessage

from helpdesk.files import attachments, file_store
from helpdesk.lib import text_pictures
from models import Attachment, OutgoingEmail

#: Bytes of all pictures of a mail: many servers refuse more than 10 MB, encoded. Of the others the name stands there.
MOST_BYTES = 6 * 1024 * 1024


def of(email: OutgoingEmail) -> dict[Attachment, bytes]:
    """Return the pictures that go with a mail, and what they hold: as far as they are there and a mail takes them."""
    pictures: dict[Attachment, bytes] = {}
    room = MOST_BYTES
    for file in attachments.pictures_of(email.message_id, email.body):
        if file.size > room:
            continue
        with suppress(OSError):
            pictures[file] = file_store.location(file.path).read_bytes()
            room -= file.size
    return pictures


def enclose(letter: EmailMessage, pictures: dict[Attachment, bytes]) -> None:
    """Put pictures beside the HTML of a mail, its second part."""
    parts = list(letter.iter_parts()) if pictures else []
    for place, (file, content) in enumerate(pictures.items(), 1):
        kind, subtype = file.media_type.split("/")
        key, name = text_pictures.key_of(file), f"{place}.{subtype}"
        parts[1].add_related(content, kind, subtype, cid=f"<{key}>", disposition="inline", filename=name)
