"""A database that is gone, empty, foreign, younger or older; a PostgreSQL that is killed, locked or swallows all."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from database import database
from models import Message
from tests.support import attached
from tests.support.line import Line
from tests.support.postgres import Cluster
from tools.benchmarks.mishaps import desk as desks
from tools.benchmarks.mishaps import older, restores
from tools.benchmarks.mishaps.desk import BROKEN, Desk

#: Seconds a server of databases is away.
AWAY = 20


# --- The file -----------------------------------------------------------------------------------------------------


def files() -> Iterator[tuple[str, object]]:
    """Start a desk on the wrong file, and take the file away while it runs."""
    desk, other = Desk().make(), Desk().make()
    with desk.opened():
        path = Path(attached.received().path)
    stored, file = desk.data / path, desk.data / "guichet.db"
    kept = desk.folder / "kept.db"
    shutil.copyfile(file, kept)
    pictures: dict[str, Callable[[], object]] = {
        "gone": file.unlink,
        "empty": lambda: file.write_bytes(b""),
        "foreign": lambda: shutil.copyfile(other.data / "guichet.db", file),
        "younger": lambda: migrated_by_a_newer_one(desk),
    }
    for name, spoil in pictures.items():
        spoil()
        begun = len(desk.output())
        process = desk.command("serve")
        try:
            code: int | None = process.wait(30)
        except Exception:
            desk.process, code = process, None
            desk.end()
        yield f"file {name}: the start is refused (yes)", code not in {0, None}
        yield f"file {name}: words", desk.output(begun).strip().splitlines()[-1:]
        yield f"file {name}: stored files are untouched (yes)", stored.is_file()
        for leftover in desk.data.glob("guichet.db*"):
            leftover.unlink()
        shutil.copyfile(kept, file)
    yield from from_an_older_program(desk)
    yield from while_running(desk, file)


def from_an_older_program(desk: Desk) -> Iterator[tuple[str, object]]:
    """Start a desk on the database and folder of an older program: it is brought up to date, whole."""
    before = restores.contents(desk)
    older_desk = older.make(desk, None, desk.folder)()
    try:
        older_desk.start()
        writer, number = older_desk.writer(), older_desk.numbers()[0]
        writer.open(number)
        code = writer.send(number, "After the upgrade", key := desks.key())
    finally:
        older_desk.end()
    after = restores.contents(older_desk)
    kept = ("customer", "customer_address", "agent", "ticket", "message", "attachment", "outgoing_email")
    lost = sum(max(0, before[table] - after[table]) for table in kept)
    with older_desk.opened():
        stored = Message.select().where(Message.form_key == key).count()
    copies = list((older_desk.data / "backups").glob("*-before-*.zip"))
    yield "file older: rows lost (0)", lost
    yield "file older: a backup was made first (yes)", len(copies) == 1
    yield "file older: somebody signs in and answers (yes)", code in {302, 303} and stored == 1


def migrated_by_a_newer_one(desk: Desk) -> None:
    """Let the database say that a migration ran which this program does not know."""
    with desk.opened():
        (table,) = [name for name in database.get_tables() if "migrat" in name]
        columns = [column.name for column in database.get_columns(table)]
        name = next(column for column in columns if column not in {"id", "migrated_at", "applied_at", "created_at"})
        others = [column for column in columns if column not in {"id", name}]
        names = ", ".join(f'"{column}"' for column in (name, *others))
        marks = ", ".join("?" * (1 + len(others)))
        database.execute_sql(
            f'INSERT INTO "{table}" ({names}) VALUES ({marks})',
            ["9999_from_the_future", *["2100-01-01 00:00:00"] * len(others)],
        )


def while_running(desk: Desk, file: Path) -> Iterator[tuple[str, object]]:
    """Take the file away under a desk that runs."""
    desk.start()
    try:
        writer, number = desk.writer(), desk.numbers()[0]
        writer.open(number)
        away = file.with_name("elsewhere")
        file.rename(away)
        codes = [writer.send(number, "Nowhere", desks.key()) for _try in range(5)]
        away.rename(file)
        code = writer.send(number, "Here again", key := desks.key())
    finally:
        desk.end()
    with desk.opened():
        stored = Message.select().where(Message.form_key == key).count()
    yield "file taken away while running: answers", codes
    yield "file taken away while running: acknowledged (0)", sum(code in {302, 303} for code in codes)
    yield "file back: a reply is stored (yes)", code in {302, 303} and stored == 1


# --- The server ---------------------------------------------------------------------------------------------------


def servers() -> Iterator[tuple[str, object]]:
    """Take PostgreSQL away in three ways."""
    with desks.cluster() as server:
        line = Line(str(server.folder), 5432)
        server.create("desk")
        url = f"postgresql://guichet@127.0.0.1:{line.port}/desk"
        desk = Desk(url).make().start()
        try:
            yield from away("killed", desk, lambda: killed(server))
            yield from away("locked", desk, lambda: locked(server.url("desk")))
            yield from away("swallowing", desk, lambda: swallowing(line))
        finally:
            desk.end()
            line.close()


def killed(server: Cluster) -> None:
    """Break the server off, and start it again."""
    server.break_off()
    time.sleep(AWAY)
    server.go_on()


def locked(url: str) -> None:
    """Lock a table that every page reads."""
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE stamp, sign_in, ticket IN ACCESS EXCLUSIVE MODE")
        time.sleep(AWAY)


def swallowing(line: Line) -> None:
    """Let the line take everything and answer nothing."""
    line.swallows = True
    time.sleep(AWAY)
    line.swallows = False


def away(name: str, desk: Desk, fault: Callable[[], object]) -> Iterator[tuple[str, object]]:
    """Ask for pages of three kinds while the server is away; measure the longest waits and the way back."""
    slowest = {"/healthz?live": 0.0, "/static/desk.css": 0.0, "/": 0.0}
    over = threading.Event()

    def ask(path: str) -> None:
        while not over.is_set():
            began = time.monotonic()
            try:
                desk.get(path, timeout=90)
            except BROKEN:
                time.sleep(0.2)
            slowest[path] = max(slowest[path], time.monotonic() - began)
            time.sleep(0.05)

    threads = [threading.Thread(target=ask, args=(path,), daemon=True) for path in [*slowest, *["/"] * 5]]
    for thread in threads:
        thread.start()
    fault()
    began = time.monotonic()
    while not desk.answers("/", seconds=1) and time.monotonic() - began < 120:
        time.sleep(0.1)
    back = time.monotonic() - began
    over.set()
    for thread in threads:
        thread.join(100)
    yield f"{name}: slowest answer of ?live (at most 3 s)", slowest["/healthz?live"]
    yield f"{name}: slowest static file (at most 3 s)", slowest["/static/desk.css"]
    yield f"{name}: slowest page (at most 50 s)", slowest["/"]
    yield f"{name}: seconds until pages come again (at most 50 s)", back
