"""The file of an import between its preview and the confirmation: it waits for an hour, for who sent it.

After it, what was new waits as long to be taken back, where that can be done.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from helpdesk import access, journal
from helpdesk.errors import NotFound
from helpdesk.i18n import lazy
from helpdesk.imports import Kind, parse
from helpdesk.orders import Stored
from helpdesk.settings import environment
from models import Agent

#: How long a file waits for its confirmation.
LIFETIME = timedelta(hours=1)
#: What the file of new rows ends with.
UNDO = ".created"
KEY = re.compile(r"[A-Za-z0-9_-]{43}")


def keep(kind: Kind, data: bytes, *, actor: Agent) -> str:
    """Keep a file for an hour, for the agent who uploaded it; return its key. Raises NotAllowed."""
    access.require(actor, kind.verb)
    purge()
    key = secrets.token_urlsafe(32)
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(_path(kind, key, actor), data)
    return key


def run(kind: Kind, key: str, *, actor: Agent) -> tuple[Stored, int]:
    """Store the right rows of a kept file; return their counts and the number of wrong lines.

    Raises NotAllowed, InvalidInput when something that the rows name has gone meanwhile, or NotFound when the file is
    no longer kept: of two confirmations at once the second one meets that.
    """
    access.require(actor, kind.verb)
    path = _find(kind, key, actor)
    gone = lazy("This file is not kept any more: it was imported, or it waited for an hour.")
    with _claimed(path, gone) as claimed:
        plan = parse(kind, claimed.read_bytes())
        result = kind.store(plan.rows, actor, True)
        journal.record(journal.Act.IMPORTED, actor=actor, subject=kind.title, count=len(plan.rows))
    if kind.take_back is not None and result.new:
        _write(path.with_suffix(UNDO), json.dumps(result.new).encode())
    return result, len(plan.bad)


def undo(kind: Kind, key: str, *, actor: Agent) -> tuple[int, int]:
    """Take the new rows of an import back; return how many are gone, and how many stay since they are in use.

    Raises NotAllowed, or NotFound once this was done, or after an hour.
    """
    access.require(actor, kind.verb)
    path = _find(kind, key, actor).with_suffix(UNDO)
    with _claimed(path, lazy("This can be undone no more: it was, or an hour has passed.")) as claimed:
        rows = dict(json.loads(claimed.read_text()))
        count = kind.take_back(rows, actor) if kind.take_back is not None else 0
    return count, len(rows) - count


def _write(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)


@contextmanager
def _claimed(path: Path, gone: Any) -> Iterator[Path]:
    """Take a file for oneself: of two at once the second one meets NotFound. It is back when what is done fails."""
    claimed = path.with_suffix(".claimed")
    try:
        path.rename(claimed)
    except FileNotFoundError as error:
        raise NotFound(gone) from error
    try:
        yield claimed
    except BaseException:
        # Nothing was stored of what is stored whole: it can be confirmed once more.
        with suppress(FileNotFoundError):
            claimed.rename(path)
        raise
    claimed.unlink(missing_ok=True)


def purge() -> None:
    """Delete the files that were not confirmed in time."""
    oldest = time.time() - LIFETIME.total_seconds()
    for path in _folder().glob("*.c*"):
        # Another process may be deleting the same one.
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                path.unlink()


def _folder() -> Path:
    return environment.current().data_dir / "imports"


def _find(kind: Kind, key: str, actor: Agent) -> Path:
    """Return where the file with this key is, should it still be there."""
    purge()
    # What is no key names no file.
    return _path(kind, key if KEY.fullmatch(key) else "-", actor)


def _path(kind: Kind, key: str, actor: Agent) -> Path:
    return _folder() / f"{kind.key}-{actor.id}-{key}.csv"
