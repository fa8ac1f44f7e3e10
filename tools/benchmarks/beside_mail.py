"""What a list costs its reader while mail comes in: the same page at rest, and while mails are taken and decided.

    python3 tools/benchmarks/beside_mail.py --tickets 10000 --pages 300 --mails-a-second 10

A demo desk of its own, served as it starts by itself; a second process takes and decides the mails at that pace, as the
worker does. The two kinds of minutes take turns, so that what else the machine does falls on both; trust the ratio.
"""

# ruff: noqa: E402  What is measured lies one folder up, in an environment that may have to be made first.
from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import bootstrap

if __name__ == "__main__":
    bootstrap.enter(bootstrap.DEVELOPMENT)

from app import create_app
from database import database
from helpdesk import i18n, settings
from helpdesk.examples import demo
from helpdesk.incoming import acceptance, pipeline
from models import Department, IncomingMail, Mailbox
from tests.support.ports import free_port
from tools.benchmarks.browser import Browser
from tools.benchmarks.incoming import letter
from tools.benchmarks.pages import fill, served, sign_in

#: Times that rest and mail take turns, and the part by which the answers may grow (specification of mail in, §15).
TURNS, MOST_GROWTH = 6, 0.10
WARM_UP = 30


def take_mails(folder: str, pace: float, first: int) -> None:
    """Take and decide mails at this pace a second until somebody ends the process."""
    app = create_app({"GUICHET_DATA_DIR": folder, "GUICHET_WORKER": "separate"})
    with app.app_context(), i18n.in_language("en"):
        mailbox, began, number = Mailbox.get(), time.monotonic(), 0
        while True:
            acceptance.accept(mailbox, letter(first + number))
            number += 1
            if number % round(pace) == 0:
                pipeline.decide_waiting(limit=10**9)
                print(number, flush=True)
            time.sleep(max(0.0, began + number / pace - time.monotonic()))


def p95(times: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(times, n=20)[-1]


def answers(browser: Browser, count: int) -> list[float]:
    """Ask for the list this many times; return the milliseconds until each answer."""
    asked = [browser.ask("/admin/tickets/") for _time in range(count)]
    if any(answer.status != 200 for answer in asked):
        raise SystemExit(asked[0].body[:500])
    return [answer.took for answer in asked]


def answers_beside(browser: Browser, count: int, command: list[str]) -> list[float]:
    """Do the same while this command takes mails, once it has decided about the first ones."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        return answers(browser, count)
    finally:
        process.kill()
        process.wait()


def make_desk(folder: Path, tickets: int) -> demo.Accounts:
    """Make a demo desk with a mailbox, in the folder's `data`."""
    accounts = fill(f"sqlite:///{folder}/data/guichet.db", folder, tickets)
    department = Department.get()
    place = {"service": department.service_id, "department": department}
    Mailbox.create(name="Support", address="support@desk.example", kind="pipe", **place)
    # All of them come within minutes.
    settings.save({"tickets_of_address_hourly": 100_000, "tickets_of_domain_hourly": 100_000})
    database.close_all()
    return accounts


def main() -> int:
    """Print the two percentiles, their ratio, and how many mails were decided."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--pages", type=int, default=300, help="of each kind (default: %(default)s)")
    parser.add_argument("--mails-a-second", type=float, default=10.0)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        take_mails(arguments.child[0], arguments.mails_a_second, int(arguments.child[1]))
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        data = str(folder / "data")
        accounts = make_desk(folder, arguments.tickets)
        variables = {"GUICHET_DATA_DIR": data, "GUICHET_PORT": str(port), "GUICHET_WORKER": "separate"}
        rest: list[float] = []
        beside: list[float] = []
        pace = ["--mails-a-second", str(arguments.mails_a_second)]
        with served([sys.executable, "app.py", "serve"], port, variables, folder / "log") as browser:
            sign_in(browser, accounts)
            answers(browser, WARM_UP)
            for turn in range(TURNS):
                rest += answers(browser, arguments.pages // TURNS)
                child = [sys.executable, __file__, *pace, "--child", data, str(turn * 100_000)]
                beside += answers_beside(browser, arguments.pages // TURNS, child)
        decided = IncomingMail.select().where(IncomingMail.state == "new").count()
        database.close_all()
    ratio = p95(beside) / p95(rest)
    print(f"list at rest, p95:              {p95(rest):.1f} ms")
    print(f"list while mail comes in, p95:  {p95(beside):.1f} ms, {ratio:.2f} times (asked: {1 + MOST_GROWTH:.2f})")
    print(f"mails that became tickets:      {decided}")
    return 0 if ratio <= 1 + MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
