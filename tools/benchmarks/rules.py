"""What a minute's run of rules costs in a desk with many open tickets.

    python3 tools/benchmarks/rules.py --tickets 100000 --rules 200 --engine sqlite postgresql

Fills a desk of its own with open tickets that came evenly over 100 days, and rules of passed time of every kind, half
of which act. Then it runs the job as if a minute had passed, several times, each with new lines in the histories, and
prints the slowest run; once more after a pause of a day. Seconds depend on the machine: the promise is two.
"""

# ruff: noqa: E402  What is measured lies two folders up, in an environment that may have to be made first.
from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import bootstrap

if __name__ == "__main__":
    bootstrap.enter(bootstrap.DEVELOPMENT)

from peewee import chunked

from app import create_app
from database import database, is_sqlite
from helpdesk import clock, filters, i18n
from helpdesk.events import EventKind
from helpdesk.rules import time_rules
from helpdesk.settings import lookups, run_state
from models import Agent, Filter, Message, RuleRecord, Ticket, TicketEvent
from tests.support import cast
from tests.support.postgres import Cluster, Missing
from tools.benchmarks import pages

#: The days over which the tickets came, and the lines that a busy desk writes in a minute.
DAYS, LINES = 100, 60
#: Seconds that a run may take.
PROMISE = 2.0
AT_ONCE = 500


def fill(tickets: int, now: datetime) -> None:
    """Store open tickets, each with its message and the line of its opening."""
    service, customer = cast.make_service("Deliveries"), cast.make_customer("Carol")
    shared = {
        "subject": "A question", "customer": customer.id, "address": customer.primary_address.id, "locale": "en",
        "service": service.id, "status": lookups.default_status().id, "priority": lookups.default_priority().id,
    }  # fmt: skip
    step, first = timedelta(days=DAYS) / tickets, 1_000_000
    with database.atomic():
        for numbers in chunked(range(tickets), AT_ONCE):
            moments = {first + number: now - step * (tickets - number) for number in numbers}
            dates = {key: {"created_at": at, "waiting_since": at, "last_activity": at} for key, at in moments.items()}
            Ticket.insert_many([{**shared, **dates[key], "id": key, "number": f"B{key}"} for key in moments]).execute()
            written = {"kind": "customer", "customer": customer.id, "author_name": "Carol", "body": "<p>Hello</p>"}
            messages = [{**written, "ticket": key, "created_at": at} for key, at in moments.items()]
            Message.insert_many(messages).execute()
            opened = {"kind": EventKind.OPENED.value, "customer": customer.id, "data": {}}
            TicketEvent.insert_many(
                [{**opened, "ticket": key, "created_at": at} for key, at in moments.items()]
            ).execute()


def add_rules(count: int, owner: Agent) -> None:
    """Store rules of every kind; every other one acts."""
    states = tuple(filters.CLOCKS)
    for number in range(count):
        word = "question" if number % 2 else "nothing of this"
        values = {
            "name": f"Rule {number}", "beginning": "passed", "trigger": states[number % len(states)],
            "hours": str(1 + number * 11), "conditions": [{"field": "subject", "operator": "contains", "value": word}],
            "actions": [{"action": "tag", "argument": f"tag {number % 10}"}],
        }  # fmt: skip
        filters.save_filter(None, values, actor=owner)
    Filter.update(active_from=datetime(2000, 1, 1)).execute()


def write_lines(count: int) -> None:
    """Write lines of the last minute in as many tickets."""
    newest = Ticket.select(Ticket.id).order_by(Ticket.id.desc()).limit(count)
    now = clock.now()
    rows = [{"ticket": key, "kind": "note-added", "data": {}, "created_at": now} for (key,) in newest.tuples()]
    TicketEvent.insert_many(rows).execute()


def run(back: timedelta) -> tuple[float, int]:
    """Run the job as if it had run last so long ago; return its seconds and the tickets acted on."""
    write_lines(LINES)
    run_state.write(time_rules.STATE, {"until": (clock.now() - back).isoformat(), "ticket": 0})
    start = time.perf_counter()
    acted = time_rules.act_due()
    return time.perf_counter() - start, acted


def record_size() -> float:
    """Return the characters that the record takes for each rule considered, whether it acted or not."""
    rows = [row.data for row in RuleRecord.select(RuleRecord.data)]
    return sum(len(json.dumps(data)) for data in rows) / sum(len(data["rules"]) for data in rows)


def measure(url: str, folder: Path, arguments: argparse.Namespace) -> bool:
    """Fill a desk, run the job, print what it took, and return whether the promise was kept."""
    pages.fill(url, folder, 1)
    app = create_app({"GUICHET_DATA_DIR": str(folder / "data"), "GUICHET_DATABASE_URL": url})
    with app.app_context(), i18n.in_language("en"), database.connection_context():
        fill(arguments.tickets, clock.now())
        add_rules(arguments.rules, Agent.get(Agent.is_admin))
        if not is_sqlite():
            database.execute_sql("ANALYZE")
        minutes: list[tuple[float, int]] = [run(timedelta(minutes=1)) for _minute in range(arguments.runs)]
        slowest: Any = max(minutes)
        print(f"  a minute: {slowest[0]:.2f} s at most, {slowest[1]} tickets acted on in it")
        paused = run(timedelta(days=1))
        print(f"  after a day without a run: {paused[0]:.2f} s, {paused[1]} tickets acted on; the rest follows")
        print(f"  their record: {record_size():.0f} characters for each rule considered")
    return bool(slowest[0] <= PROMISE)


def main() -> int:
    """Measure what the command line asks for; end with 1 where the promise is broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--rules", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--engine", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite", "postgresql"])
    arguments, kept = parser.parse_args(), True
    for engine in arguments.engine:
        cluster = None
        try:
            cluster = Cluster(options=("fsync=off",)).start() if engine == "postgresql" else None
            with tempfile.TemporaryDirectory() as name:
                url = cluster.create("rules") if cluster else f"sqlite:///{name}/guichet.db"
                print(f"{engine}, {arguments.tickets:,} open tickets, {arguments.rules} rules:")
                kept = measure(url, Path(name), arguments) and kept
                database.close_all()
        except Missing as missing:
            print(f"PostgreSQL was not asked: {missing}.")
        finally:
            if cluster is not None:
                cluster.stop()
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
