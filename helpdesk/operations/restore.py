"""Bring an archive of the desk back: everything is verified before anything is written."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

from peewee import SqliteDatabase

from database import database, is_sqlite
from helpdesk import clock
from helpdesk.erasing import erasure_log, restoring, suppression_list
from helpdesk.files import file_store
from helpdesk.operations import desk_identity, migrate, restored_copy
from helpdesk.operations.backup import LINKED, MANIFEST, BackupError, files_dir, hash_before_seal
from helpdesk.retention import restored_tickets
from helpdesk.settings import environment, environment_file
from helpdesk.settings.secret_key import FIRST_START, KEY_FILE
from models import Erasure


def restore(path: Path, *, live: bool = False) -> dict[str, Any]:
    """Bring the desk of an archive back into an empty data folder (or PostgreSQL database); return its manifest.

    Everything is verified before anything is written; a restore that was cut off is begun again over what it left. The
    desk rests (``restored_copy``) until an administrator lets it go, unless it goes `live` at once. Raises
    BackupError when the archive is damaged or made by a newer Guichet, and when there is a desk here already.
    """
    try:
        _refuse_unless_empty()
        # Before the archive is read, which takes a while: whoever is killed meanwhile may begin again.
        desk_identity.begin_restore()
        manifest = _accepted(path)
    except BackupError:
        _leave_as_found()
        raise
    with zipfile.ZipFile(path) as archive:
        _restore_files(archive, manifest)
        _restore_linked(path, archive, manifest)
        _restore_secret(archive)
        (_restore_sqlite if is_sqlite() else _restore_postgresql)(archive, manifest, live=live)
    desk_identity.settle()
    _forget_erased(path)
    desk_identity.end_restore()
    return manifest


def _forget_erased(path: Path) -> None:
    """Erase again who was erased since the backup was made, as the log beside it says, before the desk may start."""
    logs = erasure_log.beside(path)
    entries, tickets = erasure_log.read(*logs), erasure_log.read_tickets(*logs)
    suppressions = erasure_log.read_suppressions(*logs)
    if entries or tickets or suppressions or database.table_exists(Erasure):
        with database.unlimited() if not is_sqlite() else database.connection_context():
            migrate.runner(database).up()
            erasure_log.store([*entries, *tickets, *suppressions])
            restored_tickets.obey(tickets)
            restoring.obey(entries)
            suppression_list.obey(suppressions)


def _accepted(path: Path) -> dict[str, Any]:
    manifest = verify(path)
    if not migrate.knows(manifest["schema"]):
        raise BackupError(f"The backup {path} was made by a newer Guichet: upgrade the program first.")
    return manifest


def _leave_as_found() -> None:
    """Take away what this start put into an empty folder: the next try would be refused for it."""
    env = environment.current()
    if env.was_empty and env.made_key:
        desk_identity.end_restore()
        database.close_all()
        for made in (env.data_dir / KEY_FILE, env.data_dir / FIRST_START, *env.data_dir.glob("guichet.db*")):
            made.unlink(missing_ok=True)


def verify(path: Path) -> dict[str, Any]:
    """Return the manifest of an archive after comparing every hash. Raises BackupError."""
    try:
        with path.open("rb") as file:
            whole = hash_before_seal(file).encode() == file.read()
        with zipfile.ZipFile(path) as archive:
            manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
            sound = whole and all(_is_sound(archive, name, facts) for name, facts in manifest["members"].items())
    except OSError as error:
        raise BackupError(f"The backup {path} cannot be read: {error.strerror or error}.") from error
    except (zipfile.BadZipFile, zlib.error, ValueError, KeyError, EOFError, NotImplementedError, RuntimeError):
        sound, manifest = False, {}
    if not sound:
        raise BackupError(f"The backup {path} is damaged: nothing was restored.")
    return manifest


def _is_sound(archive: zipfile.ZipFile, name: str, facts: dict[str, Any]) -> bool:
    inside = ".." not in PurePosixPath(name).parts and not PurePosixPath(name).is_absolute()
    with archive.open(name) as member:
        return inside and hashlib.file_digest(member, "sha256").hexdigest() == facts["sha256"]  # type: ignore[arg-type]


def _refuse_unless_empty() -> None:
    folder = environment.current().data_dir
    if desk_identity.restore_is_unfinished():
        return
    if environment.current().was_empty and not environment.current().made_key:
        raise BackupError(
            f"There is a secret key in {folder}, and nothing else: restore into an empty folder (GUICHET_DATA_DIR), or "
            "delete the key if no desk uses it."
        )
    if not environment.current().was_empty:
        raise BackupError(f"There is something in {folder} already: restore into an empty folder (GUICHET_DATA_DIR).")
    if desk_identity.is_desk() or any(files_dir().glob("*")):
        raise BackupError("There is a desk here already: restore into an empty data folder (GUICHET_DATA_DIR).")


def _restore_files(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    for name in manifest["members"]:
        if name.startswith("files/"):
            target = file_store.location(name.removeprefix("files/"))
            file_store.make_folder(target.parent)
            with archive.open(name) as source, open(os.open(target, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as copy:
                shutil.copyfileobj(source, copy)
                copy.flush()
                os.fsync(copy.fileno())


def _restore_linked(path: Path, archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    """Bring back the files that an archive names and does not hold.

    A nightly backup left them beside it; that from before an upgrade lies in a data folder, which has them.
    """
    _copy_files(manifest.get("linked_files", []), path.parent / LINKED)
    _copy_files(manifest.get("left_out", []), path.absolute().parent.parent)


def _copy_files(names: list[str], folder: Path) -> None:
    for name in names:
        source = folder / name
        if source.is_file():
            target = file_store.location(name)
            file_store.make_folder(target.parent)
            shutil.copyfile(source, target)
            target.chmod(0o600)


def missing_files(manifest: dict[str, Any]) -> int:
    """Return how many files the archive names and the restored folder does not hold."""
    named = [*manifest.get("linked_files", []), *manifest.get("left_out", [])]
    return len(manifest["damaged_files"]) + sum(not file_store.location(name).is_file() for name in named)


def _restore_secret(archive: zipfile.ZipFile) -> None:
    path = environment.current().data_dir / KEY_FILE
    # Half a key would be refused by the restore that begins again.
    part = path.with_name(f"{KEY_FILE}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(archive.read(KEY_FILE) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def key_is_overruled() -> bool:
    """Whether the environment gives another secret key than the one that was restored."""
    given = environment_file.laid_under(os.environ).get("GUICHET_SECRET_KEY")
    return bool(given) and given != (environment.current().data_dir / KEY_FILE).read_text("ascii").strip()


def _table_members(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    names = [name for name in manifest["members"] if name.startswith("tables/")]
    return [(name, name.removeprefix("tables/").removesuffix(".jsonl")) for name in names]


def _restore_sqlite(archive: zipfile.ZipFile, manifest: dict[str, Any], *, live: bool) -> None:
    """Fill a new file and put it in place when it is whole."""
    path = Path(database.database)
    part = path.with_name(path.name + ".part")
    database.close_all()
    part.unlink(missing_ok=True)
    # A part that is not finished is thrown away: no need to wait for the disk before the end.
    target = SqliteDatabase(str(part), pragmas={"synchronous": "off", "journal_mode": "memory"})
    with target.connection_context():
        migrate.runner(target).up(manifest["schema"])
        with target.atomic():
            for member, table in _table_members(manifest):
                with archive.open(member) as lines:
                    columns = json.loads(next(lines))
                    marks = ", ".join("?" * len(columns))
                    insert = f'INSERT INTO "{table}" ({_quoted(columns)}) VALUES ({marks})'
                    target.connection().executemany(insert, map(json.loads, lines))
            _count_on(target, manifest)
            _let_rest(target, manifest, live)
    for leftover in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        leftover.unlink(missing_ok=True)
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(path)
    database.expect_another_file()


def _restore_postgresql(archive: zipfile.ZipFile, manifest: dict[str, Any], *, live: bool) -> None:
    """Fill the database in one transaction; COPY takes a table at once and reads text whatever the column."""
    with database.unlimited(), database.atomic():
        # Filled by a restore that was cut off before it could say that it had ended.
        for table in database.get_tables() if desk_identity.is_desk() else ():
            database.execute_sql(f'DROP TABLE "{table}" CASCADE')
        migrate.runner(database).up(manifest["schema"])
        for member, table in _table_members(manifest):
            with archive.open(member) as lines, database.connection().cursor() as cursor:
                columns = json.loads(next(lines))
                with cursor.copy(f'COPY "{table}" ({_quoted(columns)}) FROM STDIN') as copy:
                    for line in lines:
                        copy.write_row(json.loads(line))
        _count_on(database, manifest)
        _let_rest(database, manifest, live)
        # Until the server gets to it by itself, it would plan as if the tables were empty.
        database.execute_sql("ANALYZE")


def _let_rest(target: Any, manifest: dict[str, Any], live: bool) -> None:
    """Keep the restored copy from mailing people again, in the transaction that fills it."""
    mark = "?" if isinstance(target, SqliteDatabase) else "%s"
    target.execute_sql(f"DELETE FROM setting WHERE key = {mark}", (restored_copy.KEY,))
    if not live:
        value = json.dumps({"made_at": manifest["made_at"]})
        row = (restored_copy.KEY, value, f"{clock.now():%Y-%m-%d %H:%M:%S}")
        target.execute_sql(f"INSERT INTO setting (key, value, changed_at) VALUES ({mark}, {mark}, {mark})", row)


def _count_on(target: Any, manifest: dict[str, Any]) -> None:
    """Let each table go on counting after the last id that was given out, also of a row that is gone (RULES 26)."""
    counters = manifest.get("counters", {})
    on_sqlite = isinstance(target, SqliteDatabase)
    lasting = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"
    if not on_sqlite:
        lasting = "SELECT table_name FROM information_schema.columns WHERE table_schema = current_schema()"
        # CASE: the server asks in the order it likes, and the function fails for a table without the column.
        sequence = "pg_get_serial_sequence(quote_ident(table_name), 'id')"
        lasting += f" AND CASE WHEN column_name = 'id' THEN {sequence} END IS NOT NULL"
    for (table,) in target.execute_sql(lasting).fetchall():
        newest = max(_newest(target, table), counters.get(table, 0))
        if on_sqlite:
            target.execute_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
            target.execute_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, newest))
        elif newest:
            target.execute_sql("SELECT setval(pg_get_serial_sequence(quote_ident(%s), 'id'), %s)", (table, newest))


def _newest(target: Any, table: str) -> int:
    """Return the highest id of a table, among tickets also what those had been that were merged into others."""
    sources = [("id", table)]
    if table == "ticket" and "former_number" in target.get_tables():
        sources.append(("former_id", "former_number"))
    found = (target.execute_sql(f'SELECT max({column}) FROM "{name}"').fetchone()[0] for column, name in sources)
    return max(value or 0 for value in found)


def _quoted(columns: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
