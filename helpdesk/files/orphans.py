"""Files that no row names: after a day they go to a bin of thirty days, and come back when a row names them again.

A crash leaves some. Many are what an older database looks like: then nothing moves.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from peewee import chunked

from helpdesk import clock
from helpdesk.errors import HelpdeskError
from helpdesk.files import file_store
from helpdesk.files.file_store import PLACE
from helpdesk.settings import environment


class WrongPicture(HelpdeskError):
    """The files and the database do not fit; nothing is deleted until they do."""


#: The age at which a file that no row names is nobody's: no transaction is open that long.
ORPHANED = timedelta(days=1)
#: Where files go that no row names, and for how long: a wrong picture of the world can be mended until then.
BIN = "orphans"
BINNED = timedelta(days=30)
#: Fewer orphans than this are what crashes leave, however few files there are.
FEW = 3

#: Returns which of some paths a row names.
Named = Callable[[Sequence[str]], set[str]]


def sweep(folders: Iterable[str], named_of: Named) -> int:
    """Move what lies in these folders of the data folder, is a day old and named by no row; return how many.

    What is in the bin and named after all comes back first. Raises WrongPicture, and moves nothing, when most files
    would go: then the database is not the one these files belong to.
    """
    _bring_back(named_of)
    limit = clock.now() - ORPHANED
    seen, orphans = 0, []
    for paths in chunked(_older_than(limit, folders), 500):
        named = named_of(paths)
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


def _bring_back(named_of: Named) -> None:
    """Put files back that a row names: the right database is here again."""
    for paths in chunked(_binned(), 500):
        for path in named_of(paths):
            with suppress(FileNotFoundError):
                _move(_bin() / path, file_store.location(path))


def _empty_bin() -> None:
    limit = clock.now() - BINNED
    for path in _binned():
        with suppress(FileNotFoundError):
            if _modified_at(_bin() / path) < limit:
                (_bin() / path).unlink()


def _older_than(limit: datetime, folders: Iterable[str]) -> Iterator[str]:
    """Yield the paths of stored files older than `limit` (naive UTC) in these folders."""
    root = environment.current().data_dir
    for folder in sorted(folders):
        for file in root.joinpath(folder).glob("??/*"):
            path = file.relative_to(root).as_posix()
            # Another host may sweep the same folder.
            with suppress(FileNotFoundError):
                if PLACE.fullmatch(path) and _modified_at(file) < limit:
                    yield path


def _modified_at(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC).replace(tzinfo=None)
