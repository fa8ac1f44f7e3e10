"""What a ticket says of each element that conditions look at: read once, and only what is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

from peewee import fn

from helpdesk import clock, folding
from helpdesk.lib import richtext
from helpdesk.opening_hours import calendars
from helpdesk.opening_hours.arithmetic import next_opening
from helpdesk.settings import lookups
from models import NOTE, Attachment, IncomingMail, MailRecipient, Message, Ticket, TicketTag

PROGRAM, PERSON = "program", "person"
OPEN_NOW, CLOSED_NOW = "open", "closed"
FIRST, LATER = "first", "later"
#: What stands for an agent or a team where there is none.
NOBODY = "0"


@dataclass(frozen=True)
class OpeningMail:
    """What is asked of the e-mail that a ticket was opened by."""

    mailbox: int
    automatic: bool
    recipients: list[str]


@dataclass(frozen=True)
class Change:
    """What an act changed in a ticket: its columns before, the tags it added and removed, the message behind it."""

    columns: Mapping[str, Any] = field(default_factory=dict)
    added: Sequence[str] = ()
    removed: Sequence[str] = ()
    message: int | None = None


#: The columns of elements that may have said something else before.
COLUMNS = {"status": "status", "priority": "priority", "assignee": "assignee", "team": "team"}


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
        *,
        change: Change | None = None,
        **values: list[str],
    ) -> None:
        self.ticket = ticket
        self.change = change or Change()
        self._body = body
        self._files = files
        self._mail = mail
        self._folded: dict[str, list[str]] = {}
        # What was read together with that of other tickets.
        self.__dict__.update(values)

    def before(self, field: str) -> list[str]:
        """Return, folded, what the ticket said of an element before the act; the same as now where it changed not."""
        now, change = self.folded(field), self.change
        if field == "tag":
            added, removed = ({tag_key(text) for text in texts} for texts in (change.added, change.removed))
            return [text for text in now if text not in added] + sorted(removed)
        column = COLUMNS.get(field)
        return [str(change.columns[column] or NOBODY)] if column is not None and column in change.columns else now

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
            row = Message.select(Message.body).where(Message.id == self._message).tuples().first()
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
            self._files = list(rows.where(Attachment.message == self._message).tuples())
        return self._files

    @property
    def _message(self) -> Any:
        """The message that is looked at: the one that caused the act, else the first."""
        return self.change.message or _first(self.ticket)

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

    @cached_property
    def status(self) -> list[str]:
        return [str(self.ticket.status_id)]

    @cached_property
    def priority(self) -> list[str]:
        return [str(self.ticket.priority_id)]

    @cached_property
    def assignee(self) -> list[str]:
        return [str(self.ticket.assignee_id or NOBODY)]

    @cached_property
    def team(self) -> list[str]:
        return [str(self.ticket.team_id or NOBODY)]

    @cached_property
    def language(self) -> list[str]:
        return [self.ticket.locale]

    @cached_property
    def tag(self) -> list[str]:
        return tags_of([self.ticket.id]).get(self.ticket.id, [])

    @cached_property
    def hours(self) -> list[str]:
        calendar, now = calendars.find_calendar(self.ticket.service_id), clock.now()
        return [OPEN_NOW if calendar is None or next_opening(calendar, now) == now else CLOSED_NOW]

    @cached_property
    def age(self) -> list[str]:
        return [str(int((clock.now() - self.ticket.created_at) / timedelta(hours=1)))]

    @cached_property
    def messages(self) -> list[str]:
        return [str(Message.select().where(Message.ticket == self.ticket.id, Message.kind != NOTE).count())]

    @cached_property
    def first(self) -> list[str]:
        earlier = Ticket.select(Ticket.id).where(Ticket.customer == self.ticket.customer_id, Ticket.id < self.ticket.id)
        return [LATER if earlier.limit(1).exists() else FIRST]


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


def tags_of(tickets: Sequence[int]) -> dict[int, list[str]]:
    """Return the keys of each ticket's tags by the ticket's id; one query."""
    keys: dict[int, list[str]] = {}
    for ticket, key in TicketTag.select(TicketTag.ticket, TicketTag.tag).where(TicketTag.ticket.in_(tickets)).tuples():
        row = lookups.tag(key)
        if row is not None:
            keys.setdefault(ticket, []).append(row.key)
    return keys


def tag_key(text: str) -> str:
    """Return the key of the tag with this name, in whichever language; the folded name where there is none."""
    folded = folding.fold(text).strip()
    row = lookups.tag_named(folded)
    return str(row.key) if row is not None else folded
