"""The person who is being erased: by which texts they are searched, and what stands in the place of these."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from helpdesk import erased_marks
from helpdesk.folding import fold
from helpdesk.outbox import claims
from helpdesk.people.former_customers import part_of
from models import Agent, Customer, CustomerAddress, Erasure, Message, TicketEvent

#: Former names of a person that are searched.
MOST_NAMES = 50


@dataclass
class Person:
    """Whom an erasure is about, while it is carried out.

    `label` names them from then on, `text` stands for what they wrote; `paths` are the files of rows just deleted.
    """

    erasure: Erasure
    emails: tuple[str, ...]
    names: tuple[str, ...]
    label: str
    text: str
    address_id: int
    paths: list[str] = field(default_factory=list)

    @property
    def customer_id(self) -> int:
        """The id of their row."""
        return int(self.erasure.customer_id)

    @property
    def body(self) -> str:
        """What stands for a text of theirs, as HTML."""
        return f"<p>{self.text}</p>"

    @property
    def placeholder(self) -> str:
        """The address that stands for theirs: no mail leaves for it."""
        return placeholder(self.erasure.id)

    @property
    def begun_at(self) -> datetime:
        """When their addresses were taken away: what came from these since is somebody new."""
        begun_at: datetime = self.erasure.begun_at
        return begun_at

    def count(self, name: str, number: int) -> None:
        """Add to the numbers of the register, in the caller's transaction."""
        if number:
            self.erasure.counts = {**self.erasure.counts, name: self.erasure.counts.get(name, 0) + number}

    def names_them(self, text: str) -> bool:
        """Whether a text holds an address or a whole name of theirs."""
        folded = fold(text)
        # Whole words: “Al” is not in “normal”.
        is_named = any(re.search(rf"(?<!\w){re.escape(fold(one))}(?!\w)", folded) for one in self.names)
        return is_named or self.holds_address(text)

    def holds_address(self, value: Any) -> bool:
        """Whether a text, or a value of JSON, holds an address of theirs, however it is written."""
        if isinstance(value, dict):
            return any(self.holds_address(one) for one in (*value.keys(), *value.values()))
        if isinstance(value, list):
            return any(self.holds_address(one) for one in value)
        return isinstance(value, str) and any(alone(email).search(value) for email in self.emails)

    def without_addresses(self, text: str) -> str:
        """Return a text with the placeholder instead of their addresses; with a name before it, both go."""
        for email in self.emails:
            for name in self.names:
                text = text.replace(f"{name} ({email})", self.label)
            text = alone(email).sub(self.placeholder, text)
        return text

    def scrubbed(self, value: Any, *, names: bool = True) -> Any:
        """Return a value of JSON in which each text that names them is replaced."""
        if isinstance(value, dict):
            return {key: self.scrubbed(one, names=names) for key, one in value.items()}
        if isinstance(value, list):
            return [self.scrubbed(one, names=names) for one in value]
        if not isinstance(value, str):
            return value
        if names:
            return self.label if self.names_them(value) else value
        return self.without_addresses(value)


def placeholder(erasure_id: int) -> str:
    """Return the address that stands for those of an erased person."""
    return f"erased-{erasure_id}@{claims.UNREACHED}"


def forms(email: str) -> tuple[str, ...]:
    """Return an address as texts, query strings and JSON hold it."""
    quoted = email.replace("+", "%2B").replace("@", "%40")
    return tuple(dict.fromkeys((email, quoted, json.dumps(email)[1:-1])))


@lru_cache(maxsize=64)
def alone(email: str) -> re.Pattern[str]:
    """Return what finds an address, but not in a longer one: ann@x.example is no part of joann@x.example.fr."""
    # In a query string, “+” is a blank, and letters may be the end of a sign that is written as “%3A”.
    starts = {form: r"(?<!\w)(?<!\w[.-])" if "%40" in form else r"(?<![\w+])(?<!\w[.-])" for form in forms(email)}
    parts = [rf"(?:{start}|(?<=%(?!2B)[0-9A-F]{{2}})){re.escape(form)}" for form, start in starts.items()]
    return re.compile(rf"(?:{'|'.join(parts)})(?![.-]?[^\W_])", re.IGNORECASE)


def of(erasure: Erasure) -> Person:
    """Return the person of an erasure that has begun."""
    stored = erasure.person
    return Person(
        erasure=erasure,
        emails=tuple(stored["emails"]),
        names=tuple(stored["names"]),
        label=erased_marks.of_person(erasure.id),
        text=erased_marks.TEXT,
        address_id=stored["address"],
    )


def names_of(customer: Customer) -> list[str]:
    """Return the names under which a person wrote and acted, the present one first; no single word of a name."""
    written = Message.select(Message.author_name).where(Message.customer == customer.id).distinct().limit(MOST_NAMES)
    acted = TicketEvent.select(TicketEvent.actor_name).where(TicketEvent.customer == customer.id).distinct()
    rows: Iterable[tuple[str]] = (*written.tuples(), *acted.limit(MOST_NAMES).tuples())
    merged = (f"{row.source.get('first_name', '')} {row.source.get('last_name', '')}" for row in part_of(customer))
    names = (customer.full_name, *(name for (name,) in rows), *(name.strip() for name in merged))
    return list(dict.fromkeys(name for name in names if name))


def searched_emails(emails: list[str]) -> list[str]:
    """Return by which of the addresses of a person they are searched: not by one with which an agent works, too."""
    agents = {email for (email,) in Agent.select(Agent.email).where(Agent.email.in_(emails)).tuples()}
    return [email for email in emails if email not in agents]


def emails_of(customer: Customer) -> list[str]:
    """Return the addresses of a person."""
    query = CustomerAddress.select(CustomerAddress.email).where(CustomerAddress.customer == customer.id)
    return [email for (email,) in query.order_by(CustomerAddress.id).tuples()]
