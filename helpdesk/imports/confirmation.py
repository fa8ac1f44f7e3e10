"""The file of an import between its preview and the confirmation: it waits for an hour, for who sent it.

After it, what was new waits as long to be taken back, where that can be done.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

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
    path = _path(kind, key, actor)
    path.touch(mode=0o600)
    path.write_bytes(data)
    return key


def run(kind: Kind, key: str, *, actor: Agent) -> tuple[Stored, int]:
    """Store the right rows of a kept file; return their counts and the number of wrong lines.

    Raises NotAllowed, InvalidInput when something that the rows name has gone meanwhile, or NotFound when the file is
    no longer kept: of two confirmations at once the second one meets that.
    """
    access.require(actor, kind.verb)
    purge()
    path = _path(kind, key, actor) if KEY.fullmatch(key) else None
    claimed = path.with_suffix(".claimed") if path is not None else None
    try:
        if path is None or claimed is None:
            raise FileNotFoundError
        path.rename(claimed)
    except FileNotFoundError as error:
        text = lazy("This file is not kept any more: it was imported, or it waited for an hour.")
        raise NotFound(text) from error
    try:
        plan = parse(kind, claimed.read_bytes())
        result = kind.store(plan.rows, actor, True)
        journal.record(journal.Act.IMPORTED, actor=actor, subject=kind.title, count=len(plan.rows))
    except BaseException:
        # Nothing was stored of what is stored whole: it can be confirmed once more.
        with suppress(FileNotFoundError):
            claimed.rename(path)
        raise
    claimed.unlink(missing_ok=True)
    if kind.take_back is not None and result.new:
        path.with_suffix(UNDO).write_text(json.dumps(result.new))
    return result, len(plan.bad)


def undo(kind: Kind, key: str, *, actor: Agent) -> tuple[int, int]:
    """Take the new rows of an import back; return how many are gone, and how many stay since they are in use.

    Raises NotAllowed, or NotFound once this was done, or after an hour.
    """
    access.require(actor, kind.verb)
    purge()
    path = _path(kind, key, actor).with_suffix(UNDO) if KEY.fullmatch(key) else None
    if kind.take_back is None or path is None or not path.is_file():
        raise NotFound(lazy("This can be undone no more: it was, or an hour has passed."))
    rows = dict(json.loads(path.read_text()))
    count = kind.take_back(rows, actor)
    path.unlink(missing_ok=True)
    return count, len(rows) - count


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


def _path(kind: Kind, key: str, actor: Agent) -> Path:
    return _folder() / f"{kind.key}-{actor.id}-{key}.csv"
