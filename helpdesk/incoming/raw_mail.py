"""The bytes of mails as they came: on disk, for good, before anything else happens to them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from peewee import chunked

from helpdesk import clock
from helpdesk.errors import NotFound
from helpdesk.files import file_store
from helpdesk.files.attachments import ORPHANED
from helpdesk.files.file_store import PLACE
from helpdesk.i18n import lazy
from helpdesk.settings import environment
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
    """Delete the bytes that no row names and that are older than a day: what a crash left; return how many."""
    root, limit, swept = environment.current().data_dir, clock.now() - ORPHANED, 0
    for files in chunked(root.joinpath(FOLDER).glob("??/*"), 500):
        paths = [
            path
            for file in files
            if PLACE.fullmatch(path := file.relative_to(root).as_posix()) and _is_older(file, limit)
        ]
        named = {
            path for (path,) in IncomingMail.select(IncomingMail.path).where(IncomingMail.path.in_(paths)).tuples()
        }
        orphans = [path for path in paths if path not in named]
        discard(orphans)
        swept += len(orphans)
    return swept


def _is_older(file: Path, limit: datetime) -> bool:
    with suppress(FileNotFoundError):
        return datetime.fromtimestamp(file.stat().st_mtime, UTC).replace(tzinfo=None) < limit
    return False
