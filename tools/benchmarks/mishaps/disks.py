"""A disk that is full, has no inodes left, may only be read, or whose folder is taken away for a while."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from models import Attachment, Message
from tests.support import attached
from tests.support.postgres import Missing
from tools.benchmarks.mishaps import desk as desks
from tools.benchmarks.mishaps.desk import Desk, Writer

#: What may be answered while something is wrong with the disk: done, or told in words, with what was typed or not.
HONEST = {302, 303, 422, 503, 507}
#: Bytes of a file that a body keeps in memory, and of one that it does not.
SMALL, LARGE = 20_000, 900_000
TRIES = 25
PLAIN = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
LONG = "A long answer. " * 2_000


@contextmanager
def small_disk(options: str) -> Iterator[Path]:
    """Give a folder on a disk of its own. Raises Missing where none may be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        folder.rmdir()
        raise Missing("a small disk cannot be mounted here (root may)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
        folder.rmdir()


def fill(folder: Path) -> None:
    """Leave no room."""
    with suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(b"\0" * 65_536)
    with suppress(OSError), (folder / "filler2").open("wb", buffering=0) as filler:
        while True:
            filler.write(b"\0" * 512)


def use_inodes(folder: Path) -> None:
    """Leave no inode."""
    (folder / "fillers").mkdir()
    with suppress(OSError):
        for number in range(1_000_000):
            (folder / "fillers" / str(number)).touch()


def clean(folder: Path) -> None:
    """Give the room back."""
    for name in ("filler", "filler2"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "fillers", ignore_errors=True)


def run() -> Iterator[tuple[str, object]]:
    """Take the disk away in four ways, and give it back."""
    with small_disk("size=48m") as folder:
        desk = Desk(folder=folder).make()
        yield from while_away("full", desk, lambda: fill(folder), lambda: clean(folder))
    with small_disk("size=96m,nr_inodes=300") as folder:
        desk = Desk(folder=folder).make()
        yield from while_away("no inodes", desk, lambda: use_inodes(folder), lambda: clean(folder))
    for name, take in (("no inodes", use_inodes), ("full", fill)):
        with small_disk("size=96m,nr_inodes=300") as folder:
            (folder / "tmp").mkdir()
            desk = Desk(folder=folder, TMPDIR=str(folder / "tmp")).make()
            yield from uploads_while_away(f"uploads, {name}", desk, take)
    desk = Desk().make()
    files, data = list(desk.data.glob("guichet.db*")), [desk.data]
    yield from while_away("read-only", desk, lambda: chmod(files, 0o400), lambda: chmod(files, 0o600))
    yield from while_away("no permission", desk, lambda: chmod(data, 0), lambda: chmod(data, 0o700))


def chmod(paths: list[Path], mode: int) -> None:
    """Set who may do what."""
    for path in paths:
        with suppress(FileNotFoundError):
            path.chmod(mode)


def while_away(
    name: str, desk: Desk, take: Callable[[], object], give_back: Callable[[], object]
) -> Iterator[tuple[str, object]]:
    """Write before, while and after the disk is away, and count what was acknowledged and is not there."""
    acknowledged: list[str] = []
    (desk.folder / "log").unlink(missing_ok=True)
    log = Path(tempfile.mkdtemp(prefix="log-")) / "log"
    desk.log = log
    # Permissions bind root, too, once it may not override them.
    desk.start(prefix=PLAIN if os.geteuid() == 0 else ())
    try:
        writer, number = desk.writer(), desk.numbers()[0]
        writer.open(number)
        before = attempt(writer, number, acknowledged)
        take()
        during = attempt(writer, number, acknowledged)
        give_back()
        began = time.monotonic()
        while not (attempt(writer, number, acknowledged, 1).keys() & {302, 303}) and time.monotonic() - began < 60:
            time.sleep(0.5)
        back = time.monotonic() - began
        after = attempt(writer, number, acknowledged)
    finally:
        give_back()
        desk.end()
    with desk.opened():
        stored = {key for (key,) in Message.select(Message.form_key).tuples()}
    yield f"{name}: answers before, meanwhile, after", f"{dict(before)} {dict(during)} {dict(after)}"
    yield (
        f"{name}: answers that are neither done nor told (0)",
        sum(count for code, count in (before + during + after).items() if code not in HONEST),
    )
    yield f"{name}: acknowledged and lost (0)", len(set(acknowledged) - stored)
    yield f"{name}: seconds until it stores again (at most 10)", back


def uploads_while_away(name: str, desk: Desk, take: Callable[[Path], object]) -> Iterator[tuple[str, object]]:
    """Send files before, while and after the disk takes none: each that was acknowledged is there, byte by byte."""
    folder, acknowledged = desk.folder, dict[str, bytes]()
    desk.log = Path(tempfile.mkdtemp(prefix="log-")) / "log"
    desk.start()
    try:
        writer, number = desk.writer(), desk.numbers()[0]
        writer.open(number)

        def attempts() -> Counter[int]:
            codes: Counter[int] = Counter()
            for size in [SMALL, LARGE] * 5:
                key, content = desks.key(), attached.pdf(size)
                code = writer.send_file(number, f"{key}.pdf", content, key)
                codes[code] += 1
                if code in {302, 303}:
                    acknowledged[f"{key}.pdf"] = content
            return codes

        before = attempts()
        take(folder)
        during = attempts()
        clean(folder)
        after = attempts()
    finally:
        clean(folder)
        desk.end()
    with desk.opened():
        rows = {row.name: desk.data / row.path for row in Attachment.select()}
    there = {name for name, content in acknowledged.items() if name in rows and rows[name].read_bytes() == content}
    codes = before + during + after
    yield f"{name}: answers before, meanwhile, after", f"{dict(before)} {dict(during)} {dict(after)}"
    yield (
        f"{name}: answers that are neither done nor told (0)",
        sum(codes[code] for code in codes if code not in HONEST),
    )
    yield f"{name}: acknowledged and not there byte by byte (0)", len(acknowledged) - len(there)
    yield f"{name}: stored again afterwards (yes)", set(after) <= {302, 303}


def attempt(writer: Writer, number: str, acknowledged: list[str], tries: int = TRIES) -> Counter[int]:
    """Send so many replies; return how they were answered."""
    codes: Counter[int] = Counter()
    for _try in range(tries):
        key = desks.key()
        code = writer.send(number, LONG, key)
        codes[code] += 1
        if code in {302, 303}:
            acknowledged.append(key)
    return codes
