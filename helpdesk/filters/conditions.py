"""What the conditions of filters look at, and how they compare: case and accents aside (A21)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from peewee import fn

from helpdesk import folding
from helpdesk.i18n import lazy
from helpdesk.lib import richtext
from helpdesk.settings import lookups
from models import Attachment, Filter, IncomingMail, MailRecipient, Message, Ticket

#: Bytes of a megabyte, as sizes are shown.
MB = 1 << 20


@dataclass(frozen=True)
class OpeningMail:
    """What is asked of the e-mail that a ticket was opened by."""

    mailbox: int
    automatic: bool
    recipients: list[str]


class TicketFields:
    """What a ticket says of each element, as it was written and read once; an element may say several things.

    `files` are the names and sizes of its first message's files; `mail` is a list of at most one, or None when it was
    not read yet.
    """

    def __init__(
        self,
        ticket: Ticket,
        body: str | None = None,
        files: list[tuple[str, int]] | None = None,
        mail: list[OpeningMail] | None = None,
    ) -> None:
        self.ticket = ticket
        self._body = body
        self._files = files
        self._mail = mail
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
        return [name for name, _size in self._attached]

    @cached_property
    def size(self) -> list[str]:
        return [str(sum(size for _name, size in self._attached))]

    @property
    def _attached(self) -> list[tuple[str, int]]:
        if self._files is None:
            rows = Attachment.select(Attachment.name, Attachment.size)
            self._files = list(rows.where(Attachment.message == _first(self.ticket)).tuples())
        return self._files

    @cached_property
    def mailbox(self) -> list[str]:
        rows = [lookups.mailbox(mail.mailbox) for mail in self._opening_mail]
        return [text for row in rows if row is not None for text in (row.name, row.address)]

    @cached_property
    def recipient(self) -> list[str]:
        return [email for mail in self._opening_mail for email in mail.recipients]

    @cached_property
    def origin(self) -> list[str]:
        return [PROGRAM if any(mail.automatic for mail in self._opening_mail) else PERSON]

    @property
    def _opening_mail(self) -> list[OpeningMail]:
        if self._mail is None:
            self._mail = opening_mails([self.ticket.id]).get(self.ticket.id, [])
        return self._mail

    @cached_property
    def place(self) -> list[str]:
        rows = (lookups.service(self.ticket.service_id), lookups.department(self.ticket.department_id))
        return [text for row in rows if row is not None for text in row.name.values()]


def _first(ticket: Ticket) -> Any:
    return Message.select(fn.MIN(Message.id)).where(Message.ticket == ticket.id)


def opening_mails(tickets: Sequence[int]) -> dict[int, list[OpeningMail]]:
    """Return the e-mail that each of these tickets was opened by, by the ticket's id; two queries."""
    rows = IncomingMail.select(IncomingMail.id, IncomingMail.ticket, IncomingMail.mailbox, IncomingMail.automatic)
    rows = list(
        rows.where(IncomingMail.ticket.in_(tickets), IncomingMail.state == "new").order_by(IncomingMail.id).tuples()
    )
    to: dict[int, list[str]] = {}
    recipients = MailRecipient.select(MailRecipient.mail, MailRecipient.email)
    for mail, email in recipients.where(MailRecipient.mail.in_([row[0] for row in rows])).tuples() if rows else ():
        to.setdefault(mail, []).append(email)
    opened: dict[int, list[OpeningMail]] = {}
    for mail, ticket, mailbox, automatic in rows:
        opened.setdefault(ticket, [OpeningMail(mailbox, automatic, to.get(mail, []))])
    return opened


PROGRAM, PERSON = "program", "person"


@dataclass(frozen=True)
class Field:
    """What a condition may look at. Its `kind` is that of the comparisons it takes: text, size or origin."""

    label: Any
    kind: str = "text"


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
}


@dataclass(frozen=True)
class Operator:
    """A comparison of a folded text with a folded value, for elements of its `kind`; `denies` turns the answer round.

    One of the kind "origin" needs no value.
    """

    label: Any
    test: Callable[[str, str], bool]
    denies: bool = False
    kind: str = "text"

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
