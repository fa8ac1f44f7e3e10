"""The secret key of a desk: a file of the data folder, made at the first start and never replaced in silence."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from helpdesk.errors import BadEnvironment

#: The least characters of a secret key: a shorter one could be guessed.
LEAST_SECRET = 32

#: The secret key, in the data folder.
KEY_FILE = "secret_key"
#: Says in the data folder whose folder it is (`operations.desk_identity`).
MARK = "desk.json"
#: Says in an empty data folder that the key there is that of a start which has made no desk yet.
FIRST_START = "first-start"
#: What another key costs.
PRICE = (
    "With another key everybody signs in again, and the passwords of the mail server and the mailboxes are typed "
    "again. Phones make no right codes for two-factor authentication any more: a recovery code does, or `python3 "
    "app.py reset-second-factor --email E`. Links that were mailed still open (`python3 app.py revoke-links`); those "
    "to leave a ticket or to confirm a request do not, and answers to earlier mails find their ticket by its number."
)


def read(text: str, path: Path) -> str:
    """Return the secret key of the variable, else the stored one, created at the first start."""
    if text and len(text) < LEAST_SECRET:
        raise BadEnvironment(f"GUICHET_SECRET_KEY: expected {LEAST_SECRET} characters at least, not {len(text)}.")
    return text or _stored_secret(path)


def _stored_secret(path: Path) -> str:
    """Return the stored secret key; of several first starts at once, one creates it and all read it."""
    try:
        if not path.exists():
            _refuse_lost_secret(path)
            _begin(path)
        secret = path.read_bytes().decode("ascii", "replace").strip()
    except OSError as error:
        raise BadEnvironment(
            f"The secret key {path} cannot be read or written ({error.strerror}): give it and its folder to the "
            "account that runs Guichet."
        ) from error
    if len(secret) < LEAST_SECRET or not (secret.isascii() and secret.isprintable()):
        raise BadEnvironment(
            f"The secret key {path} is empty, too short or damaged: bring it back from a backup, or delete it and make "
            f"a new one with `python3 app.py new-key`. {PRICE}"
        )
    return secret


def _begin(path: Path) -> None:
    """Make the key; in an empty folder say first that no desk uses it yet: there may never be one, after a kill."""
    mark = path.parent / FIRST_START
    if is_bare(there.name for there in path.parent.iterdir()):
        mark.touch(mode=0o600)
    try:
        make(path)
    except OSError:
        mark.unlink(missing_ok=True)
        raise


def is_bare(names: Iterable[str]) -> bool:
    """Whether these names are all that a start leaves in an empty data folder when it comes to nothing."""
    return all(name in {"lost+found", KEY_FILE, FIRST_START} or name.startswith(f"{KEY_FILE}.") for name in names)


def _refuse_lost_secret(path: Path) -> None:
    """Refuse to give a desk another key in silence."""
    traces = (path.parent / MARK, path.parent / "guichet.db")
    if any(trace.exists() and trace.stat().st_size for trace in traces):
        raise BadEnvironment(
            f"The secret key of the desk in {path.parent} is missing: bring {path.name} back from a backup, or set "
            f"GUICHET_SECRET_KEY as it was. If it is lost: `python3 app.py new-key`. {PRICE}"
        )


def make(path: Path) -> None:
    """Store a new key atomically, synced and readable by its owner only; an existing one stays."""
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            if not path.exists():
                os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # Not every file system can do this to a folder.
        with suppress(OSError):
            os.fsync(folder)
    finally:
        os.close(folder)
