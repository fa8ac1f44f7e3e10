"""The examples of a running desk: two services, canned responses, and tickets of customers who get no mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from peewee import fn

from database import Base, Label, database, is_sqlite
from helpdesk import clock, customer_search, folding, settings
from helpdesk.examples.demo import library, world
from helpdesk.examples.demo.ticket_rows import Author, MemoryTicket, Rows, Text
from helpdesk.lib import sort_position
from helpdesk.outbox import claims
from models import (
    Agent,
    CannedResponse,
    Customer,
    CustomerAddress,
    Department,
    Message,
    Priority,
    Service,
    Status,
    Ticket,
)

#: What is made.
NAMES = ("tickets", "canned_responses", "addresses", "customers", "departments", "services")
#: Services of the demo that are loaded, disabled so that the public form does not offer them.
SERVICES = ("shop", "billing")
MARK = {"en": " (example)", "fr": " (exemple)"}
PEOPLE = 5


@dataclass(frozen=True)
class Story:
    """A ticket: its place, which thread of the place, hours since it was opened, number of texts, and its state."""

    place: str
    thread: int
    hours: int
    texts: int
    fate: str = ""


STORIES = (
    Story("orders", 0, 150, 4, "closed"),
    Story("invoices", 0, 52, 1, "noted"),
    Story("returns", 0, 30, 2),
    Story("orders", 1, 27, 3),
    Story("payments", 0, 7, 1),
    Story("delivery", 0, 3, 1, "important"),
)


class Maker:
    """Makes the rows, in the caller's transaction, and keeps their ids in `made`; `actor` answers the tickets."""

    def __init__(self, actor: Agent) -> None:
        language = settings.get("language")
        self.locale = language if language in library.BOOKS else "en"
        self.actor, self.now, self.rng = actor, clock.now(), Random(7)
        self.made: dict[str, Any] = {name: [] for name in NAMES} | {"at": self.now.isoformat()}

    def make(self) -> dict[str, Any]:
        """Make everything."""
        places = self._places()
        self._canned_responses(places)
        self._tickets(places, [self._customer() for _number in range(PEOPLE)])
        return self.made

    def _places(self) -> dict[str, tuple[int, int | None]]:
        places: dict[str, tuple[int, int | None]] = {}
        for key in SERVICES:
            english, french, departments = world.SERVICES[key]
            name = Label(en=english + MARK["en"], fr=french + MARK["fr"])
            service = Service.create(name=name, enabled=False, position=sort_position.after_last(Service))
            self.made["services"].append(service.id)
            places[key] = (service.id, None)
            for order, (place, (en, fr)) in enumerate(departments.items()):
                row = Department.create(service=service, name=Label(en=en, fr=fr), position=order)
                self.made["departments"].append(row.id)
                places[place] = (service.id, row.id)
        return places

    def _canned_responses(self, places: dict[str, tuple[int, int | None]]) -> None:
        for position, (key, name, body) in enumerate(row for row in library.canned() if row[0] in (None, *SERVICES)):
            service, _department = places[key or SERVICES[0]]
            row = CannedResponse.create(service=service, name=name, body=body, author=self.actor, position=position)
            self.made["canned_responses"].append(row.id)

    def _customer(self) -> Author:
        first = self.rng.choice(world.FIRST_NAMES[self.locale])
        last = self.rng.choice(world.LAST_NAMES[self.locale])
        customer = Customer.create(first_name=first, last_name=last, locale=self.locale, created_at=self.now)
        email = self._free_address(folding.fold(f"{first}.{last}"))
        address = CustomerAddress.create(customer=customer, email=email, proven_at=self.now, created_at=self.now)
        customer_search.index_customers([customer.id])
        self.made["customers"].append(customer.id)
        self.made["addresses"].append(address.id)
        return Author(customer.id, address.id, f"{first} {last}", email, self.locale)

    @staticmethod
    def _free_address(name: str) -> str:
        """Return an address that no customer has: earlier examples may still exist."""
        similar = CustomerAddress.select(CustomerAddress.email).where(CustomerAddress.email.startswith(f"{name}"))
        addresses = {email for (email,) in similar.tuples()}
        choices = (f"{name}{number or ''}@{claims.UNREACHED}" for number in range(len(addresses) + 1))
        return next(email for email in choices if email not in addresses)

    def _tickets(self, places: dict[str, tuple[int, int | None]], people: list[Author]) -> None:
        book = library.book(self.locale, self.rng)
        rows = Rows(_next_id(Ticket), _next_id(Message), str(settings.get("ticket_prefix")))
        for number, story in enumerate(STORIES):
            wording = [row for row in book.threads[:: library.WORDINGS] if row.place == story.place][story.thread]
            ticket = MemoryTicket(rows, people[number % PEOPLE], wording.subject, places[story.place])
            self._write_story(ticket, story, wording.texts)
            if story.fate == "noted":
                ticket.note(book.notes[0], self.now - timedelta(hours=story.hours - 2), self.actor)
            ticket.finish()
            self.made["tickets"].append(ticket.id)
        rows.store()
        _advance_ids(Ticket, Message)

    def _write_story(self, ticket: MemoryTicket, story: Story, texts: tuple[Text, ...]) -> None:
        opened, step = self.now - timedelta(hours=story.hours), timedelta(hours=story.hours / 6)
        active, pending = _status("default_status"), _status("pending_status")
        ticket.open(texts[0], opened, active, _priority("default_priority"))
        if story.fate == "important":
            ticket.mark_important(_priority("important_priority"), opened + step / 2, self.actor)
        for number, text in enumerate(texts[1 : story.texts], start=1):
            ends = story.fate == "closed" and number + 1 == story.texts
            if number % 2:
                ticket.reply(
                    text, opened + number * step, self.actor, "", _status("closed_status") if ends else pending
                )
            else:
                ticket.receive(text, opened + number * step, active)


def _status(setting: str) -> Status:
    return Status.get(Status.identifier == settings.get(setting))


def _priority(setting: str) -> Priority:
    return Priority.get(Priority.identifier == settings.get(setting))


def _next_id(table: type[Base]) -> int:
    """Return the id the next row of a table would get; nobody else can take it until the transaction ends."""
    name = table._meta.table_name
    if not is_sqlite():
        database.execute_sql(f'LOCK TABLE "{name}" IN EXCLUSIVE MODE')
        return database.execute_sql(f"SELECT nextval(pg_get_serial_sequence('{name}', 'id'))").fetchone()[0]
    highest = [table.select(fn.MAX(table.id)).scalar() or 0]
    highest += [row[0] for row in database.execute_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (name,))]
    return max(highest) + 1


def _advance_ids(*tables: type[Base]) -> None:
    """Let PostgreSQL continue after the ids that were set by hand; SQLite does so by itself."""
    for table in () if is_sqlite() else tables:
        name = table._meta.table_name
        highest = table.select(fn.MAX(table.id)).scalar()
        database.execute_sql(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), %s)", (highest,))
