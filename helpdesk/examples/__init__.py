"""Examples to try a desk with, the demo desk, and the first steps shown to a new administrator.
It may import outbox, reports and what stands before them.
Nothing else depends on them; removing them leaves what the owner made.

The ids of the examples are stored in one row of `Setting`. Their customers have a domain to which no mail is sent
(`claims.UNREACHED`), and filters ignore them. An example that the owner's rows rely on is not removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from peewee import IntegrityError

from database import Base, Stamp, is_sqlite
from helpdesk import access, clock, customer_search, events, journal, search
from helpdesk.errors import InvalidInput
from helpdesk.examples.samples import Maker
from helpdesk.files import attachments, file_store
from helpdesk.i18n import lazy
from helpdesk.lib.cache import CachedValue
from models import (
    AccessLink,
    Agent,
    CannedResponse,
    Customer,
    CustomerAddress,
    CustomerKey,
    CustomerMerge,
    Department,
    FilterAction,
    FormerNumber,
    Message,
    OutgoingEmail,
    PossibleDuplicate,
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
#: Rows that do not count as using a customer: they are deleted with it. What merging brought along counts by itself.
PASSING = frozenset({AccessLink, CustomerKey, CustomerMerge, OutgoingEmail, PossibleDuplicate, SignIn})


@dataclass(frozen=True)
class Removed:
    """How many rows were removed, and the names of those kept because rows of the owner rely on them."""

    rows: int
    kept: list[str]


_ids: CachedValue[Any] = CachedValue(lambda: Setting.select(Setting.value).where(Setting.key == KEY).scalar())


def are_loaded() -> bool:
    """Whether the examples are loaded."""
    return bool(_ids())


# --- Loading ------------------------------------------------------------------------------------------------------


def load(*, actor: Agent) -> int:
    """Add the examples in the desk's language; return the number of rows.

    Raises NotAllowed, or InvalidInput when they are loaded already.
    """
    access.require(actor, "administer")
    try:
        with events.transaction():
            if Setting.select().where(Setting.key == KEY).exists():
                raise InvalidInput(lazy("The examples are loaded already."))
            ids = Maker(actor).make()
            Setting.create(key=KEY, value=ids, changed_at=clock.now())
            Stamp.bump()
            count = sum(len(ids[name]) for name in TABLES)
            journal.record(journal.Act.EXAMPLES_LOADED, actor=actor, count=count)
    except IntegrityError as error:
        raise InvalidInput(lazy("The examples are loaded already.")) from error
    return count


# --- Removing -----------------------------------------------------------------------------------------------------


def remove(*, actor: Agent) -> Removed:
    """Delete the examples, changed or not, except those that a row of the owner relies on.

    Those belong to the owner from then on. Raises NotAllowed, or InvalidInput when one was used at the same moment.
    """
    access.require(actor, "administer")
    paths: list[str] = []
    try:
        with events.transaction():
            example_ids = Setting.select(Setting.value).where(Setting.key == KEY).scalar()
            if not example_ids:
                return Removed(0, [])
            _lock(example_ids)
            remaining: list[str] = []
            rows, paths = _remove_tickets(example_ids, remaining)
            for name in list(TABLES)[1:]:
                rows += _remove_rows(name, example_ids, remaining)
            Setting.delete().where(Setting.key == KEY).execute()
            Stamp.bump()
            journal.record(journal.Act.EXAMPLES_REMOVED, actor=actor, count=rows)
    except IntegrityError as error:
        raise InvalidInput(lazy("Somebody has just used an example. Try again.")) from error
    file_store.discard(paths)
    return Removed(rows, remaining)


def _lock(example_ids: dict[str, Any]) -> None:
    """Lock the examples until the transaction ends; on SQLite only one transaction writes at a time anyway."""
    for name, table in TABLES.items():
        if not is_sqlite() and example_ids[name]:
            list(table.select(table.id).where(table.id.in_(example_ids[name])).for_update().tuples())


def _remove_tickets(example_ids: dict[str, Any], remaining: list[str]) -> tuple[int, list[str]]:
    """Delete the tickets and what belongs to them, except those with messages of real customers.

    Adds the kept ones to `remaining`; returns the number of deleted tickets and the paths of their files.
    """
    wrote = Message.select(Message.ticket).where(
        Message.ticket.in_(example_ids["tickets"]),
        Message.customer.is_null(False),
        Message.customer.not_in(example_ids["customers"]),
    )
    merged = FormerNumber.select(FormerNumber.ticket).where(
        FormerNumber.ticket.in_(example_ids["tickets"]), FormerNumber.former_id.not_in(example_ids["tickets"])
    )
    own = {key for query in (wrote, merged) for (key,) in query.tuples()}
    own |= {
        row.id for row in Ticket.select().where(Ticket.id.in_(example_ids["tickets"]))
        if row.customer_id not in example_ids["customers"]
    }  # fmt: skip
    remaining += [str(row) for row in Ticket.select().where(Ticket.id.in_(list(own)))]
    ids = [key for key in example_ids["tickets"] if key not in own]
    messages = [key for (key,) in Message.select(Message.id).where(Message.ticket.in_(ids)).tuples()]
    paths = attachments.paths_of(messages)
    for key in messages:
        search.forget(key)
    OutgoingEmail.delete().where(OutgoingEmail.ticket.in_(ids)).execute()
    return int(Ticket.delete().where(Ticket.id.in_(ids)).execute()), paths


def _remove_rows(name: str, example_ids: dict[str, Any], remaining: list[str]) -> int:
    """Delete the examples of a table that no row relies on, add the others to `remaining`; return how many.

    Examples that relied on them were removed before.
    """
    table, removed = TABLES[name], 0
    query = table.select().where(table.id.in_(example_ids[name]))
    if name in {"customers", "addresses"}:
        # SQLite may have given the id of a deleted row to a new one, created at another time.
        query = query.where(table.created_at == datetime.fromisoformat(example_ids["at"]))
    for row in list(query):
        if _is_used(row) or (name == "addresses" and _is_used(row.customer, but=example_ids["addresses"])):
            remaining += [str(row)] if name != "addresses" else []
        else:
            removed += int(table.delete().where(table.id == row.id).execute())
            if name == "customers":
                customer_search.forget_customers([row.id])
    return removed


def _is_used(row: Any, *, but: Sequence[int] = ()) -> bool:
    """Whether another row refers to this one; the addresses with the ids `but` do not count."""
    for key, table in row._meta.backrefs.items():
        query = table.select().where(key == row.id)
        query = query.where(table.id.not_in(list(but))) if but and table is CustomerAddress else query
        if table not in PASSING and query.exists():
            return True
    return isinstance(row, Service | Department) and _is_named(row)


def _is_named(row: Any) -> bool:
    """Whether a filter or a saved view names this service or department: they store its id in a text."""
    key = str(row.id)
    parts = FilterAction.select(FilterAction.argument).where(FilterAction.action == "move").tuples()
    at = 1 if isinstance(row, Department) else 0
    if any(argument.partition("/")[2 * at] == key for (argument,) in parts):
        return True
    name = "department" if at else "service"
    queries = [parse_qs(query) for (query,) in SavedView.select(SavedView.query).tuples()]
    return any(key in query.get(name, ()) for query in queries)


def forget(row: Any) -> None:
    """Take a row that is being deleted by hand out of the examples: SQLite may give its id to a new row."""
    name = next((name for name, table in TABLES.items() if isinstance(row, table)), None)
    example_ids = _ids()
    if name is None or not example_ids:
        return
    left = {**example_ids, name: [key for key in example_ids[name] if key != row.id]}
    if isinstance(row, Service):
        responses = CannedResponse.select(CannedResponse.id).where(CannedResponse.service == row.id)
        left["canned_responses"] = [
            key for key in example_ids["canned_responses"] if key not in {k for (k,) in responses.tuples()}
        ]
    if left != example_ids:
        Setting.update(value=left).where(Setting.key == KEY).execute()
        Stamp.bump()
