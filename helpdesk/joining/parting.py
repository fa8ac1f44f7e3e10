"""Undoing a merge of customers: they are two again, and each has what is theirs.

An address goes back with all that hangs on it, also with the tickets opened with it since; so do what the person wrote
in these since, and the orders with it. Everything else that came since stays. Several merges are undone in any order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from peewee import ModelSelect, chunked

from helpdesk import access, clock, journal, links
from helpdesk.access import System
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.events import EventKind, transaction
from helpdesk.i18n import lazy
from helpdesk.joining import customer_state, duplicates
from helpdesk.joining.histories import label_of, newest_tickets, note, tell
from helpdesk.joining.merging import MOVED, lock, reindex
from helpdesk.lib import merge_chain
from helpdesk.lib.merge_chain import State
from helpdesk.locking import hold_actor
from helpdesk.organisations import membership
from helpdesk.people import customers, sign_ins
from models import (
    PLANNED_ERASURES,
    Agent,
    Customer,
    CustomerAddress,
    CustomerMerge,
    Erasure,
    Identity,
    Message,
    Order,
    PersonExport,
    Ticket,
    TicketEvent,
)

#: Days for which a merge can be undone.
DAYS = 30
#: Rows that move by one statement.
AT_ONCE = 500
#: Tickets named that were opened since.
NAMED = 20
GONE = lazy("This can no longer be undone: it was done before, or is more than thirty days ago.")


@dataclass
class Going:
    """What goes back to the former customer: their addresses, and the keys of the rows by table."""

    addresses: list[CustomerAddress]
    keys: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Preview:
    """What undoing a merge would do: numbers, and what came since."""

    name: str
    addresses: tuple[str, ...]
    tickets: int
    messages: int
    orders: int
    #: Tickets opened since with one of their addresses: how many, and the newest of them.
    later: int
    later_tickets: Sequence[Ticket]
    #: Tickets that came with them and stay, because another address has them now.
    staying: int
    #: Messages of theirs in tickets that stay: who remains goes on reading them.
    left: int
    until: datetime


def of_customer(customer: Customer) -> list[CustomerMerge]:
    """Return who became part of this customer and can be taken out again, the newest first."""
    since = clock.now() - timedelta(days=DAYS)
    rows = CustomerMerge.select().where(CustomerMerge.customer == customer.id, CustomerMerge.merged_at > since)
    return list(rows.order_by(CustomerMerge.id.desc()).limit(customers.MAX_ADDRESSES))


def name_of(merge: CustomerMerge) -> str:
    """Return the name of the former customer with the address they had first."""
    names = (merge.source.get("first_name"), merge.source.get("last_name"))
    name, email = " ".join(name for name in names if name), _email_of(merge)
    return f"{name} ({email})" if name else email


def _email_of(merge: CustomerMerge) -> str:
    keys = merge.moved.get("CustomerAddress", [])
    rows = CustomerAddress.select(CustomerAddress.email).where(CustomerAddress.id.in_(keys))
    return str(rows.order_by(CustomerAddress.id).limit(1).scalar() or "—")


def find(former_id: int, customer: Customer, *, late: bool = False) -> CustomerMerge:
    """Return the merge by which this one (a former id) became part of the customer, also a `late` one.

    Raises NotFound.
    """
    own = CustomerMerge.select().where(CustomerMerge.customer == customer.id, CustomerMerge.former_id == former_id)
    since = clock.now() - timedelta(days=DAYS)
    merge: CustomerMerge | None = own.first()
    if merge is None or not merge.moved or (merge.merged_at <= since and not late):
        raise NotFound(GONE)
    return merge


def preview(merge: CustomerMerge, customer: Customer, *, actor: Agent) -> Preview:
    """Return what undoing this merge would do. Raises NotAllowed, or InvalidInput when it cannot be undone."""
    _require(customer, actor)
    going = _going(merge, customer)
    came = set(merge.moved.get("Ticket", ()))
    later = [key for key in going.keys["Ticket"] if key not in came]
    newest = Ticket.select().where(Ticket.id.in_(sorted(later)[-NAMED:])).order_by(Ticket.id.desc())
    return Preview(
        name=name_of(merge),
        addresses=tuple(row.email for row in going.addresses),
        tickets=len(going.keys["Ticket"]),
        messages=len(going.keys["Message"]),
        orders=len(going.keys["Order"]),
        later=len(later),
        later_tickets=list(newest),
        left=_in_others(going),
        staying=len(set(_still(Ticket, list(came), customer)) - set(going.keys["Ticket"])),
        until=merge.merged_at + timedelta(days=DAYS),
    )


def undo_merge(former_id: int, customer: Customer, *, actor: Agent | System, late: bool = False) -> Customer:
    """Take who became part of a customer out of them again, and return them; also after thirty days where `late`.

    Mails nobody. Both are signed out everywhere, and have the passwords they had before: whoever set another one since
    may be either. Raises NotFound when it cannot be undone any more, InvalidInput with the reason, or NotAllowed.
    """
    with transaction():
        hold_actor(actor)
        customer = lock((customer.id,)).get(customer.id) or customer
        _require(customer, actor)
        merge = find(former_id, customer, late=late)
        going = _going(merge, customer)
        histories, present, label = newest_tickets(customer), customer_state.state_of(customer), label_of(customer)
        _end_sign_ins(customer, merge)
        levels = merge_chain.levels(merge, customer.id, _above)
        former_place = customer.organisation_id
        state = _remaining(levels, customer, present)
        made = _bring_back(merge, going, customer)
        gone = {name: set(keys) for name, keys in going.keys.items()}
        gone["CustomerMerge"].add(former_id)
        merge_chain.forget_moved(levels[1:], gone)
        merge.delete_instance()
        customer_state.write(customer, state)
        if former_place is not None and customer.organisation_id != former_place:
            membership.leave_copies([customer.id], former_place)
        # The main address may have gone with the other one.
        before = [level.before[customer_state.PRIMARY] for level in reversed(levels)]
        customer_state.choose(customer.id, state[customer_state.PRIMARY], *before)
        decided = merge.terms.get("decided", ())
        duplicates.take_back(customer.id, decided)
        for row in (made, customer):
            reindex(row)
            # Domains may have got another organisation since.
            membership.follow_addresses(row.id)
        duplicates.decide_again(made.id, decided)
        labels = [label_of(made), label]
        tell(EventKind.CUSTOMERS_PARTED, {*histories, *newest_tickets(made)}, labels, actor=actor)
        note(journal.Act.CUSTOMERS_PARTED, [labels[0], label_of(customer)], "", actor=actor)
    return made


def purge() -> int:
    """Forget of the merges that nobody can undo any more all but where their pages lead; return how many."""
    late = CustomerMerge.select().where(CustomerMerge.merged_at < clock.now() - timedelta(days=DAYS))
    rows = [row.id for row in late.select(CustomerMerge.id, CustomerMerge.moved).iterator() if row.moved]
    blank: State = {}
    # The terms hold nothing of the person, and when their row was made: an erasure knows it by that.
    emptied = CustomerMerge.update(source=blank, before=blank, after=blank, moved=blank)
    return sum(int(emptied.where(CustomerMerge.id.in_(some)).execute()) for some in chunked(rows, AT_ONCE))


def _above(former_id: int) -> CustomerMerge | None:
    row: CustomerMerge | None = CustomerMerge.get_or_none(CustomerMerge.former_id == former_id)
    return row


def _require(customer: Customer, actor: Agent | System) -> None:
    access.require(actor, "configure")
    customers.require_whole_sight(customer, actor)
    if Erasure.select().where(Erasure.customer == customer.id, PLANNED_ERASURES).exists():
        name = customer.display_name
        raise InvalidInput(lazy("%(name)s is about to be erased: cancel that first.", name=name))


# --- What goes back -------------------------------------------------------------------------------------------------


def _going(merge: CustomerMerge, customer: Customer) -> Going:
    """Return what goes back. Raises InvalidInput where one of the two would have no address."""
    moved = merge.moved
    own = list(customer.addresses.order_by(CustomerAddress.id))
    addresses = [row for row in own if row.id in moved["CustomerAddress"]]
    if not addresses or len(addresses) == len(own):
        raise InvalidInput(
            lazy("One of the two would have no address left: those that they had were removed or corrected since.")
        )
    going = Going(addresses, {"CustomerAddress": [row.id for row in addresses]})
    tickets = going.keys["Ticket"] = _tickets(moved["Ticket"], going.keys["CustomerAddress"], customer)
    since = merge.merged_at
    going.keys["Message"] = _with_later(Message, moved, tickets, customer, since)
    going.keys["TicketEvent"] = _with_later(TicketEvent, moved, tickets, customer, since)
    emails = [row.email for row in addresses]
    bought = Order.select(Order.id).where(Order.customer == customer.id, Order.email.in_(emails))
    going.keys["Order"] = list({*_still(Order, moved["Order"], customer), *_keys(bought)})
    for table in MOVED:
        if table.__name__ not in going.keys:
            # A table of later versions has no rows in an earlier merge.
            going.keys[table.__name__] = _still(table, moved.get(table.__name__, []), customer)
    return going


def _in_others(going: Going) -> int:
    """Count the messages that go back and stand in tickets that do not."""
    own, count = set(going.keys["Ticket"]), 0
    for some in chunked(going.keys["Message"], AT_ONCE):
        rows = Message.select(Message.ticket).where(Message.id.in_(some), Message.deleted_at.is_null())
        count += sum(key not in own for key in _keys(rows))
    return count


def _tickets(came: Collection[int], address_ids: list[int], customer: Customer) -> list[int]:
    """Return the tickets that go with these addresses, whenever they were opened; and those that came without one."""
    own = Ticket.select(Ticket.id).where(Ticket.customer == customer.id)
    lost = set(_keys(own.where(Ticket.address.is_null()))) & set(came)
    return [*_keys(own.where(Ticket.address.in_(address_ids))), *sorted(lost)]


def _with_later(
    table: type[Message | TicketEvent], moved: State, tickets: list[int], customer: Customer, since: datetime
) -> list[int]:
    """Return the rows that came and are the customer’s still, and theirs since in the tickets that go back."""
    keys = set(_still(table, moved[table.__name__], customer))
    later = table.select(table.id).where(table.customer == customer.id, table.created_at >= since)
    for some in chunked(tickets, AT_ONCE):
        keys |= set(_keys(later.where(table.ticket.in_(some))))
    return list(keys)


def _still(table: Any, came: Sequence[Any], customer: Customer) -> list[Any]:
    """Return those of these keys whose rows are the customer’s."""
    column, keys = getattr(table, MOVED[table]), []
    for some in chunked(came, AT_ONCE):
        keys += _keys(table.select(column).where(table.customer == customer.id, column.in_(some)))
    return keys


def _keys(query: ModelSelect) -> list[Any]:
    return [key for (key,) in query.tuples()]


def _bring_back(merge: CustomerMerge, going: Going, customer: Customer) -> Customer:
    """Make the row of the former customer again, and point at it what goes back."""
    values = customer_state.values_of(merge.source)
    made = Customer(id=merge.former_id, created_at=datetime.fromisoformat(merge.terms["created_at"]), **values)
    made.save(force_insert=True)
    for table, name in MOVED.items():
        own: Any = table
        for some in chunked(going.keys[table.__name__], AT_ONCE):
            rows = own.update(customer=made.id).where(own.customer == customer.id, getattr(own, name).in_(some))
            rows.execute()
    customer_state.choose(made.id, merge.source[customer_state.PRIMARY])
    return made


def _end_sign_ins(customer: Customer, merge: CustomerMerge) -> None:
    """Let nobody go on being signed in, nor by an account elsewhere that was linked since: it may be either’s."""
    sign_ins.end_all_sign_ins(customer)
    links.forget_links_of(customer)
    # It holds what is of both; its file goes when no row names it.
    PersonExport.delete().where(PersonExport.customer == customer.id).execute()
    since = (Identity.customer == customer.id) & (Identity.linked_at >= merge.merged_at)
    Identity.delete().where(since, Identity.id.not_in(merge.moved.get("Identity", []))).execute()


def _remaining(levels: Sequence[CustomerMerge], customer: Customer, present: State) -> State:
    """Return the state of the customer who remains, without what the merge changed and nobody has changed since."""
    if levels[-1].into_id != customer.id:
        return present
    newest = CustomerMerge.select().where(CustomerMerge.into_id == customer.id).order_by(CustomerMerge.id.desc())
    password = newest.get().after["password_hash"]
    changes = merge_chain.take_out(levels, customer_state)
    fit = customer_state.still_true(changes, present)
    _before, former = changes.get("password_hash", (password, password))
    return merge_chain.patched(present, fit | {"password_hash": (present["password_hash"], former)})
