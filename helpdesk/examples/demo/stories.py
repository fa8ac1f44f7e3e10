"""What becomes of each ticket of the demo: drawn from a seeded chance, told through the verbs of `MemoryTicket`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from helpdesk.examples.demo.desk import Desk
from helpdesk.examples.demo.library import Book, Wording
from helpdesk.examples.demo.ticket_rows import Author, MemoryTicket, Rows
from models import Agent, Status

#: Days over which the tickets were opened, and those that count as recent: only recent tickets are open.
DAYS, RECENT_DAYS = 420, 21
#: The share of tickets that are recent: one in five is open in all.
RECENT = 0.36
#: The share of what would come at a weekend that comes.
WEEKEND = 0.4
EPOCH = datetime(1970, 1, 1)


def arrivals(count: int, rng: Random, now: datetime) -> list[datetime]:
    """Return when `count` tickets are opened (naive UTC), the oldest first: by day, and fewer at weekends."""
    latest = int((now - EPOCH).total_seconds()) - 60
    seconds: list[int] = []
    while len(seconds) < count:
        day = (latest - int(_age(rng.random()) * 86_400)) // 86_400
        # The first of January 1970 was a Thursday.
        if (day + 3) % 7 >= 5 and rng.random() > WEEKEND:
            continue
        at = day * 86_400 + int(rng.triangular(5, 23, 13) * 3_600)
        if at <= latest:
            seconds.append(at)
    return [EPOCH + timedelta(seconds=at) for at in sorted(seconds)]


def _age(position: float) -> float:
    """Return how many days ago a ticket is opened (1: now, 0: the oldest): the shop grows, its last weeks are busy."""
    if position > 1 - RECENT:
        return (1 - position) / RECENT * RECENT_DAYS
    return RECENT_DAYS + (1 - position / (1 - RECENT)) ** 1.3 * (DAYS - RECENT_DAYS)


class StoryWriter:
    """Writes the tickets of the demo one after another, the oldest first."""

    def __init__(self, desk: Desk, books: dict[str, Book], authors: list[Author], rng: Random, now: datetime) -> None:
        self.desk, self.books, self.rng, self.now = desk, books, rng, now
        spammers = max(2, len(authors) // 30)
        self.authors, self.spammers = authors[:-spammers], authors[-spammers:]
        #: Customers blocked with their first spam, and when.
        self.blocked: dict[int, datetime] = {}

    def write(self, rows: Rows, opened: datetime) -> None:
        """Add the rows of one ticket, opened at that time (naive UTC)."""
        rng = self.rng
        fate = rng.random()
        if fate < 0.015:
            self._spam(rows, opened)
            return
        # Half of the tickets come from one customer in five.
        pool = len(self.authors) if rng.random() < 0.5 else max(1, len(self.authors) // 5)
        author = self.authors[rng.randrange(pool)]
        is_open = rng.random() < 1 - ((self.now - opened) / timedelta(days=RECENT_DAYS)) ** 1.2
        wording = rng.choice(self.books[author.locale].threads)
        ticket = MemoryTicket(rows, author, wording.subject, self.desk.places[wording.place])
        moments = self._moments(opened, 26)
        ticket.open(wording.texts[0], opened, self.desk.statuses["active"], self.desk.priorities["normal"])
        agent, signature = rng.choice(self.desk.covering[wording.place])
        self._sort(ticket, wording, moments, agent)
        if is_open:
            self._open(ticket, wording, moments, agent, signature)
        else:
            self._closed(ticket, wording, moments, agent, signature)
        if fate > 0.99:
            ticket.delete(next(moments), agent)
        ticket.finish()

    def _moments(self, opened: datetime, count: int) -> Iterator[datetime]:
        """Yield rising moments, hours apart, none of them in the future."""
        step = min(40_000.0, (self.now - opened).total_seconds() / (count + 1))
        at = opened
        while True:
            at += timedelta(seconds=int(step * (0.2 + 0.8 * self.rng.random())))
            yield at

    def _sort(self, ticket: MemoryTicket, wording: Wording, moments: Iterator[datetime], agent: Agent) -> None:
        """Give some tickets tags, a priority or importance."""
        rng, priorities = self.rng, self.desk.priorities
        if wording.tags and rng.random() < 0.6:
            name = rng.choice(wording.tags)
            ticket.tag(self.desk.tags[name], name, next(moments), agent)
        chance = rng.random()
        if chance < 0.09:
            ticket.set_priority(priorities["follow"], next(moments), agent, priorities["normal"])
        elif chance < 0.12:
            ticket.set_priority(priorities["high"], next(moments), agent, priorities["normal"])
        elif chance < 0.15:
            ticket.mark_important(priorities["high"], next(moments), agent)

    def _open(
        self, ticket: MemoryTicket, wording: Wording, moments: Iterator[datetime], agent: Agent, signature: str
    ) -> None:
        rng, statuses = self.rng, self.desk.statuses
        chance = rng.random()
        if chance < 0.45:
            self._unanswered(ticket, moments, agent)
            return
        ticket.reply(wording.texts[1], next(moments), agent, signature, statuses["pending"])
        self._go_on(ticket, moments, agent, signature)
        if chance > 0.9:
            ticket.set_status(statuses["on hold"], next(moments), agent, statuses["pending"])
        elif chance > 0.65:
            ticket.receive(wording.texts[2], next(moments), statuses["active"])

    def _unanswered(self, ticket: MemoryTicket, moments: Iterator[datetime], agent: Agent) -> None:
        rng = self.rng
        chance = rng.random()
        if chance < 0.25:
            ticket.assign(agent, next(moments), self.desk.agents["Grace Hughes"])
        elif chance < 0.4:
            ticket.assign(rng.choice(self.desk.teams)[0], next(moments), self.desk.agents["Claire Fontaine"])
        if rng.random() < 0.3:
            question = rng.choice(self.books[ticket.author.locale].follow_ups)[0]
            ticket.receive(question, next(moments), self.desk.statuses["active"])

    def _closed(
        self, ticket: MemoryTicket, wording: Wording, moments: Iterator[datetime], agent: Agent, signature: str
    ) -> None:
        rng, statuses, texts = self.rng, self.desk.statuses, wording.texts
        chance = rng.random()
        closed: Status = statuses["closed"]
        if rng.random() < 0.12:
            ticket.note(rng.choice(self.books[ticket.author.locale].notes), next(moments), agent)
        if chance < 0.3:
            ticket.reply(texts[1], next(moments), agent, signature, closed)
            return
        ticket.reply(texts[1], next(moments), agent, signature, statuses["pending"])
        self._go_on(ticket, moments, agent, signature)
        if chance < 0.7:
            ticket.receive(texts[2], next(moments), statuses["active"])
            ticket.reply(texts[3], next(moments), agent, signature, closed)
        else:
            thanks = rng.choice(self.books[ticket.author.locale].thanks)
            ticket.receive(thanks, next(moments), statuses["active"])
            ticket.close(closed, next(moments), agent if chance < 0.85 else None)

    def _go_on(self, ticket: MemoryTicket, moments: Iterator[datetime], agent: Agent, signature: str) -> None:
        """Make one thread in fifty a long one, of ten messages or so."""
        if self.rng.random() >= 0.02:
            return
        follow_ups = self.books[ticket.author.locale].follow_ups
        for question, answer in self.rng.sample(follow_ups, 4):
            ticket.receive(question, next(moments), self.desk.statuses["active"])
            ticket.reply(answer, next(moments), agent, signature, self.desk.statuses["pending"])

    def _spam(self, rows: Rows, opened: datetime) -> None:
        author = self.rng.choice(self.spammers)
        subject, text = self.rng.choice(self.books[author.locale].spam)
        place = self.rng.choice([key for key, place in self.desk.places.items() if place[1] is not None])
        ticket = MemoryTicket(rows, author, subject, self.desk.places[place])
        ticket.open(text, opened, self.desk.statuses["active"], self.desk.priorities["normal"])
        if author.id in self.blocked:
            ticket.columns["is_spam"] = True
        else:
            self.blocked[author.id] = next(self._moments(opened, 4))
            ticket.mark_spam(self.blocked[author.id], self.desk.covering[place][0][0])
        ticket.finish()
