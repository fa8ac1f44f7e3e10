"""A restore and a migration that are killed at many moments, and begun again."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from database import database
from helpdesk.operations import migrate
from models import TABLES
from tools.benchmarks.mishaps import desk as desks
from tools.benchmarks.mishaps import older
from tools.benchmarks.mishaps.desk import Desk

TICKETS = 300

#: How often a moment is tried that came too late, and by what it is made earlier.
TRIES, EARLIER = 6, 0.85


def places(server: object | None, folder: Path) -> Iterator[Desk]:
    """Give empty desks, on a database of their own where there is a server."""
    number = 0
    while True:
        number += 1
        place = folder / str(number)
        place.mkdir()
        yield Desk(server.create(f"again{number}") if server is not None else None, place)  # type: ignore[attr-defined]


def contents(desk: Desk) -> dict[str, int]:
    """Return how many rows each table holds."""
    with desk.opened():
        return {table._meta.table_name: table.select().count() for table in TABLES}


def run(engine: str, points: int, seed: int) -> Iterator[tuple[str, object]]:
    """Kill a restore and a migration at so many moments each."""
    del seed  # the moments are spread evenly
    with desks.server_of(engine) as server:
        source = Desk(server.create("source") if server else None)
        source.data.mkdir(mode=0o700)
        if source.run("migrate") or source.run("demo", "--tickets", str(TICKETS)) or source.run("backup", "desk.zip"):
            raise SystemExit(source.output())
        archive, expected = source.folder / "desk.zip", contents(source)
        empty = places(server, source.folder)
        yield from killed("restore", ("restore", str(archive), "--live"), empty, points, expected)
        yield from killed("first migration", ("migrate",), empty, points, None)
        old = older.make(source, server, source.folder)
        yield from killed("migration of an older desk", ("migrate",), iter(old, None), points, None)
        shutil.rmtree(source.folder, ignore_errors=True)


def killed(
    name: str, command: tuple[str, ...], empty: Iterator[Desk], points: int, expected: dict[str, int] | None
) -> Iterator[tuple[str, object]]:
    """Kill a command at evenly spread moments, run it again each time, and compare what is there."""
    began = time.monotonic()
    whole = next(empty)
    code = whole.run(*command)
    took = time.monotonic() - began
    yield f"{name}: seconds of an undisturbed one", took
    yield f"{name}: its exit code (0)", code
    expected = expected or contents(whole)
    cut, refused, wrong, begun_desk = 0, 0, 0, 0
    for point in range(points):
        desk = cut_short(command, empty, took * (point + 0.5) / points)
        if desk is None:
            continue
        cut += 1
        if name == "restore":
            begun_desk += serves(desk)
        code = desk.run(*command)
        refused += code != 0
        if code:
            desk.run("migrate")
        wrong += not is_whole(desk, expected)
    yield f"{name}: killed before its end, of {points}", cut
    if name == "restore":
        yield f"{name}: a desk began on what was left (0)", begun_desk
    yield f"{name}: refused the second time (0)", refused
    yield f"{name}: not whole after the second time (0)", wrong


def cut_short(command: tuple[str, ...], empty: Iterator[Desk], seconds: float) -> Desk | None:
    """Return a desk on which a command was killed after so many seconds.

    Where it had ended by then, another desk is tried a little earlier: how long it takes depends on the machine's other
    work. None when it always ended.
    """
    for _try in range(TRIES):
        desk = next(empty)
        desk.process = desk.command(*command)
        time.sleep(seconds)
        is_cut = desk.process.poll() is None
        desk.end(signal.SIGKILL)
        # A restore that has taken its mark away is done: what follows concerns nobody but the command.
        if is_cut and not (command[0] == "restore" and is_restored(desk)):
            return desk
        seconds *= EARLIER
    return None


def is_restored(desk: Desk) -> bool:
    """Whether the restore into this folder has ended."""
    return (desk.data / "desk.json").exists() and not (desk.data / "restore-unfinished").exists()


def serves(desk: Desk) -> bool:
    """Whether a desk begins over a restore that was cut off: a folder that is still empty may, others must not."""
    left = [path.name for path in desk.data.glob("*")] if desk.data.exists() else []
    return bool(left) and "restore-unfinished" not in left and "guichet.db" in left


def is_whole(desk: Desk, expected: dict[str, int]) -> bool:
    """Whether the desk has all tables, and the rows that are expected."""
    with desk.opened():
        if migrate.pending(database):
            return False
    return _same(contents(desk), expected)


def _same(rows: dict[str, int], expected: dict[str, int]) -> bool:
    # The desk's own marks differ from copy to copy.
    return all(rows[name] == count for name, count in expected.items() if name not in {"setting", "stamp"})
