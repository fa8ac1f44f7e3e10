"""Examples to try a desk with, the demo desk, and the first steps shown to a new administrator.
It may import outbox, reports and what stands before them.
Nothing else depends on them; removing them leaves what the owner made.

Which rows are examples rests in one row of `Setting`. Their customers live under a domain that no mail leaves for
(`claims.UNREACHED`), and filters do not look at them. What an owner builds on an example keeps that example.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from peewee import IntegrityError

from database import Base, Stamp, is_sqlite
from helpdesk import access, clock, events, journal, search
from helpdesk.errors import InvalidInput
from helpdesk.examples.demo.samples import Maker
from helpdesk.files import attachments, file_store
from helpdesk.i18n import lazy
from helpdesk.lib.cache import CachedValue
from models import (
    AccessLink,
    Agent,
    CannedResponse,
    Customer,
    CustomerAddress,
    Department,
    FilterAction,
    FormerNumber,
    Message,
    OutgoingEmail,
    SavedView,
    Service,
    Setting,
    SignIn,
    Ticket,
)

KEY = "examples"
#: The tables of examples, in the order in which they are removed.
TABLES: dict[str, type[Base]] = {
    "tickets": Ticket,
    "canned_responses": CannedResponse,
    "addresses": CustomerAddress,
    "customers": Customer,
    "departments": Department,
    "services": Service,
}
#: What a customer leaves behind by being known: it goes with them.
PASSING = frozenset({AccessLink, SignIn, OutgoingEmail})


@dataclass(frozen=True)
class Removed:
    """How many rows went, and the names of those that stay because something of the owner's relies on them."""

    rows: int
    kept: list[str]


_stored: CachedValue[Any] = CachedValue(lambda: Setting.select(Setting.value).where(Setting.key == KEY).scalar())


def are_loaded() -> bool:
    """Whether the desk holds examples."""
    return bool(_stored())


# --- Loading ------------------------------------------------------------------------------------------------------


def load(*, actor: Agent) -> int:
    """Add the examples in the desk's language; return how many rows.

    Raises NotAllowed, or InvalidInput when they are loaded already.
    """
    access.require(actor, "administer")
    try:
        with events.transaction():
            if Setting.select().where(Setting.key == KEY).exists():
                raise InvalidInput(lazy("The examples are loaded already."))
            made = Maker(actor).make()
            Setting.create(key=KEY, value=made, changed_at=clock.now())
            Stamp.bump()
            count = sum(len(made[name]) for name in TABLES)
            journal.record(journal.Act.EXAMPLES_LOADED, actor=actor, count=count)
    except IntegrityError as error:
        raise InvalidInput(lazy("The examples are loaded already.")) from error
    return count


# --- Removing -----------------------------------------------------------------------------------------------------


def remove(*, actor: Agent) -> Removed:
    """Delete the examples, whatever agents did to them, but none that a row of the owner relies on.

    What stays is the owner's from then on. Raises NotAllowed, and InvalidInput when one was taken into use just now.
    """
    access.require(actor, "administer")
    paths: list[str] = []
    try:
        with events.transaction():
            made = Setting.select(Setting.value).where(Setting.key == KEY).scalar()
            if not made:
                return Removed(0, [])
            _hold(made)
            kept: list[str] = []
            rows, paths = _remove_tickets(made, kept)
            for name in list(TABLES)[1:]:
                rows += _remove_rows(name, made, kept)
            Setting.delete().where(Setting.key == KEY).execute()
            Stamp.bump()
            journal.record(journal.Act.EXAMPLES_REMOVED, actor=actor, count=rows)
    except IntegrityError as error:
        raise InvalidInput(lazy("Somebody has just used an example. Try again.")) from error
    file_store.discard(paths)
    return Removed(rows, kept)


def _hold(made: dict[str, Any]) -> None:
    """Let nobody build on an example while it is looked at; SQLite lets one transaction write at a time anyway."""
    for name, table in TABLES.items():
        if not is_sqlite() and made[name]:
            list(table.select(table.id).where(table.id.in_(made[name])).for_update().tuples())


def _remove_tickets(made: dict[str, Any], kept: list[str]) -> tuple[int, list[str]]:
    """Delete the tickets with all that hangs on them; those in which somebody real wrote stay."""
    wrote = Message.select(Message.ticket).where(
        Message.ticket.in_(made["tickets"]), Message.customer.is_null(False), Message.customer.not_in(made["customers"])
    )
    merged = FormerNumber.select(FormerNumber.ticket).where(
        FormerNumber.ticket.in_(made["tickets"]), FormerNumber.former_id.not_in(made["tickets"])
    )
    own = {key for query in (wrote, merged) for (key,) in query.tuples()}
    own |= {
        row.id for row in Ticket.select().where(Ticket.id.in_(made["tickets"]))
        if row.customer_id not in made["customers"]
    }  # fmt: skip
    kept += [str(row) for row in Ticket.select().where(Ticket.id.in_(list(own)))]
    ids = [key for key in made["tickets"] if key not in own]
    messages = [key for (key,) in Message.select(Message.id).where(Message.ticket.in_(ids)).tuples()]
    paths = attachments.paths_of(messages)
    for key in messages:
        search.forget(key)
    OutgoingEmail.delete().where(OutgoingEmail.ticket.in_(ids)).execute()
    return int(Ticket.delete().where(Ticket.id.in_(ids)).execute()), paths


def _remove_rows(name: str, made: dict[str, Any], kept: list[str]) -> int:
    """Delete the rows of a table that nothing relies on; what relied on them and was an example is gone by now."""
    table, removed = TABLES[name], 0
    query = table.select().where(table.id.in_(made[name]))
    if name in {"customers", "addresses"}:
        # SQLite gives the id of a deleted row to a new one: theirs was made at another moment.
        query = query.where(table.created_at == datetime.fromisoformat(made["at"]))
    for row in list(query):
        if _is_used(row) or (name == "addresses" and _is_used(row.customer, but=made["addresses"])):
            kept += [str(row)] if name != "addresses" else []
        else:
            removed += int(table.delete().where(table.id == row.id).execute())
    return removed


def _is_used(row: Any, *, but: Sequence[int] = ()) -> bool:
    """Whether another row relies on this one; `but` are addresses of a customer that do not count."""
    for key, table in row._meta.backrefs.items():
        query = table.select().where(key == row.id)
        query = query.where(table.id.not_in(list(but))) if but and table is CustomerAddress else query
        if table not in PASSING and query.exists():
            return True
    return isinstance(row, Service | Department) and _is_named(row)


def _is_named(row: Any) -> bool:
    """Whether a filter or a saved view names this place: they hold its id in a text."""
    key = str(row.id)
    parts = FilterAction.select(FilterAction.argument).where(FilterAction.action == "move").tuples()
    at = 1 if isinstance(row, Department) else 0
    if any(argument.partition("/")[2 * at] == key for (argument,) in parts):
        return True
    name = "department" if at else "service"
    queries = [parse_qs(query) for (query,) in SavedView.select(SavedView.query).tuples()]
    return any(key in query.get(name, ()) for query in queries)


def forget(row: Any) -> None:
    """Let go of an example that is deleted by hand: SQLite may give its id to a row of the owner."""
    name = next((name for name, table in TABLES.items() if isinstance(row, table)), None)
    made = _stored()
    if name is None or not made:
        return
    left = {**made, name: [key for key in made[name] if key != row.id]}
    if isinstance(row, Service):
        gone = CannedResponse.select(CannedResponse.id).where(CannedResponse.service == row.id)
        left["canned_responses"] = [key for key in made["canned_responses"] if key not in {k for (k,) in gone.tuples()}]
    if left != made:
        Setting.update(value=left).where(Setting.key == KEY).execute()
        Stamp.bump()
