"""Where else a person is named: rows of the whole desk are walked by their ids, some thousand at a time.

What holds an address of theirs is replaced or goes. A name alone is searched only where it can be nobody else’s: in
lines about customers. What others wrote about them in other tickets is others’, and is not guessed at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html import escape, unescape
from typing import Any

from peewee import SQL, Expression, fn

from database import Base, Stamp, is_sqlite
from helpdesk import folding
from helpdesk.erasing import mails
from helpdesk.erasing.own_tickets import blank_line
from helpdesk.erasing.person import Person, forms
from helpdesk.journal import Act
from models import (
    BulkChange,
    CannedResponse,
    DepartureChange,
    Draft,
    FilterAction,
    FilterCondition,
    IncomingMail,
    JournalEntry,
    MailedMessage,
    Merge,
    MessageVersion,
    Order,
    OrderLine,
    Organisation,
    OutgoingEmail,
    RuleMoment,
    RuleRecord,
    SavedView,
    ScheduledReply,
    SenderRule,
    TicketEvent,
)

#: Rows looked at by one statement, and orders deleted in one transaction.
AT_ONCE, ORDERS = 5_000, 200
#: Lines of the journal whose subject is a person who writes to the desk.
ABOUT_CUSTOMERS = (
    Act.ERASURE_REQUESTED, Act.ERASURE_CONFIRMED, Act.ERASURE_CANCELLED, Act.PERSON_EXPORTED,
    Act.TICKET_TAKEN_AWAY, Act.TICKET_GIVEN, Act.CUSTOMERS_MERGED, Act.CUSTOMERS_PARTED, Act.CUSTOMERS_APART,
    Act.SIGNED_IN,
    Act.PASSWORD_CHANGED, Act.PERSONS_LINKS_REVOKED,
    Act.RESPONSIBLE_PROPOSED, Act.RESPONSIBLE_CONFIRMED, Act.RESPONSIBLE_ENDED,
)  # fmt: skip

#: The kind of the mail by which administrators hear that somebody wants to be erased: it names them.
ABOUT_ERASING = "erasure-wanted"

Mend = Callable[[Person, list[Any]], None]


@dataclass(frozen=True)
class Walk:
    """A table whose rows may name a person in these columns, and what is done with those that do."""

    table: type[Base]
    columns: tuple[str, ...]
    mend: Mend


def walk(walk: Walk, person: Person, cursor: int) -> int | None:
    """Look at the next rows of a table and mend those that name the person; return the last id looked at."""
    table = walk.table
    part = table.select(table.id).where(table.id > cursor).order_by(table.id).limit(AT_ONCE).alias("part")
    last = table.select(fn.MAX(part.c.id)).from_(part).scalar()
    if last is None:
        return None
    rows = table.select().where(table.id > cursor, table.id <= last, _condition(walk, person)).order_by(table.id)
    if found := [row for row in rows if _is_named(walk, person, row)]:
        walk.mend(person, found)
    return int(last)


def _is_named(walk: Walk, person: Person, row: Any) -> bool:
    """Whether a row names the person: the statement finds their address in a longer one of somebody else, too."""
    # What is done with these looks at each of their texts itself.
    if walk.table in (JournalEntry, OutgoingEmail):
        return True
    return any(person.holds_address(getattr(row, name)) for name in walk.columns)


def _condition(walk: Walk, person: Person) -> Expression:
    condition: Any = SQL("1 = 0")
    for name in walk.columns:
        column = getattr(walk.table, name)
        for email in person.emails:
            for form in forms(email):
                condition |= _holds(column, form)
    if walk.table is JournalEntry:
        condition |= JournalEntry.about.in_([folding.fold(name).strip()[:254] for name in person.names])
        condition |= JournalEntry.agent.is_null() & JournalEntry.actor_name.in_(person.names)
    if walk.table is OutgoingEmail:
        for text in {form for name in person.names for form in (name, escape(name))}:
            condition |= (OutgoingEmail.kind == ABOUT_ERASING) & _holds(OutgoingEmail.body, text)
    return condition


def _holds(column: Any, text: str) -> Expression:
    """Whether a column, JSON as its text, holds a text in any case; “%” and “_” stand for themselves."""
    low = fn.LOWER(column.cast("text" if not is_sqlite() else "TEXT"))
    if is_sqlite():
        return fn.INSTR(low, text.lower()) > 0
    return fn.STRPOS(low, text.lower()) > 0


def _replace(names: tuple[str, ...], person: Person, rows: list[Any]) -> None:
    """Put the placeholder in the place of the person's addresses."""
    for row in rows:
        changed = {name: person.scrubbed(getattr(row, name), names=False) for name in names}
        type(row).update(changed).where(type(row).id == row.id).execute()
    _outdate(rows)


def _delete(_person: Person, rows: list[Any]) -> None:
    table = type(rows[0])
    table.delete().where(table.id.in_([row.id for row in rows])).execute()
    _outdate(rows)


def _outdate(rows: list[Any]) -> None:
    """Let every process read small tables again."""
    if any(hasattr(type(row), "version") for row in rows):
        Stamp.bump()


def _lines(person: Person, rows: list[TicketEvent]) -> None:
    for row in rows:
        blank_line(person, row, own=False)


def _journal(person: Person, rows: list[JournalEntry]) -> None:
    """Take the person out of lines of the journal: who did what to which kind of thing, and when, stays."""
    for row in rows:
        is_theirs = row.agent_id is None and person.names_them(row.actor_name)
        is_about = _is_about(person, row)
        if is_theirs:
            row.actor_name = person.label
        if is_about:
            row.subject, row.about = person.label, folding.fold(person.label)
        if is_theirs or is_about:
            row.network = ""
        row.data = person.scrubbed(row.data, names=is_theirs or is_about)
        row.save()


def _is_about(person: Person, row: JournalEntry) -> bool:
    if person.holds_address(row.subject) or person.holds_address(row.about):
        return True
    is_customers = row.data.get("what") == "Customer" or row.act in {act.value for act in ABOUT_CUSTOMERS}
    return is_customers and person.names_them(row.subject)


def _mails(person: Person, rows: list[OutgoingEmail]) -> None:
    """Delete mails to the person, and what says that they want to be erased; take their address out of the others."""
    # What was written since is for whoever uses the address now.
    rows = [row for row in rows if row.created_at <= person.begun_at]
    gone = [row for row in rows if row.to_email.lower() in person.emails or _speaks_of_erasing(person, row)]
    _replace(("subject", "body"), person, [row for row in rows if row not in gone])
    if gone:
        _delete(person, gone)


def _speaks_of_erasing(person: Person, row: OutgoingEmail) -> bool:
    return bool(row.kind == ABOUT_ERASING) and person.names_them(unescape(row.body))


def _received(person: Person, rows: list[IncomingMail]) -> None:
    if ids := [row.id for row in rows if row.received_at <= person.begun_at]:
        mails.forget(person, ids)


def _senders(person: Person, rows: list[SenderRule]) -> None:
    """Delete what is done with mail of the person; take their address out of notes of others."""
    gone = [row for row in rows if row.pattern in person.emails]
    _replace(("note",), person, [row for row in rows if row.pattern not in person.emails])
    if gone:
        _delete(person, gone)


#: Every table with free text that may hold an address. Filters keep their conditions: without one they would match all.
WALKS = (
    Walk(TicketEvent, ("data", "actor_name"), _lines),
    Walk(JournalEntry, ("subject", "about", "actor_name", "data"), _journal),
    Walk(OutgoingEmail, ("to_email", "subject", "body"), _mails),
    Walk(IncomingMail, ("explanation", "from_name", "subject"), _received),
    Walk(MessageVersion, ("body",), partial(_replace, ("body",))),
    Walk(MailedMessage, ("sender", "rest", "notes"), partial(_replace, ("sender", "rest", "notes"))),
    Walk(Draft, ("body",), partial(_replace, ("body",))),
    Walk(ScheduledReply, ("body",), partial(_replace, ("body",))),
    Walk(RuleMoment, ("data",), partial(_replace, ("data",))),
    Walk(SavedView, ("query", "name"), _delete),
    Walk(FilterCondition, ("value",), partial(_replace, ("value",))),
    Walk(FilterAction, ("argument",), partial(_replace, ("argument",))),
    Walk(SenderRule, ("pattern", "note"), _senders),
    Walk(CannedResponse, ("name", "body"), partial(_replace, ("name", "body"))),
    Walk(Organisation, ("note", "pinned"), partial(_replace, ("note", "pinned"))),
    Walk(BulkChange, ("before", "after"), _delete),
    Walk(RuleRecord, ("data",), _delete),
    Walk(Merge, ("source", "before", "after", "moved", "terms"), _delete),
    Walk(DepartureChange, ("before", "after"), _delete),
)


def delete_orders(person: Person, _cursor: int) -> int | None:
    """Delete the next orders of the person: the desk only shows what the shop keeps."""
    theirs = (Order.customer == person.customer_id) | Order.email.in_(person.emails)
    ids = [key for (key,) in Order.select(Order.id).where(theirs).limit(ORDERS).tuples()]
    if not ids:
        return None
    OrderLine.delete().where(OrderLine.order.in_(ids)).execute()
    Order.delete().where(Order.id.in_(ids)).execute()
    person.count("orders", len(ids))
    return 0
