"""Which tests run on which engine, and in which order: the slow ones first, so that none is left to the end."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent.parent

#: Doors show what the rules decide, and the rules, lists and searches run on both engines always. So a door is tried on
#: PostgreSQL only where time is no matter: with ``--engine all``, the default where ``CI`` is set.
DOORS = ("admin_views", "browser", "every_page", "public")
#: Among them, what a page asks of a database is that database's matter.
ON_BOTH = ("every_page/test_query_counts.py",)

#: What starts programs or a browser, the longest first.
SLOW = ("operations/test_commands", "operations/test_bootstrap", "operations/test_backup", "browser/", "operations/")

NOT_TRIED = pytest.StashKey[int]()


def add_options(parser: pytest.Parser) -> None:
    """Declare ``--engine``."""
    parser.addoption(
        "--engine",
        choices=("rules", "all"),
        default="all" if os.environ.get("CI") else "rules",
        help="what runs on PostgreSQL too: the tests of rules, or all (the default where CI is set)",
    )


def choose(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what `--engine` leaves out, and put what is slow first."""
    left_out = [] if config.getoption("engine") == "all" else [item for item in items if is_door_on_postgresql(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]
    remember_not_tried(config, len(left_out))
    items.sort(key=lambda item: slowness(place(item)))


def is_door_on_postgresql(item: pytest.Item) -> bool:
    """Whether this is the PostgreSQL variant of a test of a door that runs on SQLite as well."""
    where = place(item)
    if not where.startswith(DOORS) or where in ON_BOTH:
        return False
    chosen = any("engine" in mark.args[0] for mark in item.iter_markers("parametrize"))
    values: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    return values.get("engine") == "postgresql" and not chosen


def place(item: pytest.Item) -> str:
    """Return the path of a test's file from `tests/`."""
    return item.path.relative_to(TESTS).as_posix() if item.path.is_relative_to(TESTS) else ""


def slowness(where: str) -> int:
    """Return the rank of a file: the slowest come first, and all others after them."""
    return next((rank for rank, prefix in enumerate(SLOW) if where.startswith(prefix)), len(SLOW))


def remember_not_tried(config: pytest.Config, count: int) -> None:
    """Keep how many tests were left out; a worker of xdist tells the process that prints the summary."""
    config.stash[NOT_TRIED] = count
    if hasattr(config, "workeroutput"):
        config.workeroutput["not_tried"] = count
