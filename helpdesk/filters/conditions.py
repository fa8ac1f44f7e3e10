"""What the conditions of filters look at, and how they compare: case and accents aside (A21)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from helpdesk import folding
from helpdesk.filters.ticket_fields import CLOSED_NOW, FIRST, LATER, OPEN_NOW, PERSON, PROGRAM, TicketFields, tag_key
from helpdesk.i18n import lazy
from models import Filter

#: Bytes of a megabyte, as sizes are shown.
MB = 1 << 20


@dataclass(frozen=True)
class Field:
    """What a condition may look at.

    Its `kind` is that of the comparisons it takes. `choices` names what a value is chosen among (as the argument of an
    action does); without, it is typed.
    """

    label: Any
    kind: str = "text"
    choices: str = ""


#: Attribute of `TicketFields` → what it is.
FIELDS: dict[str, Field] = {
    "email": Field(lazy("the author’s e-mail")),
    "domain": Field(lazy("the domain of the e-mail")),
    "name": Field(lazy("the author’s name")),
    "subject": Field(lazy("the subject")),
    "content": Field(lazy("the content")),
    "place": Field(lazy("the service or department")),
    "attachment": Field(lazy("the name of an attached file")),
    "size": Field(lazy("the size of all attached files"), "size"),
    "mailbox": Field(lazy("the mailbox")),
    "recipient": Field(lazy("a recipient of the e-mail")),
    "origin": Field(lazy("the message"), "origin"),
    "status": Field(lazy("the status"), "choice", "status"),
    "priority": Field(lazy("the priority"), "choice", "priority"),
    "assignee": Field(lazy("the assigned agent"), "choice", "assignee"),
    "team": Field(lazy("the assigned team"), "choice", "assigned_team"),
    "tag": Field(lazy("a tag"), "choice"),
    "language": Field(lazy("the customer’s language"), "choice", "language"),
    "hours": Field(lazy("at that moment, the desk"), "hours"),
    "age": Field(lazy("the age of the ticket"), "age"),
    "messages": Field(lazy("the number of messages"), "count"),
    "first": Field(lazy("the ticket"), "first"),
}
#: The kinds of comparisons that need no value, and the units of values.
WITHOUT_VALUE = frozenset({"origin", "hours", "first"})
UNITS: dict[str, Any] = {"size": lazy("MB"), "age": lazy("hours")}
#: Hours of the longest age: a year; messages of the longest ticket.
LONGEST_AGE, MOST_MESSAGES = 366 * 24, 10_000


@dataclass(frozen=True)
class Operator:
    """A comparison of a folded text with a folded value, for elements of its `kind`; `denies` turns the answer round.

    `looks` says at what: what the element says now, said before the act, or says only since the act.
    """

    label: Any
    test: Callable[[str, str], bool]
    denies: bool = False
    kind: str = "text"
    looks: str = "now"

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


def megabytes(value: str) -> float | None:
    """Return a number of megabytes as somebody wrote it, in either language; None for anything else."""
    match = re.fullmatch(r"(\d{1,6})(?:[.,](\d{1,3}))?", value.strip())
    return float(f"{match[1]}.{match[2] or 0}") if match is not None else None


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() else 0


def _is_more(text: str, value: str) -> bool:
    return int(text) > (megabytes(value) or 0) * MB


def _is_less(text: str, value: str) -> bool:
    return int(text) < (megabytes(value) or 0) * MB


OPERATORS: dict[str, Operator] = {
    "contains": Operator(lazy("contains"), _contains),
    "not_contains": Operator(lazy("does not contain"), _contains, denies=True),
    "is": Operator(lazy("is"), _is),
    "is_not": Operator(lazy("is not"), _is, denies=True),
    "starts_with": Operator(lazy("starts with"), str.startswith),
    "ends_with": Operator(lazy("ends with"), lambda text, value: text.rstrip().endswith(value)),
    "one_of": Operator(lazy("is one of"), lambda text, value: text.strip() in parts(value)),
    "more_than": Operator(lazy("is more than"), _is_more, kind="size"),
    "less_than": Operator(lazy("is less than"), _is_less, kind="size"),
    "is_one": Operator(lazy("is"), _is, kind="choice"),
    "is_not_one": Operator(lazy("is not"), _is, denies=True, kind="choice"),
    "was": Operator(lazy("was before"), _is, kind="choice", looks="before"),
    "became": Operator(lazy("has become"), _is, kind="choice", looks="change"),
    "open_now": Operator(lazy("is open"), lambda text, _value: text == OPEN_NOW, kind="hours"),
    "closed_now": Operator(lazy("is closed"), lambda text, _value: text == CLOSED_NOW, kind="hours"),
    "older": Operator(lazy("is more than"), lambda text, value: int(text) >= _number(value), kind="age"),
    "younger": Operator(lazy("is less than"), lambda text, value: int(text) < _number(value), kind="age"),
    "more": Operator(lazy("is more than"), lambda text, value: int(text) > _number(value), kind="count"),
    "fewer": Operator(lazy("is less than"), lambda text, value: int(text) < _number(value), kind="count"),
    "is_first": Operator(lazy("is the customer’s first"), lambda text, _value: text == FIRST, kind="first"),
    "is_later": Operator(lazy("is not the customer’s first"), lambda text, _value: text == LATER, kind="first"),
    "by_program": Operator(lazy("was written by a program"), lambda text, _value: text == PROGRAM, kind="origin"),
    "by_person": Operator(lazy("was written by a person"), lambda text, _value: text == PERSON, kind="origin"),
}


@dataclass(frozen=True)
class Condition:
    """An element of the ticket, a comparison, a value."""

    field: str
    operator: str
    value: str

    @property
    def is_known(self) -> bool:
        """Whether the registries have its element and its comparison, and they go together."""
        field, operator = FIELDS.get(self.field), OPERATORS.get(self.operator)
        return field is not None and operator is not None and field.kind == operator.kind

    @property
    def kind(self) -> str:
        """The kind of its comparison; of a known one."""
        return OPERATORS[self.operator].kind

    @property
    def folded(self) -> str:
        """Return its value as it is compared."""
        return tag_key(self.value) if self.field == "tag" else folding.fold(self.value.strip())

    def holds(self, facts: TicketFields) -> bool:
        """Whether a ticket fits it."""
        operator, value = OPERATORS[self.operator], self.folded
        if operator.looks == "now":
            return operator.holds(facts.folded(self.field), value)
        was = operator.holds(facts.before(self.field), value)
        return was if operator.looks == "before" else operator.holds(facts.folded(self.field), value) and not was


def conditions_of(rule: Filter) -> list[Condition]:
    """Return the stored conditions of a filter, oldest first."""
    return [Condition(row.field, row.operator, row.value) for row in sorted(rule.conditions, key=lambda row: row.id)]


def fits(conditions: Sequence[Condition], mode: str, facts: TicketFields) -> bool:
    """Whether a ticket fits all of these conditions, or (`mode` "any") one; never when there is none."""
    known = [condition for condition in conditions if condition.is_known]
    if not known:
        return False
    return (any if mode == "any" else all)(condition.holds(facts) for condition in known)
