"""A desk to try: `fill` makes a bicycle shop with its agents, customers and any number of tickets, in bulk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import TextIO

from database import Stamp, database, is_sqlite
from helpdesk import clock
from helpdesk.errors import HelpdeskError
from helpdesk.examples.demo import desk as desks
from helpdesk.examples.demo import library, shop
from helpdesk.examples.demo.stories import StoryWriter, arrivals
from helpdesk.examples.demo.ticket_rows import Rows
from helpdesk.i18n import lazy
from models import Agent, Customer, CustomerAddress, Message, Role, Ticket

#: Tickets stored in one transaction.
BATCH = 2_000
MOST = 2_000_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Account:
    """An agent of the demo, who signs in with the password of `Accounts`."""

    name: str
    email: str
    is_admin: bool


@dataclass(frozen=True)
class Accounts:
    """The agents who can sign in to the demo, and their password."""

    people: tuple[Account, ...]
    password: str
    tickets: int


def fill(
    *, tickets: int = 300, seed: int = 7, now: datetime | None = None, progress: Progress | None = None
) -> Accounts:
    """Fill an empty desk and return its accounts; the same `seed` and `now` (naive UTC) give the same desk.

    `progress` is called with the tickets stored and their total. Raises HelpdeskError for a desk that is in use.
    """
    if not 1 <= tickets <= MOST:
        raise HelpdeskError(lazy("Choose between 1 and 2,000,000 tickets."))
    if Agent.select().exists() or Ticket.select().exists():
        raise HelpdeskError(lazy("This desk has agents or tickets already: the demo needs an empty one."))
    if not Role.select().exists():
        raise HelpdeskError(lazy("This desk was not migrated yet."))
    now, rng = now or clock.now(), Random(seed)
    password = f"demo-{hashlib.sha256(f'guichet demo {seed}'.encode()).hexdigest()[:10]}"
    with database.atomic():
        desk = desks.build(rng, now, password)
        authors = desks.customers(max(12, tickets // 10), rng, now)
        Stamp.bump()
        shop.fill(authors, seed, now)
    books = {locale: library.book(locale, rng) for locale in library.BOOKS}
    writer = StoryWriter(desk, books, authors, rng, now)
    _write_tickets(writer, tickets, desk.prefix, progress)
    with database.atomic():
        for customer, moment in writer.blocked.items():
            Customer.update(blocked_at=moment).where(Customer.id == customer).execute()
    people = tuple(Account(agent.name, agent.email, agent.is_admin) for agent in desk.agents.values())
    return Accounts(people, password, tickets)


def _write_tickets(writer: StoryWriter, tickets: int, prefix: str, progress: Progress | None) -> None:
    rows = Rows(1, 1, prefix)
    opened = arrivals(tickets, writer.rng, writer.now)
    for start in range(0, tickets, BATCH):
        end = min(start + BATCH, tickets)
        for moment in opened[start:end]:
            writer.write(rows, moment)
        with database.atomic():
            rows.store()
        if progress is not None:
            progress(end, tickets)
    _advance_ids()


def _advance_ids() -> None:
    if is_sqlite():
        database.execute_sql("ANALYZE")
        return
    for table in (Ticket, Message, Customer, CustomerAddress):
        name = table._meta.table_name
        database.execute_sql(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")
    database.execute_sql("ANALYZE")


def progress_bar(stream: TextIO) -> Progress | None:
    """Return a function that draws a progress bar; None when `stream` is no terminal."""
    if not stream.isatty():
        return None

    def draw(done: int, total: int) -> None:
        filled = 40 * done // total
        stream.write(f"\r[{'#' * filled}{'.' * (40 - filled)}] {done:,} / {total:,}" + ("\n" if done == total else ""))
        stream.flush()

    return draw


def lines(accounts: Accounts) -> Iterable[str]:
    """Yield the accounts as lines for a terminal."""
    width = max(len(person.email) for person in accounts.people)
    for person in accounts.people:
        yield f"{person.email:<{width}}  {accounts.password}  {'administrator' if person.is_admin else 'agent'}"
