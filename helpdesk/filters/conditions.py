"""What the conditions of filters look at, and how they compare: case and accents aside (A21)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from peewee import fn

from helpdesk import folding
from helpdesk.i18n import lazy
from helpdesk.lib import richtext
from helpdesk.settings import lookups
from models import Attachment, Filter, Message, Ticket


class TicketFields:
    """What a ticket says of each element, as it was written and read once; an element may say several things."""

    def __init__(self, ticket: Ticket, body: str | None = None, files: list[str] | None = None) -> None:
        self.ticket = ticket
        self._body = body
        self._files = files
        self._folded: dict[str, list[str]] = {}

    def folded(self, field: str) -> list[str]:
        """Return what the ticket says of an element, case and accents aside."""
        if field not in self._folded:
            self._folded[field] = [folding.fold(text) for text in getattr(self, field)]
        return self._folded[field]

    @cached_property
    def email(self) -> list[str]:
        return [self.ticket.address.email if self.ticket.address_id else ""]

    @cached_property
    def domain(self) -> list[str]:
        return [self.email[0].rpartition("@")[2]]

    @cached_property
    def name(self) -> list[str]:
        return [self.ticket.customer.full_name]

    @cached_property
    def subject(self) -> list[str]:
        return [self.ticket.subject]

    @cached_property
    def content(self) -> list[str]:
        if self._body is None:
            row = Message.select(Message.body).where(Message.id == _first(self.ticket)).tuples().first()
            self._body = row[0] if row else ""
        return [richtext.to_text(self._body)]

    @cached_property
    def attachment(self) -> list[str]:
        if self._files is None:
            names = Attachment.select(Attachment.name).where(Attachment.message == _first(self.ticket))
            self._files = [name for (name,) in names.tuples()]
        return self._files

    @cached_property
    def place(self) -> list[str]:
        rows = (lookups.service(self.ticket.service_id), lookups.department(self.ticket.department_id))
        return [text for row in rows if row is not None for text in row.name.values()]


def _first(ticket: Ticket) -> Any:
    return Message.select(fn.MIN(Message.id)).where(Message.ticket == ticket.id)


#: What a condition may look at: attribute of `Facts` → label.
FIELDS: dict[str, Any] = {
    "email": lazy("the author’s e-mail"),
    "domain": lazy("the domain of the e-mail"),
    "name": lazy("the author’s name"),
    "subject": lazy("the subject"),
    "content": lazy("the content"),
    "place": lazy("the service or department"),
    "attachment": lazy("the name of an attached file"),
}


@dataclass(frozen=True)
class Operator:
    """A comparison of a folded text with a folded value; `denies` turns the answer round."""

    label: Any
    test: Callable[[str, str], bool]
    denies: bool = False

    def holds(self, texts: Sequence[str], value: str) -> bool:
        """Whether one of these texts fits (or, for a denial, none does)."""
        return any(self.test(text, value) for text in texts) is not self.denies


def parts(value: str) -> list[str]:
    """Return the values that stand between commas."""
    return [part.strip() for part in value.split(",") if part.strip()]


def _contains(text: str, value: str) -> bool:
    return value in text


def _is(text: str, value: str) -> bool:
    return text.strip() == value


OPERATORS: dict[str, Operator] = {
    "contains": Operator(lazy("contains"), _contains),
    "not_contains": Operator(lazy("does not contain"), _contains, denies=True),
    "is": Operator(lazy("is"), _is),
    "is_not": Operator(lazy("is not"), _is, denies=True),
    "starts_with": Operator(lazy("starts with"), str.startswith),
    "ends_with": Operator(lazy("ends with"), lambda text, value: text.rstrip().endswith(value)),
    "one_of": Operator(lazy("is one of"), lambda text, value: text.strip() in parts(value)),
}


@dataclass(frozen=True)
class Condition:
    """An element of the ticket, a comparison, a value."""

    field: str
    operator: str
    value: str

    @property
    def is_known(self) -> bool:
        """Whether the registries have its element and its comparison."""
        return self.field in FIELDS and self.operator in OPERATORS

    def holds(self, facts: TicketFields) -> bool:
        """Whether a ticket fits it."""
        return OPERATORS[self.operator].holds(facts.folded(self.field), folding.fold(self.value.strip()))


def conditions_of(rule: Filter) -> list[Condition]:
    """Return the stored conditions of a filter, oldest first."""
    return [Condition(row.field, row.operator, row.value) for row in sorted(rule.conditions, key=lambda row: row.id)]


def fits(conditions: Sequence[Condition], mode: str, facts: TicketFields) -> bool:
    """Whether a ticket fits all of these conditions, or (`mode` "any") one; never when there is none."""
    known = [condition for condition in conditions if condition.is_known]
    if not known:
        return False
    return (any if mode == "any" else all)(condition.holds(facts) for condition in known)


def matches(rule: Filter, facts: TicketFields) -> bool:
    """Whether a ticket fits the filter."""
    return fits(conditions_of(rule), rule.mode, facts)
