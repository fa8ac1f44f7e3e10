"""Killed at chance moments under four writers: what was acknowledged is there, and each mail arrives."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from models import Message, OutgoingEmail
from tests.support.mailbox import Mailbox
from tools.benchmarks.mishaps import desk as desks
from tools.benchmarks.mishaps.desk import Desk, Writer

WRITERS = 4
#: Seconds after which a desk that answers is killed, at the least and at the most.
SOON, LATE = 0.6, 5.0
#: Seconds without a mail after which nobody waits for the rest.
MAIL_PATIENCE = 90


@dataclass
class Ledger:
    """What the writers were answered: the keys of what is acknowledged."""

    acknowledged: list[str] = field(default_factory=list)
    strange: Counter[int] = field(default_factory=Counter)
    stopping: threading.Event = field(default_factory=threading.Event)


def begin(desk: Desk, number: str, ledger: Ledger) -> threading.Thread:
    """Sign a writer in and let them begin."""
    writer = desk.writer()
    writer.open(number)
    thread = threading.Thread(target=write, args=(writer, number, ledger), daemon=True)
    thread.start()
    return thread


def write(writer: Writer, number: str, ledger: Ledger) -> None:
    """Send reply after reply; what got no answer is sent again as it was, as somebody at a browser does."""
    while not ledger.stopping.is_set():
        key = desks.key()
        code = 0
        while code == 0:
            # Without the key: a text that happens to speak of a file is asked for it.
            code = writer.send(number, "An answer", key)
            if code == 0:
                time.sleep(0.05)
        if code in {302, 303}:
            ledger.acknowledged.append(key)
        else:
            ledger.strange[code] += 1


def mail_settings(mailbox: Mailbox) -> dict[str, object]:
    """Return the settings of a desk that mails through this server."""
    sender = {"default_sender": "desk@desk.example"}
    return {"mail_host": "127.0.0.1", "mail_port": mailbox.port, "mail_tls": "none", **sender}


def run(engine: str, most: int, seed: int, minutes: float) -> Iterator[tuple[str, object]]:
    """Kill a desk so often, or for so many minutes, and give the lines of the table."""
    chance, mailbox = random.Random(seed), Mailbox().start()
    with desks.database_of(engine) as url:
        desk = Desk(url).make(tickets=WRITERS, **mail_settings(mailbox)).start()
        ledger, kills, until = Ledger(), 0, time.monotonic() + minutes * 60
        try:
            threads = [begin(desk, number, ledger) for number in desk.numbers()]
            while kills < most and time.monotonic() < until:
                kills += 1
                time.sleep(SOON + chance.random() * (LATE - SOON))
                desk.kill()
                desk.start()
            time.sleep(1)
            ledger.stopping.set()
            for thread in threads:
                thread.join(60)
            wait_for_mails(desk)
        finally:
            desk.end()
        yield from count(desk, ledger, mailbox, kills)
    mailbox.stop()


def wait_for_mails(desk: Desk) -> None:
    """Wait until no mail is owed, or none has gone out for so long."""
    last, moved = -1, time.monotonic()
    while last and time.monotonic() - moved < MAIL_PATIENCE:
        with desk.opened():
            owed = OutgoingEmail.select().where(OutgoingEmail.state.in_(["pending", "sending"])).count()
        moved = time.monotonic() if owed != last else moved
        last = owed
        time.sleep(1)


def count(desk: Desk, ledger: Ledger, mailbox: Mailbox, kills: int) -> Iterator[tuple[str, object]]:
    """Compare what was answered with what is stored and what was mailed."""
    with desk.opened():
        keys = Message.select(Message.form_key).where(Message.form_key.is_null(False))
        stored = Counter(key for (key,) in keys.tuples())
        owed = {row.mail_id for row in OutgoingEmail.select(OutgoingEmail.mail_id)}
        states = Counter(state for (state,) in OutgoingEmail.select(OutgoingEmail.state).tuples())
    arrived = Counter(str(mail["Message-ID"]) for mail in mailbox.messages)
    yield "kills", kills
    yield "acknowledged", len(ledger.acknowledged)
    yield "acknowledged and lost (0)", sum(not stored[key] for key in ledger.acknowledged)
    yield "stored twice (0)", sum(number > 1 for number in stored.values())
    yield "answers that were no redirect (0)", dict(ledger.strange)
    yield "mails owed / arrived", f"{len(owed)} / {len(arrived)}"
    yield "mails owed and missing (0)", len(owed - set(arrived))
    yield "mails not sent at the end (0)", sum(number for state, number in states.items() if state != "sent")
    yield f"mails twice, of one Message-ID (at most {kills})", sum(number - 1 for number in arrived.values())
    yield "tracebacks in the log", desk.output().count("Traceback (most recent call last)")
