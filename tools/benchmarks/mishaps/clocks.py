"""A clock that is set back or runs ahead (libfaketime): nothing is deleted, and people go on working."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import timedelta

from helpdesk import clock, links, tickets
from helpdesk.tickets import drafts
from helpdesk.tickets.drafts import Writing
from models import AccessLink, Agent, Draft, JournalEntry, Message, OutgoingEmail, SignIn, Ticket
from tests.support.postgres import Missing
from tools.benchmarks.mishaps import desk as desks
from tools.benchmarks.mishaps.desk import Desk

JUMPS = {"two days back": "-2d", "three hours back": "-3h", "a year ahead": "+365d"}
#: Seconds a desk is left with its wrong clock.
SECONDS = 15
TABLES = (Ticket, Message, Draft, AccessLink, OutgoingEmail, JournalEntry, SignIn)


def run() -> Iterator[tuple[str, object]]:
    """Start a desk under each wrong clock, write in it, and count what is gone."""
    if shutil.which("faketime") is None:
        raise Missing("libfaketime is not installed (the package faketime of Debian)")
    for name, offset in JUMPS.items():
        yield from under(name, offset)


def rows() -> dict[str, int]:
    """Return how many rows there are of what is deleted by age."""
    return {table.__name__: table.select().count() for table in TABLES}


def under(name: str, offset: str) -> Iterator[tuple[str, object]]:
    """Let a desk run under a clock that is off."""
    desk = Desk().make()
    with desk.opened():
        root = Agent.get(Agent.is_admin)
        binned, drafted, *_others = Ticket.select().order_by(Ticket.id)
        tickets.delete(binned, actor=root)
        drafts.save(drafted, Writing("<p>Half an answer</p>"), actor=root)
        links.make("reset", agent=root)
        OutgoingEmail.update(state="sent", sent_at=clock.now() - timedelta(days=60)).execute()
    try:
        desk.start()
        number, writer = desk.numbers()[2], desk.writer()
        # The upkeep of the day runs, and remembers when.
        time.sleep(4)
        desk.end()
        with desk.opened():
            before = rows()
        desk.start(prefix=("faketime", "-f", offset))
        writer.open(number)
        is_signed_in = 'name="csrf_token"' in writer.page and "/reply" in writer.page
        fresh = desk.writer()
        fresh.open(number)
        code = fresh.send(number, "Under a wrong clock", desks.key())
        time.sleep(SECONDS)
        desk.end()
        with desk.opened():
            after = rows()
        desk.start()
        last = desk.writer()
        last.open(number)
        code_after = last.send(number, "By the right clock again", desks.key())
    finally:
        desk.end()
    yield f"{name}: rows gone (0)", sum(max(0, before[table] - after[table]) for table in before)
    yield f"{name}: who was signed in still is", is_signed_in
    yield f"{name}: somebody signs in and answers (yes)", code in {302, 303}
    yield f"{name}: and by the right clock again (yes)", code_after in {302, 303}
