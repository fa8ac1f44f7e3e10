"""What mail that comes in holds to: nothing lost, nothing twice, how fast, and how hostile mails end.

    python3 tools/benchmarks/incoming.py --mails 1000 --kills 60 --seed 7
    python3 tools/benchmarks/incoming.py --table

A desk of its own in a temporary folder, SQLite. Mails are taken and decided by processes that are killed at chance
moments (SIGKILL), as often as `--kills` says, and once more without a kill. Trust counts and ratios: seconds depend on
the machine. Times of hostile mails are those of the child that reads them. `--table` prints instead what the desk
promises about mail, with the numbers reached, and ends with 1 where one is broken.
"""

# ruff: noqa: E402  What is measured lies one folder up, in an environment that may have to be made first.
from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import bootstrap

if __name__ == "__main__":
    bootstrap.enter()

from app import create_app
from database import database
from helpdesk import clock, i18n, settings
from helpdesk.incoming import acceptance, parsed_mail, pipeline
from helpdesk.operations import migrate
from models import IncomingMail, Mailbox, Service, Ticket
from tools.benchmarks import mail_promises

#: Seconds within which a process is killed.
SOON = 1.5


def letter(number: int) -> bytes:
    """Write one of the mails: half of them without an id, each with words of its own."""
    head = f"From: Person {number} <p{number}@c{number % 97}.example>\r\nSubject: Number {number}\r\n"
    head += f"Message-ID: <{number}@c.example>\r\n" if number % 2 else ""
    return f"{head}\r\nThe question with the number {number}, please.\r\n".encode()


def hostile() -> dict[str, bytes]:
    """Return mails that were made to break their parser."""
    start = b"From: a@c.example\r\n"
    mixed = b"Content-Type: multipart/mixed; boundary="
    nested = b"".join(mixed + b"b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1_200))
    return {
        "20,000 encoded words": start + b"Subject: " + b"=?utf-8?q?a?= " * 20_000 + b"\r\n\r\nHello",
        "20,000 parts": start + mixed + b"b\r\n\r\n" + b"--b\r\n\r\nHello\r\n" * 20_000,
        "1,200 parts nested": start + nested + b"\r\nHello",
        "1 MB of headers": start + b"X-Long: " + b"y" * (1 << 20) + b"\r\n\r\nHello",
        "25 MB": start + b"\r\n" + b"Hello World\r\n" * 1_900_000,
        "page 5,000 deep": start + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 5_000,
    }


def work_on(app: Any, first: int, last: int) -> None:
    """Take the mails from `first` on that are not there yet, and decide about all that wait."""
    with app.app_context(), i18n.in_language("en"):
        mailbox = Mailbox.get()
        known = {row.sha256 for row in IncomingMail.select(IncomingMail.sha256)}
        for number in range(first, last):
            content = letter(number)
            if hashlib.sha256(content).hexdigest() not in known:
                acceptance.accept(mailbox, content)
        # What a killed process held is let go at once: nobody else works here.
        IncomingMail.update(claimed_at=clock.now() - timedelta(minutes=10)).where(
            IncomingMail.state == "working"
        ).execute()
        IncomingMail.update(attempts=0).execute()
        pipeline.decide_waiting(limit=10**9)


def killed_runs(arguments: argparse.Namespace, folder: str) -> None:
    """Run the work in processes that are killed at chance moments, then to its end."""
    chance = random.Random(arguments.seed)
    command = [sys.executable, __file__, "--child", folder, "--mails", str(arguments.mails)]
    for _kill in range(arguments.kills):
        process = subprocess.Popen(command, start_new_session=True)
        time.sleep(1.0 + chance.random() * SOON)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    subprocess.run(command, check=True)


def show(name: str, value: object) -> None:
    """Print a line of the table."""
    print(f"{name:<44} {value}", flush=True)


def counts(mails: int) -> None:
    """Print what became of the mails."""
    hashes = {row.sha256 for row in IncomingMail.select(IncomingMail.sha256)}
    tickets = Ticket.select().count()
    subjects = {row.subject for row in Ticket.select(Ticket.subject)}
    show("mails lost", mails - len(hashes))
    show("mails without a ticket", mails - len(subjects))
    show("tickets twice", tickets - len(subjects))
    show("mails without an outcome", IncomingMail.select().where(IncomingMail.state.in_(["stored", "working"])).count())


def outcomes_of_python() -> None:
    """Print what becomes of the mails with which Python tests its own parser, where this Python has them."""
    spec = importlib.util.find_spec("test.test_email")
    folder = Path(spec.origin).parent / "data" if spec is not None and spec.origin else Path("nowhere")
    files = sorted(folder.glob("msg_*.txt"))
    mailbox = Mailbox.get()
    rows = [row for file in files if (row := acceptance.accept(mailbox, file.read_bytes())) is not None]
    pipeline.decide_waiting(limit=10**9)
    states = IncomingMail.select(IncomingMail.state, IncomingMail.reason).where(IncomingMail.id.in_(rows))
    for (state, reason), count in sorted(Counter(states.tuples()).items()):
        show(f"mails of Python’s tests ({len(files)}): {state} {reason}", count)


def table(app: Any, mailbox: Mailbox, mails: int) -> bool:
    """Print what is promised and what was reached; return whether all of it holds."""
    held = []
    with app.app_context(), i18n.in_language("en"):
        rates = mail_promises.throughput(mailbox, [letter(number) for number in range(mails)])
        for name, value, promised, is_held in chain(rates, mail_promises.rows(app, mailbox)):
            show(name, f"{value} ({promised}){'' if is_held else '  BROKEN'}")
            held.append(is_held)
    return all(held)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--table", action="store_true", help="what is promised, and what was reached")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    folder = arguments.child or tempfile.mkdtemp(prefix="incoming-")
    app = create_app({"GUICHET_DATA_DIR": folder, "GUICHET_WORKER": "separate"})
    if arguments.child:
        work_on(app, 0, arguments.mails)
        return
    show("imapclient loaded without a mailbox", "imapclient" in sys.modules)
    migrate.migrate(database, backup=False)
    service = Service.create(name={"en": "Support"})
    # All of them come within minutes.
    settings.save({"tickets_of_address_hourly": 100_000, "tickets_of_domain_hourly": 100_000})
    values = {"address": "support@desk.example", "kind": "pipe", "sub_addresses": True}
    mailbox = Mailbox.create(name="Support", service=service, **values)
    if arguments.table:
        sys.exit(0 if table(app, mailbox, arguments.mails) else 1)
    began = time.monotonic()
    if arguments.kills:
        killed_runs(arguments, folder)
    else:
        work_on(app, 0, arguments.mails)
        show("mails a second, taken and decided", f"{arguments.mails / (time.monotonic() - began):.1f}")
    counts(arguments.mails)
    with app.app_context(), i18n.in_language("en"):
        outcomes_of_python()
    with parsed_mail.Parser() as mail_parser:
        for name, content in hostile().items():
            path = Path(folder) / "hostile"
            path.write_bytes(content)
            began = time.monotonic()
            said = mail_parser.read(path)
            show(f"hostile: {name}", f"{time.monotonic() - began:.2f} s, {'read' if said else 'ended'}")
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    show("largest child process", f"{children // 1024} MiB (limit of a parser: 256)")


if __name__ == "__main__":
    main()
