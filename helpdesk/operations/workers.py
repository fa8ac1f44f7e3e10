"""The processes that carry the loop: each beats in a row of its own, and what a dead one had claimed is free again.

A claim names its process. A start frees what the dead of its own machine had claimed; of other machines, whoever has
not beaten for two minutes is dead. Beats are counted and watched by a clock that nobody sets: no jump of the time frees
what a living process holds, however long it takes, and none keeps what a dead one held.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from helpdesk import clock
from helpdesk.lib import process
from helpdesk.settings import environment
from models import Worker

logger = logging.getLogger(__name__)

#: Seconds between two beats.
BEAT = 15
#: Seconds without a beat after which a process is dead.
DEAD = 120


class Claimed(Protocol):
    """What is claimed by processes."""

    @property
    def claimants(self) -> Callable[[], Iterable[str]]:
        """Return who has claimed something."""

    @property
    def release(self) -> Callable[[str], object]:
        """Free what a process had claimed."""


class Watch:
    """Notices who has stopped beating."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._seen: dict[str, tuple[int | None, float]] = {}

    def dead(self, beats: dict[str, int | None]) -> list[str]:
        """Return who has shown the same beat for two minutes. None stands for a claimant without a row."""
        now, before = self._monotonic(), self._seen
        self._seen = {
            name: before[name] if name in before and before[name][0] == beat else (beat, now)
            for name, beat in beats.items()
        }
        return [name for name, (_beat, since) in self._seen.items() if now - since >= DEAD]


def folder() -> Path:
    """Return where the processes of the desk hold their files."""
    return environment.current().data_dir / "processes"


def begin() -> None:
    """Hold the file of this process, where the data folder can lock one."""
    try:
        process.hold(folder())
    except OSError as error:
        logger.warning("If this process is killed, its claims are free after two minutes only: %s", error)


def beat() -> None:
    """Say that this process is alive."""
    now = clock.now()
    mine = Worker.update(beat=Worker.beat + 1, seen_at=now).where(Worker.name == process.name())
    if not mine.execute():
        row = Worker.insert(name=process.name(), host=process.HOST, beat=1, started_at=now, seen_at=now)
        row.on_conflict_ignore().execute()


def end() -> None:
    """Say that this process has ended, with nothing claimed."""
    process.let_go(folder())
    Worker.delete().where(Worker.name == process.name()).execute()


def free_ended(sources: Iterable[Claimed]) -> None:
    """Free what processes of this machine had claimed that have ended since, however they did."""
    for name in process.ended(folder()):
        _free(name, sources)


def free_dead(watch: Watch, sources: Iterable[Claimed]) -> None:
    """Free what processes had claimed that beat no more."""
    beats: dict[str, int | None] = {name: None for source in sources for name in source.claimants()}
    beats |= dict(Worker.select(Worker.name, Worker.beat).tuples())
    beats.pop(process.name(), None)
    for name in watch.dead(beats):
        _free(name, sources)


def _free(name: str, sources: Iterable[Claimed]) -> None:
    for source in sources:
        source.release(name)
    Worker.delete().where(Worker.name == name).execute()
