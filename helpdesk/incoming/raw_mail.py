"""The bytes of mails as they came: on disk, for good, before anything else happens to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from helpdesk.errors import NotFound
from helpdesk.files import file_store, orphans
from helpdesk.i18n import lazy
from models import IncomingMail

FOLDER = "mail"


def keep(content: bytes) -> tuple[str, str]:
    """Store a mail and return its path and hash. Raises OSError when the disk refuses; then nothing is kept."""
    # A mail server that hands over nothing still handed over a mail.
    return file_store.store(content or b"\r\n", FOLDER)


def location(mail: IncomingMail) -> Path:
    """Return where a mail lies. Raises NotFound when its bytes are no longer kept."""
    path = file_store.location(mail.path or "")
    if not path.is_file():
        raise NotFound(lazy("The original of this e-mail is no longer kept."))
    return path


def discard(paths: Iterable[str | None]) -> None:
    """Delete the bytes of mails whose rows no longer name them."""
    file_store.discard(path for path in paths if path)


def sweep() -> int:
    """Move the bytes that no row names to the bin of orphans; return how many. Raises WrongPicture (`orphans`)."""
    return orphans.sweep([FOLDER], _named_by_rows)


def _named_by_rows(paths: Sequence[str]) -> set[str]:
    rows = IncomingMail.select(IncomingMail.path).where(IncomingMail.path.in_(paths))
    return {path for (path,) in rows.tuples()}
