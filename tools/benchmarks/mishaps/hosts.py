"""Two hosts share one data folder and one PostgreSQL (RULES 51): each mail goes once, each reply is there."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.support.mailbox import Mailbox
from tools.benchmarks.mishaps import desk as desks
from tools.benchmarks.mishaps import kills
from tools.benchmarks.mishaps.desk import Desk

SECONDS = 20


def run() -> Iterator[tuple[str, object]]:
    """Let two programs, each with its deliverer, serve four writers."""
    mailbox = Mailbox().start()
    with desks.database_of("postgresql") as url:
        first = Desk(url).make(tickets=kills.WRITERS, **kills.mail_settings(mailbox))
        second = Desk(url, first.folder)
        ledger = kills.Ledger()
        try:
            hosts = [first.start(), second.start()]
            threads = [kills.begin(hosts[place % 2], number, ledger) for place, number in enumerate(first.numbers())]
            time.sleep(SECONDS)
            ledger.stopping.set()
            for thread in threads:
                thread.join(60)
            kills.wait_for_mails(first)
        finally:
            first.end()
            second.end()
        yield from kills.count(first, ledger, mailbox, 0)
    mailbox.stop()
