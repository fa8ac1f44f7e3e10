"""Tickets in memory: each verb changes the columns that the rule of the same name writes (a test compares the two)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from database import database
from helpdesk import search
from helpdesk.due_times import overdue
from helpdesk.events import EventKind
from helpdesk.tickets.derived_columns import BEHIND
from models import (
    CLOSED,
    CUSTOMER_MESSAGE,
    NO_DUE_TIME,
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
    """The text of a message: as HTML, folded for the search index, and its first words for the lists."""

    html: str
    folded: str
    first_words: str


class Rows:
    """Rows to be stored together, and the next ids of tickets and messages."""

    def __init__(self, ticket_id: int, message_id: int, prefix: str) -> None:
        self.ticket_id, self.message_id, self.prefix = ticket_id, message_id, prefix
        self.tickets: list[tuple[Any, ...]] = []
        self.messages: list[tuple[Any, ...]] = []
        self.events: list[tuple[Any, ...]] = []
        self.tags: list[tuple[Any, ...]] = []
        self.search: list[tuple[Any, ...]] = []

    def rows(self) -> Iterable[tuple[str, tuple[str, ...], list[tuple[Any, ...]]]]:
        """Yield table, columns and rows, parents first."""
        yield Ticket._meta.table_name, TICKET, self.tickets
        yield Message._meta.table_name, MESSAGE, self.messages
        yield TicketEvent._meta.table_name, EVENT, self.events
        yield TicketTag._meta.table_name, TICKET_TAG, self.tags
        yield "message_search", SEARCH, self.search

    def store(self) -> None:
        """Store the rows by plain SQL, in the caller's transaction: through the models it would take far longer."""
        for table, columns, rows in self.rows():
            if rows:
                names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join([database.param] * len(columns))
                database.cursor().executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)
            rows.clear()


class MemoryTicket:
    """One ticket in the making: each method is a verb that happens at the time `at` (naive UTC)."""

    def __init__(self, rows: Rows, author: Author, subject: str, place: tuple[int, int | None]) -> None:
        self.rows, self.author, self.subject = rows, author, subject
        self.id, rows.ticket_id = rows.ticket_id, rows.ticket_id + 1
        self.number = f"{rows.prefix}{self.id}"
        self.folded_subject = search.subject_text(self.number, subject)
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
            "due_at": NO_DUE_TIME,
            "alert_at": NO_DUE_TIME,
            "alerts": "",
            "is_snoozed": False,
            "is_private": False,
            "stays_open": False,
            "is_anonymised": False,
            "snooze_ignores_replies": False,
            "hidden_from_customer": False,
            "order_number": "",
        }

    def open(self, text: Text, at: datetime, status: Status, priority: Priority) -> None:
        """Open the ticket with the customer's first message."""
        self.columns |= {"created_at": at, "last_activity": at}
        self._status(status, at)
        self.columns |= {"awaits_reply": True, "waiting_since": at}
        self._priority(priority)
        self._message(CUSTOMER_MESSAGE, text, at)
        self._event(EventKind.OPENED, at)

    def receive(self, text: Text, at: datetime, status: Status) -> None:
        """Add a message of the customer."""
        message = self._message(CUSTOMER_MESSAGE, text, at)
        if not self.columns["is_open"]:
            self._event(EventKind.REOPENED, at)
        waiting = self.columns["waiting_since"] if self.columns["awaits_reply"] else at
        self._store(at)
        self._status(status, at)
        self.columns |= {"awaits_reply": True, "waiting_since": waiting}
        self._event(EventKind.CUSTOMER_WROTE, at, message=message)

    def reply(self, text: Text, at: datetime, agent: Agent, signature: str, status: Status) -> None:
        """Add a reply of an agent; a closed status closes the ticket with it."""
        message = self._message(REPLY, text, at, agent, signature)
        self._store(at)
        if self.columns["assignee_id"] is None:
            self.columns |= {"assignee_id": agent.id, "team_id": None}
        self._status(status, at)
        self.columns |= {"awaits_reply": False, "waiting_since": at + BEHIND}
        if self.columns["first_response"] is None:
            self.columns["first_response"] = int((at - self.columns["created_at"]).total_seconds())
        self._event(EventKind.REPLIED, at, agent, message=message)
        if status.category == CLOSED:
            self._event(EventKind.CLOSED, at, agent)

    def note(self, text: Text, at: datetime, agent: Agent) -> None:
        """Add an internal note of an agent."""
        message = self._message(NOTE, text, at, agent)
        self._store(at)
        self._event(EventKind.NOTE_ADDED, at, agent, message=message)

    def assign(self, to: Agent | Team, at: datetime, agent: Agent) -> None:
        """Set the assignee."""
        self._store(at)
        is_agent = isinstance(to, Agent)
        self.columns |= {"assignee_id": to.id if is_agent else None, "team_id": None if is_agent else to.id}
        target = {"agent": to.id} if is_agent else {"team": to.id}
        self._event(EventKind.ASSIGNED, at, agent, to=str(to), **target)

    def set_status(self, status: Status, at: datetime, agent: Agent, old: Status) -> None:
        """Set the status."""
        self._store(at)
        self._status(status, at)
        self._event(EventKind.STATUS, at, agent, old=old.label, new=status.label, category=status.category)

    def set_priority(self, priority: Priority, at: datetime, agent: Agent, old: Priority) -> None:
        """Set the priority."""
        self._store(at)
        self._priority(priority)
        self._event(EventKind.PRIORITY, at, agent, old=old.label, new=priority.label)

    def mark_important(self, priority: Priority, at: datetime, agent: Agent) -> None:
        """Mark the ticket as important."""
        self._store(at)
        self.columns["former_priority_id"] = self.columns["priority_id"]
        self._priority(priority)
        self._event(EventKind.IMPORTANT, at, agent)

    def tag(self, tag_id: int, name: str, at: datetime, agent: Agent) -> None:
        """Add a tag to the ticket."""
        self.rows.tags.append((self.id, tag_id))
        self._store(at)
        self._event(EventKind.TAGGED, at, agent, tag=name)

    def close(self, status: Status, at: datetime, agent: Agent | None) -> None:
        """Close the ticket, by an agent or (None) by its customer."""
        self._store(at)
        self._status(status, at, by_customer=agent is None)
        self._event(EventKind.CLOSED if agent else EventKind.CLOSED_BY_CUSTOMER, at, agent)

    def mark_spam(self, at: datetime, agent: Agent) -> None:
        """Mark the ticket as spam; the caller blocks its author."""
        self._store(at)
        self.columns["is_spam"] = True
        self._event(EventKind.SPAM, at, agent)

    def delete(self, at: datetime, agent: Agent) -> None:
        """Move the ticket to the bin."""
        self._store(at)
        self.columns |= {"in_bin": True, "binned_at": at}
        self._event(EventKind.DELETED, at, agent)

    def finish(self) -> None:
        """Add the ticket's own row."""
        columns = self.columns
        self.rows.tickets.append(tuple([columns[name] for name in TICKET]))

    def _store(self, at: datetime) -> None:
        self.columns["last_activity"] = at
        if not self.columns["awaits_reply"]:
            self.columns["waiting_since"] = at + BEHIND

    def _status(self, status: Status, at: datetime, *, by_customer: bool = False) -> None:
        closing = status.category == CLOSED
        self.columns |= {
            "status_id": status.id,
            "is_open": not closing,
            "closed_at": at if closing else None,
            "closed_by_customer": by_customer,
        }
        if status.category != OPEN:
            self.columns |= {"awaits_reply": False, "waiting_since": at + BEHIND}

    def _priority(self, priority: Priority) -> None:
        self.columns |= {"priority_id": priority.id, "rank": overdue.rank(priority)}

    def _message(self, kind: str, text: Text, at: datetime, agent: Agent | None = None, signature: str = "") -> int:
        number = self.rows.message_id
        self.rows.message_id += 1
        customer, author_name = (None, agent.name) if agent else (self.author.id, self.author.display_name)
        row = {
            "id": number,
            "ticket_id": self.id,
            "kind": kind,
            "agent_id": agent.id if agent else None,
            "customer_id": customer,
            "author_name": author_name,
            "body": text.html,
            "signature": signature,
            "created_at": at,
            "deleted_at": None,
        }
        if kind != NOTE:
            self.columns |= {"excerpt": text.first_words, "excerpt_by": row["agent_id"]}
        self.rows.messages.append(tuple([row.get(name) for name in MESSAGE]))
        self.rows.search.append((number, self.folded_subject, self.folded_author, text.folded))
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
        self.rows.events.append(tuple([row[name] for name in EVENT]))
