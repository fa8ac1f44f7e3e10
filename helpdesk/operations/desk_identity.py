"""Whether the database and the data folder belong together: compared at each start, before anything acts on them.

The desk's id stands in the database (a row of `Setting`) and in the mark, a file of the data folder, with the engine
the desk lives on. Several hosts may share both (RULES 51): the id is the desk's, not the machine's.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from database import database, is_sqlite
from helpdesk import clock
from helpdesk.errors import HelpdeskError
from helpdesk.settings import desk, environment
from helpdesk.settings.secret_key import FIRST_START, MARK
from models import Setting

#: Says that a restore began and has not ended.
RESTORING = "restore-unfinished"


class WrongDesk(HelpdeskError):
    """The database and the data folder do not belong together; the message says what to do."""


@dataclass(frozen=True)
class Mark:
    """What the mark of a data folder says."""

    desk: str
    engine: str


def verify() -> None:
    """Compare the database with the data folder. Raises WrongDesk; a new desk in an empty folder passes.

    Makes no database and changes nothing.
    """
    folder, mark = environment.current().data_dir, read_mark()
    if restore_is_unfinished():
        raise WrongDesk(
            f"A restore into {folder} did not finish: run the same restore again, it goes on over what is there."
        )
    if not is_desk():
        _refuse_lost_database(folder, mark)
        return
    stored = desk_id()
    if mark is None:
        if stored is not None and environment.current().was_empty:
            raise WrongDesk(
                f"The database belongs to a desk whose files are not in {folder}, which is empty: name its data folder "
                f"with GUICHET_DATA_DIR, or, if the folder is lost for good, create the file {folder / MARK} "
                f"with the line {_text(Mark(stored, engine()))}"
            )
        return
    if mark.engine != engine():
        raise WrongDesk(_elsewhere(folder, mark))
    if stored is not None and stored != mark.desk:
        raise WrongDesk(
            f"The database and the data folder {folder} belong to two different desks: check GUICHET_DATABASE_URL "
            "and GUICHET_DATA_DIR."
        )


def settle() -> None:
    """Give a desk its id and its folder the mark, where they are missing. Runs after `verify` and the migrations."""
    mark, stored = read_mark(), desk_id()
    if stored is None:
        stored = mark.desk if mark else secrets.token_hex(16)
        with database.atomic():
            Setting.insert(key=desk.KEY, value=stored, changed_at=clock.now()).on_conflict_ignore().execute()
        stored = desk_id() or stored
    if mark != Mark(stored, engine()):
        _write_mark(Mark(stored, engine()))
    (environment.current().data_dir / FIRST_START).unlink(missing_ok=True)


def engine() -> str:
    """Return the name of the engine as the mark has it."""
    return "sqlite" if is_sqlite() else "postgresql"


def desk_id() -> str | None:
    """Return the id that the database holds, None before the desk has one."""
    with _connected():
        return desk.stored_id()


def read_mark() -> Mark | None:
    """Return the mark of the data folder, None where there is none. Raises WrongDesk when it cannot be read."""
    path = environment.current().data_dir / MARK
    try:
        content = json.loads(path.read_text("utf-8"))
        return Mark(str(content["desk"]), str(content["engine"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongDesk(f"{path} says whose folder this is and cannot be read: restore it from a backup.") from error


def _connected() -> AbstractContextManager[object]:
    """Use the connection that is open, or one of our own."""
    return nullcontext() if not database.is_closed() else database.connection_context()


def is_desk() -> bool:
    """Whether the database holds a desk; a missing or empty file is not made by asking."""
    if is_sqlite():
        file = Path(database.database)
        if not file.exists() or file.stat().st_size == 0:
            return False
    with _connected():
        return Setting._meta.table_name in database.get_tables()


def _refuse_lost_database(folder: Path, mark: Mark | None) -> None:
    """Refuse to begin a new desk where there was one."""
    if mark is not None and mark.engine != engine():
        raise WrongDesk(_elsewhere(folder, mark))
    if mark is not None or _traces(folder):
        place = database.database if is_sqlite() else "the database"
        raise WrongDesk(
            f"There was a desk in {folder}, and its database is gone ({place} is empty or missing): restore a backup "
            "into an empty folder, put the database back, or choose another folder with GUICHET_DATA_DIR."
        )


def _elsewhere(folder: Path, mark: Mark) -> str:
    if mark.engine == "postgresql":
        return f"The desk of {folder} lives on PostgreSQL: set GUICHET_DATABASE_URL as it was."
    return (
        f"The desk of {folder} lives in a SQLite file: unset GUICHET_DATABASE_URL, or choose another folder with "
        "GUICHET_DATA_DIR."
    )


def _traces(folder: Path) -> bool:
    """Whether the folder holds what only a desk leaves: files of tickets, mails, backups."""
    patterns = ("helpdesk/files/??/*", "mail/??/*", "backups/*.zip", "branding/*")
    return any(next(folder.glob(pattern), None) is not None for pattern in patterns)


def _text(mark: Mark) -> str:
    return json.dumps({"desk": mark.desk, "engine": mark.engine})


def _write_mark(mark: Mark) -> None:
    path = environment.current().data_dir / MARK
    part = path.with_name(f"{MARK}.{os.getpid()}")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(_text(mark) + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    with suppress(OSError):
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def begin_restore() -> None:
    """Say that a restore has begun: no desk starts here until it ends."""
    (environment.current().data_dir / RESTORING).touch(mode=0o600)


def end_restore() -> None:
    """Say that the restore has ended."""
    (environment.current().data_dir / RESTORING).unlink(missing_ok=True)


def restore_is_unfinished() -> bool:
    """Whether a restore into this folder began and has not ended."""
    return (environment.current().data_dir / RESTORING).exists()
