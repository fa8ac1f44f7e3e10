"""Two people at the same moment: whatever comes first, nothing is lost, nothing is hidden, and nobody meets an error.

Each kind of race runs some rounds on both engines; ``tools/benchmarks/faults.py --only races`` runs many.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from helpdesk.errors import HelpdeskError
from tests.faults import races_of_accounts, races_of_tickets
from tests.faults.world import Race, World
from tests.support.racing import beside

ROUNDS = 2
KINDS = (*races_of_accounts.KINDS, *races_of_tickets.KINDS)


def refusals() -> set[str]:
    """Return the names of what a rule may raise: each has words that a person can read."""
    kinds, names = [HelpdeskError], set[str]()
    while kinds:
        kind = kinds.pop()
        names.add(kind.__name__)
        kinds += kind.__subclasses__()
    return names


def run(kind: Callable[[World], Race], world: World) -> None:
    """Run a round of a race. Raises AssertionError when something was lost or hidden, or somebody met an error."""
    race = kind(world)
    ended = beside(*race.acts)
    assert set(ended) <= {"done"} | refusals(), ended
    race.check(ended)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_both_end_well_whoever_comes_first(app: object, kind: Callable[[World], Race]) -> None:
    world = World(app)
    for _round in range(ROUNDS):
        run(kind, world)
