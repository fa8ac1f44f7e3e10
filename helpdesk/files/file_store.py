"""Files on disk: checked while they are written, under random names nobody can guess.

Nothing is unpacked or rendered here. A file is synced to disk before any row names it.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Protocol

from database import database
from helpdesk import settings
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.files import filetypes, pictures
from helpdesk.i18n import lazy
from helpdesk.lib import sizes
from helpdesk.lib.sizes import Size
from helpdesk.settings import environment

logger = logging.getLogger(__name__)

#: Files of one message.
MOST = 10
#: What a request may hold in bytes whatever an owner allows for files, and what it may hold beside them.
LEAST_BODY, AROUND = 32 * 1024 * 1024, 4 * 1024 * 1024
#: Bytes read at once.
CHUNK = 1 << 16
#: The path of a file: its folder, two letters, and a name of 256 random bits that begins with them.
PLACE = re.compile(r"([A-Za-z0-9_][A-Za-z0-9._-]*/){1,8}[0-9a-f]{2}/[0-9a-f]{64}")


class StoredFile(Protocol):
    """A file on disk: just received, or uploaded with its form before."""

    name: str
    media_type: str
    size: int
    sha256: str
    path: str
    pixels: int | None


#: The columns that uploads and attachments share.
COLUMNS = tuple(StoredFile.__annotations__)


@dataclass
class ReceivedFile:
    """A file on disk that no row names yet."""

    name: str
    media_type: str
    size: int
    sha256: str
    path: str
    pixels: int | None = None


@dataclass(frozen=True)
class Limits:
    """The limits for files: allowed extensions, bytes of one and of all together, and their number."""

    extensions: tuple[str, ...]
    file: int
    total: int
    count: int = MOST


def limits() -> Limits:
    """Return the limits of the desk, the same for customers and agents."""
    total = sizes.parse(settings.get("max_total_size"))
    each = min(sizes.parse(settings.get("max_file_size")), total)
    return Limits(tuple(settings.get("allowed_extensions").split(",")), each, total)


def largest_body() -> int:
    """Return how many bytes a request may hold: the files of one message and what is around them."""
    return max(LEAST_BODY, limits().total + AROUND)


def location(path: str) -> Path:
    """Return the absolute path of a stored one. Raises NotFound for a text that is no path of this module."""
    if not PLACE.fullmatch(path):
        raise NotFound(lazy("There is no such file."))
    return environment.current().data_dir / path


def receive(stream: IO[bytes], name: str) -> ReceivedFile:
    """Store the content of `stream`; `name` is the sender's. Raises InvalidInput naming the file and what is wrong.

    Then nothing stays on disk.
    """
    allowed, name = limits(), filetypes.clean_name(name)
    extension = filetypes.extension(name)
    if extension not in map(filetypes.canonical, allowed.extensions):
        raise refusal(
            lazy("“%(file)s” is not of an allowed type: %(types)s.", file=name, types=", ".join(allowed.extensions))
        )
    path = _new_path()
    with _all_or_nothing(path, name):
        size, digest = _write(stream, location(path), name, allowed.file)
        media_type = _type_of(location(path), name)
    return ReceivedFile(name, media_type, size, digest, path, pictures.pixels_of(location(path), media_type))


def _type_of(path: Path, name: str) -> str:
    """Return the media type of a file just written. Raises InvalidInput naming the file and what it holds."""
    extension = filetypes.extension(name)
    try:
        return filetypes.type_of(path, extension)
    except filetypes.Program as error:
        raise refusal(lazy("“%(file)s” is a program: programs are not taken.", file=name)) from error
    except filetypes.Disguised as error:
        message = lazy("“%(file)s” does not hold what its extension “%(type)s” says.", file=name, type=extension)
        raise refusal(message) from error


def keep(content: bytes, name: str, media_type: str) -> ReceivedFile:
    """Store a file that the program made itself. Raises InvalidInput when it cannot be written; then nothing stays."""
    path = _new_path()
    with _all_or_nothing(path, name):
        size, digest = _write(BytesIO(content), location(path), name, len(content))
    return ReceivedFile(name, media_type, size, digest, path)


def store(content: bytes, folder: str) -> tuple[str, str]:
    """Store bytes as they are in a folder of the data folder; return their path and hash.

    Raises OSError when the disk refuses; then nothing is kept.
    """
    name = secrets.token_hex(32)
    path = f"{folder}/{name[:2]}/{name}"
    try:
        _size, digest = _write(BytesIO(content), location(path), "", len(content))
    except OSError:
        with suppress(OSError):
            location(path).unlink(missing_ok=True)
        raise
    return path, digest


@contextmanager
def _all_or_nothing(path: str, name: str) -> Iterator[None]:
    """Delete the file at `path` when the block refuses it or cannot write it. Raises InvalidInput."""
    try:
        yield
    except OSError as error:
        with suppress(OSError):
            location(path).unlink(missing_ok=True)
        logger.exception("A file could not be stored.")
        raise refusal(lazy("“%(file)s” could not be stored. Try again in a moment.", file=name)) from error
    except InvalidInput:
        location(path).unlink(missing_ok=True)
        raise


def refusal(message: Any) -> InvalidInput:
    """Return an InvalidInput for the field ``files``."""
    return InvalidInput(message, field="files")


def _new_path() -> str:
    name = secrets.token_hex(32)
    return f"{settings.get('attachment_folder')}/{name[:2]}/{name}"


def _write(stream: IO[bytes], target: Path, name: str, most: int) -> tuple[int, str]:
    """Copy at most `most` bytes to disk and sync them; return their number and hash. Raises InvalidInput."""
    make_folder(target.parent)
    size, digest = 0, hashlib.sha256()
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > most:
                raise refusal(
                    lazy("“%(file)s” is larger than %(limit)s, the most for one file.", file=name, limit=Size(most))
                )
            digest.update(chunk)
            file.write(chunk)
        if not size:
            raise refusal(lazy("“%(file)s” is empty.", file=name))
        file.flush()
        os.fsync(file.fileno())
    _sync(target.parent)
    return size, digest.hexdigest()


def make_folder(folder: Path) -> None:
    """Make a private folder for files, and its parents. Raises OSError, also when it lies outside the data folder."""
    # Checked on every use: the folder may have been replaced by a link since the setting was stored.
    if not folder.resolve().is_relative_to(environment.current().data_dir.resolve()):
        raise OSError(errno.ELOOP, "the attachment folder leads out of the data folder")
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)
        _sync(path.parent)


def _sync(folder: Path) -> None:
    """Sync a folder to disk, so that the names in it survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_together(files: Sequence[StoredFile], *, name: str) -> None:
    """Raise InvalidInput naming the file `name` when these are more, or larger together, than a message takes."""
    allowed = limits()
    if len(files) > allowed.count:
        raise refusal(
            lazy("“%(file)s” is one too many: a message takes %(limit)s files.", file=name, limit=allowed.count)
        )
    if sum(file.size for file in files) > allowed.total:
        limit = Size(allowed.total)
        raise refusal(
            lazy("With “%(file)s” the files are larger than %(limit)s, the most together.", file=name, limit=limit)
        )


def discard(paths: Iterable[str]) -> None:
    """Delete files whose rows were deleted. Inside a transaction it does nothing: a rollback may restore the rows."""
    if database.transaction_depth():
        # After the commit the sweep finds them.
        return
    for path in paths:
        location(path).unlink(missing_ok=True)
