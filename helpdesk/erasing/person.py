"""The person who is being erased: by which texts they are searched, and what stands in the place of these."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from helpdesk import settings
from helpdesk.folding import fold
from helpdesk.i18n import in_language, lazy
from helpdesk.outbox import claims
from models import Customer, CustomerAddress, Erasure, Message, TicketEvent

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

    def count(self, name: str, number: int) -> None:
        """Add to the numbers of the register, in the caller's transaction."""
        if number:
            self.erasure.counts = {**self.erasure.counts, name: self.erasure.counts.get(name, 0) + number}

    def names_them(self, text: str) -> bool:
        """Whether a text holds an address or a whole name of theirs."""
        folded = fold(text)
        # Whole words: “Al” is not in “normal”.
        return any(re.search(rf"(?<!\w){re.escape(fold(one))}(?!\w)", folded) for one in (*self.emails, *self.names))

    def without_addresses(self, text: str) -> str:
        """Return a text with the placeholder instead of their addresses, however these are written."""
        for email in self.emails:
            for form in forms(email):
                start = text.lower().find(form.lower())
                while start >= 0:
                    text = text[:start] + self.placeholder + text[start + len(form) :]
                    start = text.lower().find(form.lower(), start + len(self.placeholder))
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


def label_of(erasure_id: int) -> str:
    """Return how an erased person is called, in the language of the desk."""
    with in_language(str(settings.get("language"))):
        return str(lazy("Erased customer no. %(number)s", number=erasure_id))


def blank_text() -> str:
    """Return what stands for an erased text, in the language of the desk."""
    with in_language(str(settings.get("language"))):
        return str(lazy("(text erased)"))


def forms(email: str) -> tuple[str, ...]:
    """Return an address as texts, query strings and JSON hold it."""
    quoted = email.replace("+", "%2B").replace("@", "%40")
    return tuple(dict.fromkeys((email, quoted, json.dumps(email)[1:-1])))


def of(erasure: Erasure) -> Person:
    """Return the person of an erasure that has begun."""
    stored = erasure.person
    return Person(
        erasure=erasure,
        emails=tuple(stored["emails"]),
        names=tuple(stored["names"]),
        label=label_of(erasure.id),
        text=blank_text(),
        address_id=stored["address"],
    )


def names_of(customer: Customer) -> list[str]:
    """Return the names under which a person wrote and acted, the present one first; no single word of a name."""
    written = Message.select(Message.author_name).where(Message.customer == customer.id).distinct().limit(MOST_NAMES)
    acted = TicketEvent.select(TicketEvent.actor_name).where(TicketEvent.customer == customer.id).distinct()
    rows: Iterable[tuple[str]] = (*written.tuples(), *acted.limit(MOST_NAMES).tuples())
    names = (customer.full_name, *(name for (name,) in rows))
    return list(dict.fromkeys(name for name in names if name))


def emails_of(customer: Customer) -> list[str]:
    """Return the addresses of a person."""
    query = CustomerAddress.select(CustomerAddress.email).where(CustomerAddress.customer == customer.id)
    return [email for (email,) in query.order_by(CustomerAddress.id).tuples()]
