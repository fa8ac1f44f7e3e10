"""What the desk survives: kills, mail servers, disks, clocks, databases, restores, hangs, two hosts, races.

    python3 tools/benchmarks/faults.py --kills 200 --rounds 30 --seed 7
    python3 tools/benchmarks/faults.py --only kills races --engine postgresql

Each mishap has desks of its own in temporary folders, started by the command as an owner would. What a line promises
stands in brackets; a line that breaks its promise is marked, and the program ends with 1. Some mishaps need root (a
small disk), ``libfaketime``, PostgreSQL, Caddy or nginx: what is missing is named and left out.
"""

# ruff: noqa: E402  What is measured lies one folder up, in an environment that may have to be made first.
from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import bootstrap

if __name__ == "__main__":
    bootstrap.enter(bootstrap.DEVELOPMENT)

from tests.support.postgres import Missing
from tools.benchmarks.mishaps import (
    clocks,
    databases,
    disks,
    greetings,
    hangs,
    hosts,
    kills,
    mail_servers,
    races,
    restores,
)

ENGINES = ("sqlite", "postgresql")
Lines = Iterator[tuple[str, object]]
#: A mishap, and whether it is run on each engine.
MISHAPS: dict[str, Callable[[argparse.Namespace, str], Lines]] = {
    "races": lambda given, engine: races.run(engine, given.rounds),
    "kills": lambda given, engine: kills.run(engine, given.kills, given.seed, given.minutes),
    "mail": lambda _given, engine: mail_servers.run(engine),
    "restores": lambda given, engine: restores.run(engine, given.points, given.seed),
}
#: What concerns one engine alone, or none.
ONCE: dict[str, Callable[[argparse.Namespace], Lines]] = {
    "disks": lambda _given: disks.run(),
    "clocks": lambda _given: clocks.run(),
    "files": lambda _given: databases.files(),
    "servers": lambda _given: databases.servers(),
    "hosts": lambda _given: hosts.run(),
    "greetings": lambda _given: greetings.run(),
    "hangs": lambda _given: hangs.run(),
}


def keeps_promise(name: str, value: object) -> bool:
    """Whether a line keeps what stands in its brackets: a number, a most, or a word."""
    promised = re.search(r"\((?:at most )?([\d.]+|yes)(?: s)?\)$", name)
    if promised is None:
        return True
    if promised.group(1) == "yes":
        return value is True
    most = float(promised.group(1))
    number = float(value) if isinstance(value, int | float) else 0.0 if not value else float("inf")
    return number <= most


def in_words(value: object) -> str:
    """Return a value as the table prints it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def show(title: str, lines: Lines) -> int:
    """Print the lines of a mishap; return how many break their promise."""
    print(f"\n{title}", flush=True)
    broken, began = 0, time.monotonic()
    try:
        for name, value in lines:
            is_kept = keeps_promise(name, value)
            broken += not is_kept
            print(f"  {name:<66} {in_words(value)}{'' if is_kept else '   <-- BROKEN'}", flush=True)
    except Missing as missing:
        print(f"  left out: {missing}", flush=True)
    print(f"  ({time.monotonic() - began:.0f} s)", flush=True)
    return broken


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=[*MISHAPS, *ONCE], default=[*MISHAPS, *ONCE])
    parser.add_argument("--engine", nargs="*", choices=ENGINES, default=ENGINES)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=3, help="how long desks of one engine are killed at most")
    parser.add_argument("--rounds", type=int, default=10, help="rounds of each race")
    parser.add_argument("--points", type=int, default=30, help="moments at which a restore and a migration are killed")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    broken = 0
    for name in given.only:
        if name in ONCE:
            broken += show(name, ONCE[name](given))
        else:
            for engine in given.engine:
                broken += show(f"{name}, {engine}", MISHAPS[name](given, engine))
    print(f"\n{broken} promises broken")
    raise SystemExit(min(broken, 1))


if __name__ == "__main__":
    main()
