"""This process among those that share the work: its name, and which others of this machine have ended.

A process holds a lock on a file of its name while it lives: however it ends, the kernel lets go of it. A name is never
given twice, so that no number of a process that was given again, and no second container, is taken for the dead.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

#: The name of this machine, as a file may be called.
HOST = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())[:60] or "unnamed"

_id = secrets.token_hex(8)
_held: IO[bytes] | None = None


def name() -> str:
    """Return the name of this process: a random id and its host."""
    return f"{_id}@{HOST}"


def hold(folder: Path) -> None:
    """Hold the file of this process until it ends. Raises OSError where the folder cannot be written or locked."""
    global _held
    if _held is not None:
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    # Under a name that nobody looks at until it is locked: a file that is not locked means the dead.
    draft = folder / f".{name()}"
    file = open(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600), "wb")  # noqa: SIM115 — open as long as the process
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        draft.rename(folder / name())
    except OSError:
        file.close()
        draft.unlink(missing_ok=True)
        raise
    _held = file


def let_go(folder: Path) -> None:
    """Take the file of this process away: it has nothing left that anybody would have to free."""
    global _held
    if _held is not None:
        (folder / name()).unlink(missing_ok=True)
        _held.close()
        _held = None


def ended(folder: Path) -> Iterator[str]:
    """Yield the names of the processes of this machine that have ended, each forgotten once its reader goes on."""
    for path in sorted(folder.glob(f"*@{HOST}")):
        with suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield path.name
            path.unlink(missing_ok=True)


def _begin_anew() -> None:
    """Be another process after a fork; the lock stays with the first."""
    global _id, _held
    _id = secrets.token_hex(8)
    if _held is not None:
        _held.close()
        _held = None


os.register_at_fork(after_in_child=_begin_anew)
