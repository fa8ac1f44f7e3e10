"""One archive of the whole desk, taken while it works, good for either engine.

The archive is a zip: ``tables/<name>.jsonl`` (a line of column names, then a line per row), ``files/…``, the secret key
(stored passwords and links are worth nothing without it: keep the archive as private as the desk) and
``manifest.json`` with the schema, the rows and the SHA-256 of every member. Its comment is the SHA-256 of all before.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from peewee import chunked

from database import database, is_sqlite
from helpdesk import clock
from helpdesk.errors import HelpdeskError
from helpdesk.files import file_store
from helpdesk.operations import desk_identity
from helpdesk.settings import environment
from helpdesk.settings.secret_key import KEY_FILE
from models import TABLES

FORMAT = 1
MANIFEST = "manifest.json"
HISTORY = "schema_migration"
SEARCHES = ("message_search", "customer_search")
#: The queue of earlier versions, which the backup before its migration still meets.
QUEUE = "huey_"
FILES = ("attachment", "upload", "incoming_mail")
#: Where the attached files of a backup are.
INSIDE, BESIDE, NOWHERE = "inside", "beside", "nowhere"
#: The folder of files beside an archive that holds none itself.
LINKED = "files"

#: Rows that are written at once: enough to be quick, few enough to fit anywhere.
CHUNK = 1_000

#: Length of the seal, a SHA-256 in hexadecimal, at the end of the archive.
SEAL = 64

Rows = Callable[[str], Iterator[tuple[Any, ...]]]


class BackupError(HelpdeskError):
    """A backup cannot be made or restored; the message says why."""


def files_dir() -> Path:
    """Return where the desk keeps its attachments."""
    return environment.current().data_dir / "helpdesk" / "files"


@dataclass
class _Archive:
    zip: zipfile.ZipFile
    members: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, name: str, chunks: Iterable[bytes], **facts: Any) -> None:
        """Store one member and note its hash."""
        digest = hashlib.sha256()
        with self.zip.open(name, "w", force_zip64=True) as member:
            for chunk in chunks:
                digest.update(chunk)
                member.write(chunk)
        self.members[name] = {"sha256": digest.hexdigest(), **facts}


def backup(path: Path, *, files: str = INSIDE) -> dict[str, Any]:
    """Write the archive of the desk as it is at this moment to `path`, readable by its owner only; return its manifest.

    `files` says where the attached files go: INSIDE the archive, as links in the folder `LINKED` beside it, or NOWHERE;
    the manifest says it too. Others may go on writing meanwhile. A backup that fails leaves nothing at `path`. Raises
    BackupError.
    """
    part = path.with_name(path.name + ".part")
    try:
        with open(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
            manifest = _write(file, path.parent, files)
            _seal(file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise BackupError(f"The backup {path} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _write(file: IO[bytes], folder: Path, where: str) -> dict[str, Any]:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        archive = _Archive(target)
        with _snapshot() as rows:
            schema = _schema(rows)
            for table in _tables(rows):
                _store_table(archive, table, rows)
            counters = _counters(rows)
            files = _files(rows)
        names = [path for path, _digest in files]
        # A file is on disk before its row: those of the rows just read are there, unless they were deleted since.
        damaged = _store_files(archive, files) if where == INSIDE else []
        if where == BESIDE:
            damaged = _link_files(folder / LINKED, names)
        archive.add(KEY_FILE, [environment.current().secret_key.encode()])
        manifest = {
            "format": FORMAT,
            "made_at": f"{clock.now():%Y-%m-%d %H:%M:%S}",
            "desk": desk_identity.desk_id(),
            "engine": "sqlite" if is_sqlite() else "postgresql",
            "schema": schema,
            "counters": counters,
            "members": archive.members,
            "files": where,
            "linked_files": names if where == BESIDE else [],
            "left_out": names if where == NOWHERE else [],
            "damaged_files": damaged,
        }
        target.writestr(MANIFEST, json.dumps(manifest, indent=1))
        target.comment = b"0" * SEAL
    return manifest


@contextmanager
def _snapshot() -> Iterator[Rows]:
    """Give a reader of the database as it is at this moment, whatever others write meanwhile."""
    if is_sqlite():
        # Not the desk's own connection: its transactions are IMMEDIATE and would hold up everybody who writes.
        with closing(sqlite3.connect(f"{Path(database.database).resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.isolation_level = None
            connection.execute("BEGIN")
            yield connection.execute
        return
    with database.unlimited(), database.atomic():
        database.execute_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield _stream


def _stream(sql: str) -> Iterator[tuple[Any, ...]]:
    with database.connection().cursor(name="backup") as cursor:
        cursor.itersize = CHUNK
        yield from cursor.execute(sql)


def _schema(rows: Rows) -> str:
    if HISTORY not in _names(rows):
        raise BackupError("There is no desk in this database yet: nothing to back up.")
    return str(max(name for (name,) in rows(f"SELECT name FROM {HISTORY}")))


def _names(rows: Rows) -> set[str]:
    catalogue = "SELECT name FROM sqlite_master WHERE type = 'table'"
    if not is_sqlite():
        catalogue = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()"
    return {name for (name,) in rows(catalogue)}


def _tables(rows: Rows) -> list[str]:
    """Return the tables of the database, parents first, then those that the program does not know."""
    known = [*(table._meta.table_name for table in TABLES), *SEARCHES]
    there = _names(rows)
    inside = tuple(f"{name}_" for name in SEARCHES)
    machinery = {name for name in there if name == HISTORY or name.startswith((*inside, "sqlite_", QUEUE))}
    return [name for name in known if name in there] + sorted(there - set(known) - machinery)


def _counters(rows: Rows) -> dict[str, int]:
    """Return the last id given out in each table that counts on: of rows that are gone, too (RULES 26)."""
    if is_sqlite():
        return dict(rows("SELECT name, seq FROM sqlite_sequence"))
    found = rows(
        "SELECT table_name::text, pg_get_serial_sequence(quote_ident(table_name), 'id') FROM information_schema.columns"
        " WHERE column_name = 'id' AND table_schema = current_schema()"
    )
    sequences = {table: sequence for table, sequence in found if sequence}
    return {
        table: last
        for table, sequence in sequences.items()
        for last, is_used in rows(f"SELECT last_value, is_called FROM {sequence}")
        if is_used
    }


def _store_table(archive: _Archive, table: str, rows: Rows) -> None:
    columns = _columns(table, rows)
    chosen = ", ".join(f'"{name}"{cast}' for name, cast in columns)
    [(count,)] = rows(f'SELECT count(*) FROM "{table}"')
    body = _lines(rows(f'SELECT {chosen} FROM "{table}" ORDER BY 1'))
    archive.add(f"tables/{table}.jsonl", _after([name for name, _ in columns], body), rows=count)


def _columns(table: str, rows: Rows) -> list[tuple[str, str]]:
    """Return the stored columns and how they are cast: JSON leaves PostgreSQL as the text that SQLite keeps."""
    if is_sqlite():
        names = [name for (name,) in rows(f"SELECT name FROM pragma_table_info('{table}')")]
        return [(name, "") for name in ([*(["rowid"] if table in SEARCHES else []), *names])]
    described = rows(
        "SELECT column_name::text, data_type::text FROM information_schema.columns WHERE is_generated = 'NEVER'"
        f" AND table_schema = current_schema() AND table_name = '{table}' ORDER BY ordinal_position"
    )
    return [(name, "::text" if kind in {"json", "jsonb"} else "") for name, kind in described]


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


def _lines(rows: Iterable[tuple[Any, ...]]) -> Iterator[bytes]:
    for chunk in chunked(rows, CHUNK):
        yield "".join(f"{_encode(row)}\n" for row in chunk).encode()


def _after(columns: list[str], body: Iterator[bytes]) -> Iterator[bytes]:
    yield f"{_encode(columns)}\n".encode()
    yield from body


def _files(rows: Rows) -> list[tuple[str, str]]:
    """Return where every stored file lies, whatever folder that is, and its hash."""
    known = [table for table in FILES if table in _names(rows)]
    query = 'SELECT path, sha256 FROM "{}" WHERE path IS NOT NULL ORDER BY path'
    found = [row for table in known for row in rows(query.format(table))]
    for (value,) in rows("SELECT value FROM setting WHERE key = 'logo'"):
        logo = json.loads(value) if isinstance(value, str) else value
        found += [(logo["path"], logo["sha256"])] if logo else []
    return found


def _store_files(archive: _Archive, files: list[tuple[str, str]]) -> list[str]:
    """Store these files; return those that are missing or not what they were."""
    damaged = []
    for path, digest in files:
        name = f"files/{path}"
        try:
            with file_store.location(path).open("rb") as source:
                archive.add(name, iter(lambda source=source: source.read(1 << 20), b""))  # type: ignore[misc]
        except FileNotFoundError:
            damaged.append(path)
            continue
        if archive.members[name]["sha256"] != digest:
            damaged.append(path)
    return damaged


def _link_files(folder: Path, names: list[str]) -> list[str]:
    """Keep each file once more beside the archives, as a link that takes no room; return those that are missing."""
    missing = []
    for name in names:
        target = folder / name
        if target.exists():
            continue
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.link(file_store.location(name), target)
        except FileNotFoundError:
            missing.append(name)
        except OSError:  # another disk, or a file system without hard links
            shutil.copyfile(file_store.location(name), target)
            target.chmod(0o600)
    return missing


def manifest_of(path: Path) -> dict[str, Any]:
    """Return the manifest of an archive as it says, unverified. Raises BackupError."""
    try:
        with zipfile.ZipFile(path) as archive:
            return dict(json.loads(archive.read(MANIFEST)))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise BackupError(f"The backup {path} cannot be read.") from error


def hash_before_seal(file: IO[bytes]) -> str:
    """Return the hash of an archive without its seal, and stand before the seal."""
    digest, left = hashlib.sha256(), max(file.seek(0, os.SEEK_END) - SEAL, 0)
    file.seek(0)
    while left:
        chunk = file.read(min(left, 1 << 20))
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest()


def _seal(file: IO[bytes]) -> None:
    file.flush()
    file.write(hash_before_seal(file).encode())
