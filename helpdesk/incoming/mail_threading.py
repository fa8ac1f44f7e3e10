"""Which ticket a mail belongs to: a code of ours, an id of ours, an id of theirs, a number, strongest first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from helpdesk import settings
from helpdesk.incoming.parsed_mail import ParsedMail
from helpdesk.notifications import reply_address
from helpdesk.notifications.reply_address import Code
from helpdesk.people import customers
from helpdesk.tickets import cc
from models import CustomerAddress, FormerNumber, IncomingMail, MailId, OutgoingEmail, Ticket

#: The kinds of evidence, strongest first.
CODE, OURS, THEIRS, NUMBER = "code", "ours", "theirs", "number"
#: What only who received a mail of ours can know.
STRONG = frozenset({CODE, OURS})
#: Ids of a mail that are looked up.
MOST_IDS = 100
_NUMBER = re.compile(r"#\s?([A-Za-z0-9-]{1,40})")


@dataclass(frozen=True)
class Trace:
    """What leads from a mail to a ticket, and for whom it was made."""

    kind: str
    ticket: Ticket
    seen: str = ""
    #: The address or the agent that the code or the mail was sent to.
    address: int | None = None
    agent: int | None = None
    #: To whom the known mail was addressed, beside us.
    named: frozenset[str] = field(default_factory=frozenset)


OWNER, COPY, AGENT, STRANGER = "owner", "copy", "agent", "stranger"


def find(content: ParsedMail) -> Trace | None:
    """Return the strongest evidence of a ticket; none for one that is gone or hidden from its customer."""
    return next((trace for trace in _traces(content) if not trace.ticket.hidden_from_customer), None)


def _traces(content: ParsedMail) -> Iterator[Trace]:
    for email in content.recipients:
        code = _whole(reply_address.in_address(email))
        ticket = ticket_of(code.ticket) if code is not None else None
        if code is not None and ticket is not None:
            yield Trace(CODE, ticket, email, code.address, code.agent)
    # Apple Mail rewrites one of the two headers: both are read, the newest reference first.
    ids = list(dict.fromkeys((*content.in_reply_to, *reversed(content.references))))[:MOST_IDS]
    yield from _by_ours(ids)
    yield from _by_theirs(ids)
    yield from _by_number(content.subject)


def _whole(code: Code | None) -> Code | None:
    """Return a code with its ticket: programs answer to the address to which a mail of ours comes back."""
    if code is None or code.mail is None:
        return code
    row = reply_address.mail_of(code)
    return Code(row.ticket_id, row.address_id, row.agent_id) if row is not None and row.ticket_id is not None else None


def _by_ours(ids: list[str]) -> Iterator[Trace]:
    if not ids:
        return
    query = OutgoingEmail.select(
        OutgoingEmail.mail_id, OutgoingEmail.ticket, OutgoingEmail.address, OutgoingEmail.agent
    ).where(OutgoingEmail.mail_id.in_(ids), OutgoingEmail.ticket.is_null(False))
    rows = {mail_id: row for mail_id, *row in query.tuples()}
    older = MailId.select(MailId.mail_id, MailId.ticket, MailId.address, MailId.agent).where(MailId.mail_id.in_(ids))
    rows |= {mail_id: row for mail_id, *row in older.tuples() if mail_id not in rows}
    for mail_id in ids:
        if mail_id in rows:
            key, address, agent = rows[mail_id]
            ticket = ticket_of(key)
            if ticket is not None:
                yield Trace(OURS, ticket, mail_id, address, agent)


def _by_theirs(ids: list[str]) -> Iterator[Trace]:
    if not ids:
        return
    query = IncomingMail.select().where(IncomingMail.mail_id.in_(ids), IncomingMail.ticket.is_null(False))
    # The first one of an id counts: anybody who was sent it may use it again.
    rows = {row.mail_id: row for row in query.where(IncomingMail.mail_id != "").order_by(IncomingMail.id.desc())}
    for mail_id in ids:
        row = rows.get(mail_id)
        ticket = ticket_of(row.ticket_id) if row is not None else None
        if row is not None and ticket is not None:
            read = (row.explanation or {}).get("read") or {}
            named = re.findall(r"[^\s<>,]+@[^\s<>,]+", " ".join([*(read.get("to") or []), *(read.get("cc") or [])]))
            yield Trace(THEIRS, ticket, mail_id, named=frozenset(email.casefold() for email in named))


def _by_number(subject: str) -> Iterator[Trace]:
    for match in _NUMBER.finditer(subject[:500]):
        ticket = _numbered(match[1])
        if ticket is not None:
            yield Trace(NUMBER, ticket, match[0])


def _numbered(number: str) -> Ticket | None:
    ticket = Ticket.get_or_none(Ticket.number == number)
    if ticket is None:
        former = FormerNumber.get_or_none(FormerNumber.number == number)
        ticket = former.ticket if former is not None else None
    return ticket


def ticket_of(key: int) -> Ticket | None:
    """Return the ticket of this id, or the one it was merged into."""
    ticket: Ticket | None = Ticket.get_or_none(Ticket.id == key)
    if ticket is None:
        former = FormerNumber.get_or_none(FormerNumber.former_id == key)
        return former.ticket if former is not None else None
    return ticket


def role_of(ticket: Ticket, author: str, *, is_agent: bool) -> tuple[str, CustomerAddress | None]:
    """Return what the author of a mail is to the ticket, and the address that makes them that."""
    address = customers.lookup(author) if author else None
    if address is not None and address.customer_id == ticket.customer_id:
        return OWNER, address
    if is_agent:
        return AGENT, None
    if address is not None:
        copy = next((one for one in cc.in_copy(ticket) if one.id == address.id and not one.waits), None)
        if copy is not None:
            return COPY, address
    return STRANGER, address


def place_of(content: ParsedMail, author: str, *, is_agent: bool) -> tuple[Trace | None, str, CustomerAddress | None]:
    """Return what leads to a ticket, and what the author is to it; nothing where there is none.

    Who was erased and writes again is a new person, whatever number or code of old their mail shows.
    """
    trace = find(content)
    if trace is None:
        return None, "", None
    role, address = role_of(trace.ticket, author, is_agent=is_agent)
    if role == STRANGER and trace.ticket.customer.erased_at is not None:
        return None, "", None
    return trace, role, address


def is_ours(content: ParsedMail) -> bool:
    """Whether the desk itself sent this mail."""
    if content.header("x-guichet-desk") == reply_address.desk_mark():
        return True
    recent = OutgoingEmail.select().where(OutgoingEmail.mail_id == content.mail_id)
    older = MailId.select().where(MailId.mail_id == content.mail_id)
    return bool(content.mail_id) and bool(recent.exists() or older.exists())


def closed_too_long(ticket: Ticket, now: object) -> bool:
    """Whether a ticket was closed before the days for which an answer opens it again; 0 days stand for always."""
    days = int(settings.get("reopen_days"))
    closed = ticket.closed_at
    return bool(days) and ticket.is_closed and closed is not None and (now - closed).days >= days
