"""The races of `tests/faults`, many rounds of each kind."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.faults import test_races
from tests.faults.world import World
from tests.support.desks import Desks


def run(engine: str, rounds: int) -> Iterator[tuple[str, object]]:
    """Run each kind so often and give how many rounds failed."""
    desks = Desks(Path(tempfile.mkdtemp(prefix="races-")))
    try:
        desk = desks.on(engine)
        for kind in test_races.KINDS:
            desk.begin()
            world, failed = World(desk.app), 0
            for _round in range(rounds):
                try:
                    test_races.run(kind, world)
                except AssertionError as error:
                    failed += 1
                    print(f"    {kind.__name__}: {str(error).splitlines()[0]}", flush=True)
            desk.end()
            yield f"{kind.__name__.replace('_', ' ')}, of {rounds} rounds (0)", failed
    finally:
        desks.close()
