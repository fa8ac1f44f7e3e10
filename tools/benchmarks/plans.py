"""What the engines look at for the statements of the desk's pages: none may read or sort all there is.

    python3 tools/benchmarks/plans.py --tickets 100000 --engine sqlite postgresql

Asks for every list, filter, search, look-up and page of such a desk, runs each statement of a page once more, and
counts what the engine looks at: SQLite's steps, PostgreSQL's rows. It counts no time: the load of the machine changes
nothing. Prints the statements that look at too much with the engine's plan, and ends with 1; with 0 when there is none.
"""

# ruff: noqa: E402  What is measured lies two folders up, in an environment that may have to be made first.
from __future__ import annotations

import argparse
import logging
import re
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import bootstrap

if __name__ == "__main__":
    bootstrap.enter(bootstrap.DEVELOPMENT)

from app import create_app
from database import database, is_sqlite
from helpdesk.lists import listing
from models import Agent, Department, Ticket
from tests.support import doors
from tests.support.postgres import Cluster, Missing
from tools.benchmarks import pages

#: Rows that a statement may look at, whatever the desk holds: some newest matches of each word of a search.
MOST_ROWS = 40_000
#: Steps of SQLite's machine that reading a row takes: it counts those, not rows.
STEPS_OF_A_ROW = 10

Statement = tuple[str, tuple[Any, ...]]


def addresses() -> Iterator[str]:
    """Give the address of every list in every order, of every filter, of searches, look-ups and pages."""
    department = Department.select().order_by(Department.id).first()
    first = Ticket.select().order_by(Ticket.id.desc()).first()
    for view, sort in product(listing.VIEWS, ("", *listing.SORTS)):
        yield f"/admin/tickets/?view={view}&sort={sort}".removesuffix("&sort=")
    filters = ("service=1", f"department={department.id}", "status=1", "priority=1", "assignee=me", "team=1", "tag=1")
    for view, words in product(("open", "closed", "all"), (*filters, "waits=1", "status=3&priority=2")):
        yield f"/admin/tickets/?view={view}&{words}"
    day = f"{first.created_at:%Y-%m-%d}"
    for name, more in product(("opened", "closed"), ("", "&service=1", "&tag=1", "&sort=oldest")):
        yield f"/admin/tickets/?view=all&{name}={day}--{day}{more}"
    for scope, text in product(("everywhere", "subject", "content", "author"), ("livraison", "zzzz", "e", "the rear")):
        yield f"/admin/tickets/?view=search&q={text}&scope={scope}".replace(" ", "+").removesuffix("&scope=everywhere")
    yield from (f"/admin/find/?q={text}" for text in ("li", "livraison", first.number[-4:]))
    yield from (f"/admin/tickets/{first.number}", f"/admin/tickets/beside?view=open&at={first.number}")
    yield from (f"/admin/tickets/{first.number}?view=search&q={text}" for text in ("livraison", "e", "livraison+colis"))
    yield from (f"/admin/{page}/" for page in ("dashboard", "customers", "outbox", "journal", "orders", "health"))
    yield "/tickets/new"


class Recorder(logging.Handler):
    """Collects the statements that peewee runs."""

    def __init__(self) -> None:
        super().__init__()
        self.statements: dict[str, Statement] = {}

    def emit(self, record: logging.LogRecord) -> None:
        text, values = record.msg if isinstance(record.msg, tuple) else ("", ())
        if text.lstrip().upper().startswith(("SELECT", "WITH")):
            self.statements.setdefault(text, (text, tuple(values or ())))


def work_of(statement: Statement) -> tuple[int, list[str]]:
    """Run a statement; return how much it looks at, and the engine's plan of it."""
    text, values = statement
    if not is_sqlite():
        steps = [row[0] for row in database.execute_sql(f"EXPLAIN (ANALYZE, TIMING OFF) {text}", values).fetchall()]
        return sum(_rows_of(step) for step in steps), steps
    steps = [row[3] for row in database.execute_sql(f"EXPLAIN QUERY PLAN {text}", values).fetchall()]
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    connection = database.connection()
    connection.set_progress_handler(count, STEPS_OF_A_ROW)
    try:
        database.execute_sql(text, values).fetchall()
    finally:
        connection.set_progress_handler(None, 0)
    return counted, steps


def _rows_of(step: str) -> int:
    """Return the rows that a step of PostgreSQL's plan read from a table or threw away."""
    thrown = re.search(r"Rows Removed by (?:Filter|Index Recheck|Join Filter): (\d+)", step)
    if thrown:
        return int(thrown[1])
    read = re.search(r"(?<!CTE )(?<!Subquery )Scan .*\(actual rows=(\d+) loops=(\d+)\)", step)
    return int(read[1]) * int(read[2]) if read else 0


def check(url: str, folder: Path, tickets: int, most: int) -> int:
    """Fill a desk, ask for its pages, and return how many statements look at more than so many rows."""
    pages.fill(url, folder, tickets)
    if not is_sqlite():
        database.execute_sql("ANALYZE")
    app = create_app({"GUICHET_DATA_DIR": str(folder / "data"), "GUICHET_DATABASE_URL": url})
    client = doors.signed_in(app, Agent.get(Agent.is_admin))
    log, recorder, wrong, run = logging.getLogger("peewee"), Recorder(), 0, 0
    log.setLevel(logging.DEBUG)
    log.addHandler(recorder)
    try:
        for address in list(addresses()):
            recorder.statements.clear()
            status = client.get(address).status_code
            if status not in {200, 302}:
                raise SystemExit(f"{address} answered {status}")
            statements = list(recorder.statements.values())
            run += len(statements)
            with database.connection_context():
                answers = {text: work_of((text, values)) for text, values in statements}
            for text, (rows, steps) in answers.items():
                if rows > most:
                    wrong += 1
                    print(f"{address}: about {rows:,} rows\n  {text[:400]}", *steps, sep="\n    ")
    finally:
        log.removeHandler(recorder)
        log.setLevel(logging.NOTSET)
    print(f"{run} statements, {wrong} of them look at more than {most:,} rows.")
    return wrong


def main() -> int:
    """Check what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--engine", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite", "postgresql"])
    parser.add_argument("--most", type=int, default=MOST_ROWS, help="rows of a statement (default: %(default)s)")
    arguments, wrong = parser.parse_args(), 0
    for engine in arguments.engine:
        cluster = None
        try:
            cluster = Cluster(options=("fsync=off",)).start() if engine == "postgresql" else None
            with tempfile.TemporaryDirectory() as name:
                url = cluster.create("plans") if cluster else f"sqlite:///{name}/guichet.db"
                print(f"{engine}, {arguments.tickets:,} tickets:")
                wrong += check(url, Path(name), arguments.tickets, arguments.most)
                database.close_all()
        except Missing as missing:
            print(f"PostgreSQL was not asked: {missing}.")
        finally:
            if cluster is not None:
                cluster.stop()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
