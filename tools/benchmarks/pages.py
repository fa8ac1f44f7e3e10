"""How long pages take, against the floor and against *signed*: they answer over HTTP in turn, on this machine.

    python3 tools/benchmarks/pages.py --tickets 1000 100000 --engine sqlite postgresql

Each size is a demo desk of its own in a temporary folder. The programs run as they start by themselves; the client
opens a connection for each request, as a visitor does. Trust the ratio of the processor's work: it is that of the
programs alone (on PostgreSQL without the server's), while answers wait for whatever else the machine does.
"""

# ruff: noqa: E402  What is measured lies one folder up, in an environment that may have to be made first.
from __future__ import annotations

import argparse
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from html import unescape
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import bootstrap

if __name__ == "__main__":
    bootstrap.enter(bootstrap.DEVELOPMENT)

from peewee import fn

import models
from database import database
from engines import open_database
from helpdesk.examples import demo
from helpdesk.operations import migrate
from helpdesk.settings import environment
from helpdesk.settings.secret_key import KEY_FILE
from models import LIVE, Message, Ticket
from tests.support.ports import free_port
from tests.support.postgres import Cluster, Missing
from tools.benchmarks import load
from tools.benchmarks.browser import Answer, Browser, work_of

#: What the issue asks for.
MOST_TIMES_FLOOR, MOST_GROWTH = 3.0, 1.2
WARM_UP = 15


class Task(NamedTuple):
    """A page to measure: `prepare` makes the arguments of the next request, untimed."""

    name: str
    programs: tuple[Callable[[int], Answer], ...]
    expected: int
    rounds: int


def hidden(page: str, name: str) -> str:
    """Return the value of a hidden field of a page."""
    for tag in re.findall(r"<input\b[^>]*>", page):
        if f'name="{name}"' in tag:
            found = re.search(r'value="([^"]*)"', tag)
            return unescape(found.group(1)) if found else ""
    raise SystemExit(f"The page has no field {name}:\n{page[:500]}")


@contextmanager
def served(command: list[str], port: int, variables: dict[str, str], log: Path) -> Iterator[Browser]:
    """Run a server until the block ends."""
    env = {**os.environ, **variables}
    # Python keeps what it compiled unless it is told not to, as some machines for tests tell it.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output)
        try:
            for _try in range(2_000):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.01)
            else:
                raise SystemExit(f"{command} did not answer:\n{log.read_text()[-2000:]}")
            yield Browser(port, process.pid)
        finally:
            process.terminate()
            process.wait(20)


def fill(url: str, folder: Path, tickets: int) -> demo.Accounts:
    """Make a demo desk in this database."""
    env = environment.read({"GUICHET_DATA_DIR": str(folder / "data"), "GUICHET_DATABASE_URL": url})
    environment.use(env)
    database.initialize(open_database(env.database_url))
    migrate.migrate(database, backup=False)
    return demo.fill(tickets=tickets, progress=demo.progress_bar(sys.stderr))


def long_thread(messages: int = 10) -> str:
    """Return the number of an open ticket with about so many messages."""
    count = fn.COUNT(Message.id)
    query = Ticket.select(Ticket.number).join(Message).where(LIVE).group_by(Ticket.id, Ticket.number)
    return str(query.order_by(fn.ABS(count - messages), Ticket.id).scalar())


def sign_in(ours: Browser, accounts: demo.Accounts) -> None:
    """Sign the first agent of the demo in."""
    page, person = ours.ask("/admin/sign-in"), accounts.people[0].email
    form = {"csrf_token": hidden(page.body, "csrf_token"), "email": person, "password": accounts.password}
    if ours.ask("/admin/sign-in", form).status not in {302, 303}:
        raise SystemExit("The demo account could not sign in.")


def reading(ours: Browser, floor: Browser, signed: Browser | None, rounds: int) -> list[Task]:
    """Return the pages that an agent reads."""
    number = long_thread()

    def task(name: str, ask: str, floor_ask: str) -> Task:
        beside = () if signed is None else (lambda _: signed.ask(ask),)
        return Task(name, (lambda _: ours.ask(ask), lambda _: floor.ask(floor_ask), *beside), 200, rounds)

    return [
        task("list of 25", "/admin/tickets/", "/list"),
        task("ticket of ten messages", f"/admin/tickets/{number}", f"/thread/{number}"),
        *(
            task(f"search for “{text}”", f"/admin/tickets/?view=search&q={text}", f"/search?q={text}")
            for text in ("livraison", "zzzz")
        ),
    ]


def sending(ours: Browser, floor: Browser, signed: Browser | None, rounds: int) -> Task:
    """Return the form of visitors, shown and sent."""
    visitors = [Browser(one.port, one.pid) for one in (ours, signed) if one is not None]
    email = str(models.CustomerAddress.get_by_id(1).email)
    options = re.findall(r'<option value="([^"]+)"', visitors[0].ask("/tickets/new").body)
    unit = next(option for option in options if option)
    place = models.Department.select().order_by(models.Department.id).first()
    floor_unit = f"{place.service_id}/{place.id}"

    def written(key: str, token: str = "") -> dict[str, str]:
        return {
            "csrf_token": token,
            "form_key": key,
            "email": email,
            "unit": unit,
            "subject": "The bell does not ring",
            "message": "I ordered a brass bell last week.\n\nIt looks lovely, and it does not ring.",
        }

    def both(form: Answer, sent: Answer) -> Answer:
        return sent._replace(took=form.took + sent.took, worked=form.worked + sent.worked)

    def store(visitor: Browser) -> Answer:
        page = visitor.ask("/tickets/new")
        key, token = hidden(page.body, "form_key"), hidden(page.body, "csrf_token")
        return both(page, visitor.ask("/tickets/new", written(key, token)))

    def store_on_floor(_round: int) -> Answer:
        page = floor.ask("/form")
        return both(page, floor.ask("/store", written(hidden(page.body, "form_key")) | {"unit": floor_unit}))

    stores = [lambda _, one=one: store(one) for one in visitors]
    return Task("the form shown and sent", (stores[0], store_on_floor, *stores[1:]), 303, rounds // 2)


class Measured(NamedTuple):
    """The answers of the programs; `signed` is measured on SQLite only."""

    ours: list[Answer]
    floor: list[Answer]
    signed: list[Answer]

    @property
    def ratio(self) -> float:
        """How many times as long the processor works for Guichet as for the floor."""
        return median_work(self.ours) / median_work(self.floor)


def median_work(answers: list[Answer]) -> float:
    """Return the median of the milliseconds that the processor was at work."""
    return statistics.median(answer.worked for answer in answers)


def measure(task: Task) -> Measured:
    """Ask each in turn, request by request. Ends the program at a wrong answer: it would be quick for nothing."""
    found = Measured([], [], [])
    for turn in range(WARM_UP + task.rounds):
        for ask, who, answers in zip(task.programs, ("Guichet", "the floor", "signed"), found, strict=False):
            answer = ask(turn)
            if answer.status != task.expected:
                raise SystemExit(f"{task.name}: {who} answered {answer.status}:\n{answer.body[:500]}")
            if turn >= WARM_UP:
                answers.append(answer)
    return found


def run(url: str, folder: Path, tickets: int, rounds: int) -> dict[str, Measured]:
    """Measure the pages of one desk."""
    accounts = fill(url, folder, tickets)
    ports = free_port(), free_port(), free_port()
    variables = {
        "GUICHET_DATA_DIR": str(folder / "data"),
        "GUICHET_DATABASE_URL": url,
        "GUICHET_PORT": str(ports[0]),
        "GUICHET_CAPTCHA": "off",
        "GUICHET_WORKER": "separate",
    }
    here = ROOT / "tools/benchmarks"
    with ExitStack() as running:

        def run_one(port: int, *command: str) -> Browser:
            return running.enter_context(served([sys.executable, *command], port, variables, folder / f"{port}.log"))

        # The first start of a version compiles it, and all later ones do not: one of these is measured.
        with served([sys.executable, "app.py", "serve"], ports[0], variables, folder / "first.log") as first_start:
            first_start.ask("/tickets/new")
        started = time.perf_counter()
        ours = run_one(ports[0], "app.py", "serve")
        first = ours.ask("/tickets/new").status, time.perf_counter() - started, work_of(ours.pid)
        floor = run_one(ports[1], str(here / "floor.py"), url, str(ports[1]))
        sign_in(ours, accounts)
        signed = None
        if url.startswith("sqlite:"):
            key = str(folder / "data" / KEY_FILE)
            signed = run_one(ports[2], str(here / "signed.py"), url, str(ports[2]), str(ports[0]), key)
            signed.cookies.update(ours.cookies)
        tasks = [*reading(ours, floor, signed, rounds), sending(ours, floor, signed, rounds)]
        found = {task.name: measure(task) for task in tasks}
        begun = f"start to first page ({first[0]}): {first[1]:.2f} s, of which the processor worked {first[2]:.0f} ms"
        print(f"{tickets:,} tickets:", begun, *load.figures(ours, floor), sep="\n- ", end="\n\n")
    database.close_all()
    return found


def table(engine: str, results: dict[int, dict[str, Measured]]) -> Iterator[str]:
    """Yield the table of one engine, in Markdown."""
    asked = f"times the floor (asked: {MOST_TIMES_FLOOR:g})"
    yield f"| {engine} | tickets | processor ms | floor | signed | {asked} | times signed | answer ms, p50/p95 |"
    yield "| --- | --: | --: | --: | --: | --: | --: | --: |"
    for tickets, found in results.items():
        for name, times in found.items():
            works = " | ".join(f"{median_work(part):.2f}" if part else "" for part in times)
            signed = f"{median_work(times.ours) / median_work(times.signed):.1f}" if times.signed else ""
            yield f"| {name} | {tickets:,} | {works} | {times.ratio:.1f} | {signed} | {waited_for(times.ours)} |"
    first, last = results[min(results)], results[max(results)]
    if len(results) > 1:
        growth = {name: median_work(last[name].ours) / median_work(first[name].ours) for name in first}
        said = ", ".join(f"{name} {times:.2f}" for name, times in growth.items())
        yield f"\nThe largest desk against the smallest (asked: {MOST_GROWTH:g}): {said}."


def waited_for(answers: list[Answer]) -> str:
    """Write the median and the 95th percentile of the milliseconds until the answer."""
    times = [answer.took for answer in answers]
    return f"{statistics.median(times):.1f}/{statistics.quantiles(times, n=20)[-1]:.1f}"


def main() -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tickets", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--engine", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite"])
    parser.add_argument("--rounds", type=int, default=200, help="requests of each page (default: %(default)s)")
    arguments = parser.parse_args()
    for engine in arguments.engine:
        cluster = None
        try:
            # Durable, as a real one: storing a ticket must wait for the disk on both engines.
            cluster = Cluster(options=("shared_buffers=256MB",)).start() if engine == "postgresql" else None
            results = {}
            for tickets in sorted(set(arguments.tickets)):
                with tempfile.TemporaryDirectory() as name:
                    folder = Path(name)
                    url = cluster.create(f"desk_{tickets}") if cluster else f"sqlite:///{folder}/guichet.db"
                    results[tickets] = run(url, folder, tickets, min(arguments.rounds, 2_000))
            print(*table(engine, results), sep="\n", end="\n\n")
        except Missing as missing:
            print(f"PostgreSQL was not measured: {missing}.")
        finally:
            if cluster is not None:
                cluster.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
