"""Files that were masked rest aside, encrypted, while it may be undone."""

from __future__ import annotations

import base64
import time
from contextlib import suppress

from helpdesk.errors import NotFound
from helpdesk.files import file_store
from helpdesk.settings import encryption, environment

#: Longer than a part of the attachment folder may be (`helpdesk.settings.checks`): what lies here is deleted by age.
FOLDER = "masked-while-it-can-be-undone"
#: Seconds.
LONGEST = 2 * 3600


def put(path: str) -> str:
    """Store an encrypted copy of a file and return its path; empty where the file is gone already.

    Raises OSError when the disk refuses.
    """
    place = file_store.location(path)
    if not place.is_file():
        return ""
    sealed = encryption.encrypt(base64.b64encode(place.read_bytes()).decode())
    return file_store.store(sealed.encode(), FOLDER)[0]


def read(path: str) -> bytes | None:
    """Return what was put aside there; None when it is gone, or the secret key has changed since."""
    with suppress(NotFound, OSError):
        return base64.b64decode(encryption.decrypt(file_store.location(path).read_text())) or None
    return None


def sweep() -> None:
    """Delete what has rested aside for longer than anything is undone: what was used, and what a failed act left."""
    folder, limit = environment.current().data_dir / FOLDER, time.time() - LONGEST
    for place in folder.glob("??/*"):
        # Another host, or an undoing, may just have deleted it.
        with suppress(FileNotFoundError):
            if place.stat().st_mtime < limit:
                place.unlink()
