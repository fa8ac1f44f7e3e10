"""Tickets in memory: each verb changes the columns that the rule of the same name writes (a test compares the two)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from database import database
from helpdesk import search
from helpdesk.events import EventKind
from models import (
    CLOSED,
    CUSTOMER_MESSAGE,
    NOTE,
    OPEN,
    REPLY,
    Agent,
    Message,
    Priority,
    Status,
    Team,
    Ticket,
    TicketEvent,
    TicketTag,
)

TICKET = tuple(field.column_name for field in Ticket._meta.sorted_fields)
MESSAGE = tuple(field.column_name for field in Message._meta.sorted_fields)
#: The database numbers these.
EVENT = tuple(field.column_name for field in TicketEvent._meta.sorted_fields if field.name != "id")
TICKET_TAG = tuple(field.column_name for field in TicketTag._meta.sorted_fields if field.name != "id")
SEARCH = ("rowid", "subject", "author", "body")


class Author(NamedTuple):
    """The customer of a ticket."""

    id: int
    address_id: int
    name: str
    email: str
    locale: str

    @property
    def display_name(self) -> str:
        """The name on messages."""
        return self.name or self.email


class Text(NamedTuple):
    """What somebody wrote: as it is stored, and folded for the index."""

    html: str
    folded: str


class Batch:
    """Rows waiting to be stored, and the ids to give out."""

    def __init__(self, ticket_id: int, message_id: int, prefix: str) -> None:
        self.ticket_id, self.message_id, self.prefix = ticket_id, message_id, prefix
        self.tickets: list[tuple[Any, ...]] = []
        self.messages: list[tuple[Any, ...]] = []
        self.events: list[tuple[Any, ...]] = []
        self.tags: list[tuple[Any, ...]] = []
        self.search: list[tuple[Any, ...]] = []

    def rows(self) -> Iterable[tuple[str, tuple[str, ...], list[tuple[Any, ...]]]]:
        """Return what waits, parents first: table, columns, rows."""
        yield Ticket._meta.table_name, TICKET, self.tickets
        yield Message._meta.table_name, MESSAGE, self.messages
        yield TicketEvent._meta.table_name, EVENT, self.events
        yield TicketTag._meta.table_name, TICKET_TAG, self.tags
        yield "message_search", SEARCH, self.search

    def store(self) -> None:
        """Store what waits, in the caller's transaction: through the models it would take most of the time."""
        for table, columns, rows in self.rows():
            if rows:
                names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join([database.param] * len(columns))
                database.cursor().executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)
            rows.clear()


class Draft:
    """One ticket on its way; the moment of each verb is given."""

    def __init__(self, batch: Batch, author: Author, subject: str, place: tuple[int, int | None]) -> None:
        self.batch, self.author, self.subject = batch, author, subject
        self.id, batch.ticket_id = batch.ticket_id, batch.ticket_id + 1
        self.number = f"{batch.prefix}{self.id}"
        self.folded_subject = search.plain(f"{self.number} {subject}")
        self.folded_author = search.plain(f"{author.name} {author.email}")
        self.columns: dict[str, Any] = dict.fromkeys(TICKET) | {
            "id": self.id,
            "number": self.number,
            "subject": subject,
            "customer_id": author.id,
            "address_id": author.address_id,
            "service_id": place[0],
            "department_id": place[1],
            "locale": author.locale,
            "is_spam": False,
            "in_bin": False,
            "hidden_from_customer": False,
            "order_number": "",
        }

    def open(self, text: Text, at: datetime, status: Status, priority: Priority) -> None:
        """The customer asks."""
        self.columns |= {"created_at": at, "last_activity": at}
        self._status(status, at)
        self.columns |= {"awaits_reply": True, "waiting_since": at}
        self._priority(priority)
        self._message(CUSTOMER_MESSAGE, text, at)
        self._event(EventKind.OPENED, at)

    def receive(self, text: Text, at: datetime, status: Status) -> None:
        """The customer writes again."""
        message = self._message(CUSTOMER_MESSAGE, text, at)
        if not self.columns["is_open"]:
            self._event(EventKind.REOPENED, at)
        waiting = self.columns["waiting_since"] if self.columns["awaits_reply"] else at
        self._store(at)
        self._status(status, at)
        self.columns |= {"awaits_reply": True, "waiting_since": waiting}
        self._event(EventKind.CUSTOMER_WROTE, at, message=message)

    def reply(self, text: Text, at: datetime, agent: Agent, signature: str, status: Status) -> None:
        """An agent answers, and closes when the status does."""
        message = self._message(REPLY, text, at, agent, signature)
        self._store(at)
        if self.columns["assignee_id"] is None:
            self.columns |= {"assignee_id": agent.id, "team_id": None}
        self._status(status, at)
        self.columns |= {"awaits_reply": False, "waiting_since": at}
        self._event(EventKind.REPLIED, at, agent, message=message)
        if status.category == CLOSED:
            self._event(EventKind.CLOSED, at, agent)

    def note(self, text: Text, at: datetime, agent: Agent) -> None:
        """An agent writes for the team only."""
        message = self._message(NOTE, text, at, agent)
        self._store(at)
        self._event(EventKind.NOTE_ADDED, at, agent, message=message)

    def assign(self, to: Agent | Team, at: datetime, agent: Agent) -> None:
        """Somebody sets the assignee."""
        self._store(at)
        is_agent = isinstance(to, Agent)
        self.columns |= {"assignee_id": to.id if is_agent else None, "team_id": None if is_agent else to.id}
        target = {"agent": to.id} if is_agent else {"team": to.id}
        self._event(EventKind.ASSIGNED, at, agent, to=str(to), **target)

    def set_status(self, status: Status, at: datetime, agent: Agent, old: Status) -> None:
        """An agent picks a status."""
        self._store(at)
        self._status(status, at)
        self._event(EventKind.STATUS, at, agent, old=old.label, new=status.label)

    def set_priority(self, priority: Priority, at: datetime, agent: Agent, old: Priority) -> None:
        """An agent picks a priority."""
        self._store(at)
        self._priority(priority)
        self._event(EventKind.PRIORITY, at, agent, old=old.label, new=priority.label)

    def mark_important(self, priority: Priority, at: datetime, agent: Agent) -> None:
        """An agent marks the ticket as important."""
        self._store(at)
        self.columns["former_priority_id"] = self.columns["priority_id"]
        self._priority(priority)
        self._event(EventKind.IMPORTANT, at, agent)

    def tag(self, tag_id: int, name: str, at: datetime, agent: Agent) -> None:
        """An agent puts a tag on the ticket."""
        self.batch.tags.append((self.id, tag_id))
        self._store(at)
        self._event(EventKind.TAGGED, at, agent, tag=name)

    def close(self, status: Status, at: datetime, agent: Agent | None) -> None:
        """An agent closes, or (None) the customer."""
        self._store(at)
        self._status(status, at, by_customer=agent is None)
        self._event(EventKind.CLOSED if agent else EventKind.CLOSED_BY_CUSTOMER, at, agent)

    def mark_spam(self, at: datetime, agent: Agent) -> None:
        """An agent flags the ticket as spam (blocking its author is the caller's)."""
        self._store(at)
        self.columns["is_spam"] = True
        self._event(EventKind.SPAM, at, agent)

    def delete(self, at: datetime, agent: Agent) -> None:
        """An agent puts the ticket into the bin."""
        self._store(at)
        self.columns |= {"in_bin": True, "binned_at": at}
        self._event(EventKind.DELETED, at, agent)

    def finish(self) -> None:
        """Hand the ticket to the batch."""
        columns = self.columns
        self.batch.tickets.append(tuple([columns[name] for name in TICKET]))

    def _store(self, at: datetime) -> None:
        self.columns["last_activity"] = at
        if not self.columns["awaits_reply"]:
            self.columns["waiting_since"] = at

    def _status(self, status: Status, at: datetime, *, by_customer: bool = False) -> None:
        closing = status.category == CLOSED
        self.columns |= {
            "status_id": status.id,
            "is_open": not closing,
            "closed_at": at if closing else None,
            "closed_by_customer": by_customer,
        }
        if status.category != OPEN:
            self.columns |= {"awaits_reply": False, "waiting_since": at}

    def _priority(self, priority: Priority) -> None:
        self.columns |= {"priority_id": priority.id, "rank": -priority.weight}

    def _message(self, kind: str, text: Text, at: datetime, agent: Agent | None = None, signature: str = "") -> int:
        number = self.batch.message_id
        self.batch.message_id += 1
        customer, shown = (None, agent.name) if agent else (self.author.id, self.author.display_name)
        row = {
            "id": number,
            "ticket_id": self.id,
            "kind": kind,
            "agent_id": agent.id if agent else None,
            "customer_id": customer,
            "author_name": shown,
            "body": text.html,
            "signature": signature,
            "created_at": at,
            "deleted_at": None,
        }
        self.batch.messages.append(tuple([row.get(name) for name in MESSAGE]))
        self.batch.search.append((number, self.folded_subject, self.folded_author, text.folded))
        return number

    def _event(self, kind: EventKind, at: datetime, by: Agent | None = None, /, **data: Any) -> None:
        row = {
            "ticket_id": self.id,
            "kind": kind.value,
            "agent_id": by.id if by else None,
            "customer_id": None if by else self.author.id,
            "actor_name": by.name if by else self.author.display_name,
            "data": json.dumps(data, separators=(",", ":")) if data else "{}",
            "created_at": at,
        }
        self.batch.events.append(tuple([row[name] for name in EVENT]))
