"""What customers bought: orders stored once however often their shop tells them, shown beside a ticket.
It may import access, links and what stands before them.
No list of orders on screen (`admin_views/setup/orders.py`), no reading of CSV (`helpdesk/imports`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import EXCLUDED, JOIN, Case, ModelSelect, chunked, fn

from database import Base, database, is_sqlite
from helpdesk import access, clock, suppression
from helpdesk.lib import inputs
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.orders import money
from helpdesk.orders.order_input import MAX_NUMBER, MAX_SHOP, NewLine, NewOrder, read
from models import Agent, Customer, CustomerAddress, Order, OrderLine, Ticket

#: Orders beside a ticket.
SHOWN = 20
#: Orders stored in one transaction; lines in one statement (SQLite takes 32,766 values).
BATCH, LINES = 500, 5_000
#: Batches after which a long import updates the database's statistics for its planner.
REPLAN = 20
#: The columns of an order that a later import may change.
COLUMNS = ("email", "customer_id", "placed_at", "total", "currency", "status", "url")


@dataclass(frozen=True)
class Stored:
    """How many rows were new, changed, or stored already without a difference.

    `new` are the ids of new rows that can be taken back, each with a text by which the row is known again.
    """

    made: int = 0
    changed: int = 0
    same: int = 0
    new: tuple[tuple[int, str], ...] = ()
    #: Rows with an address that is no longer kept.
    left_out: int = 0

    def __add__(self, other: Stored) -> Stored:
        made, changed, same = self.made + other.made, self.changed + other.changed, self.same + other.same
        return Stored(made, changed, same, self.new + other.new, self.left_out + other.left_out)


@dataclass(frozen=True)
class Entry:
    """An order beside a ticket; `is_named`: the customer gave its number with the ticket."""

    order: Order
    lines: list[OrderLine]
    is_named: bool

    @property
    def total(self) -> str:
        """The total in the reader's language."""
        return money.format_amount(self.order.total, self.order.currency)

    def price(self, line: OrderLine) -> str:
        """Return the price of one piece in the reader's language."""
        return money.format_amount(line.price, self.order.currency)


# --- Storing ------------------------------------------------------------------------------------------------------


def save_order(values: Mapping[str, Any]) -> tuple[Order, bool]:
    """Store an order with the `values` of `incoming.read`; return it and whether it is new. Raises InvalidInput."""
    new = read(values)
    suppression.refuse(new.email, for_team=True)
    result = store([new])
    return Order.get(Order.shop == new.shop, Order.number == new.number), bool(result.made)


def find(shop: str, number: str) -> Order | None:
    """Return the order of this shop with this number, or None."""
    name, key = inputs.one_line(shop, MAX_SHOP), inputs.one_line(number, MAX_NUMBER)
    return Order.get_or_none(Order.shop == name, Order.number == key)


def lines_of(order_ids: list[int]) -> dict[int, list[OrderLine]]:
    """Return the lines of each of these orders."""
    lines: dict[int, list[OrderLine]] = {key: [] for key in order_ids}
    query = OrderLine.select().where(OrderLine.order.in_(order_ids)).order_by(OrderLine.order, OrderLine.position)
    for line in query if order_ids else ():
        lines[line.order_id].append(line)
    return lines


def store(orders: Iterable[NewOrder], *, write: bool = True, at: datetime | None = None) -> Stored:
    """Store orders, each with another key; identical ones are left alone. Without `write`, only count.

    `at` (naive UTC) is the time of the update: now, if not given.
    """
    total = Stored()
    # Always in the same order: two imports at once would otherwise deadlock.
    for count, batch in enumerate(chunked(sorted(orders, key=lambda order: order.key), BATCH)):
        with database.atomic():
            total += _store(list(batch), write=write, now=at or clock.now())
            if write and count % REPLAN == 1:
                analyze(Order, OrderLine)
    return total


def analyze(*tables: type[Base]) -> None:
    """Update PostgreSQL's statistics of these tables, outdated during a long import; do nothing on SQLite."""
    if not is_sqlite():
        for table in tables:
            database.execute_sql(f'ANALYZE "{table._meta.table_name}"')


def _store(orders: list[NewOrder], *, write: bool, now: datetime) -> Stored:
    unwanted = suppression.among({order.email for order in orders})
    batch = [order for order in orders if order.email not in unwanted]
    stored, owners = _stored(batch), _owners({order.email for order in batch})
    before = lines_of([row.id for row in stored.values()])
    created, changed = 0, []
    for order in batch:
        row = stored.get(order.key)
        created += row is None
        if row is None or _differs(order, row, owners.get(order.email), before[row.id]):
            changed.append(order)
    if write and changed:
        _write(changed, owners, now)
    same, left_out = len(batch) - len(changed), len(orders) - len(batch)
    return Stored(created, len(changed) - created, same, left_out=left_out)


def _stored(batch: list[NewOrder]) -> dict[tuple[str, str], Order]:
    query = Order.select().where(
        Order.shop.in_({order.shop for order in batch}), Order.number.in_({order.number for order in batch})
    )
    return {(row.shop, row.number): row for row in query}


def _owners(emails: set[str]) -> dict[str, int]:
    query = CustomerAddress.select(CustomerAddress.email, CustomerAddress.customer)
    return dict(query.where(CustomerAddress.email.in_(emails)).tuples())


def _differs(order: NewOrder, row: Order, owner: int | None, lines: list[OrderLine]) -> bool:
    values = _columns(order, owner)
    stored = tuple(NewLine(line.name, line.quantity, line.price) for line in lines)
    return any(getattr(row, name) != values[name] for name in COLUMNS) or order.lines not in (None, stored)


def _columns(order: NewOrder, owner: int | None) -> dict[str, Any]:
    values = {name: getattr(order, name) for name in COLUMNS if name != "customer_id"}
    return {**values, "customer_id": owner}


def _write(orders: list[NewOrder], owners: Mapping[str, int], now: datetime) -> None:
    rows = [
        {"shop": order.shop, "number": order.number, "updated_at": now, **_columns(order, owners.get(order.email))}
        for order in orders
    ]
    fields = [Order._meta.combined[name] for name in (*COLUMNS, "updated_at")]
    Order.insert_many(rows).on_conflict(
        conflict_target=[Order.shop, Order.number], update={field: EXCLUDED[field.column_name] for field in fields}
    ).execute()
    _write_lines([order for order in orders if order.lines is not None])


def _write_lines(orders: list[NewOrder]) -> None:
    if not orders:
        return
    ids = {key: row.id for key, row in _stored(orders).items()}
    OrderLine.delete().where(OrderLine.order.in_([ids[order.key] for order in orders])).execute()
    rows = [
        (ids[order.key], position, line.name, line.quantity, line.price)
        for order in orders
        for position, line in enumerate(order.lines or ())
    ]
    fields = [OrderLine.order, OrderLine.position, OrderLine.name, OrderLine.quantity, OrderLine.price]
    for part in chunked(rows, LINES):
        OrderLine.insert_many(list(part), fields=fields).execute()


def link_address(address: CustomerAddress) -> None:
    """Link the orders with this address that have no customer yet to its customer."""
    Order.update(customer=address.customer_id).where(Order.email == address.email, Order.customer.is_null()).execute()


def unlink_address(email: str) -> None:
    """Unlink the orders with this address from their customer, after the address was deleted."""
    Order.update(customer=None).where(Order.email == email).execute()


def link_waiting(emails: Sequence[str] | None = None) -> None:
    """Link the orders without a customer (those with these addresses, else all) to the customers of their addresses.

    Runs for all once a day: an order and its address may have been stored at the same moment.
    """
    owner = CustomerAddress.select(CustomerAddress.customer).where(CustomerAddress.email == Order.email)
    addresses = CustomerAddress.select(CustomerAddress.email) if emails is None else emails
    Order.update(customer=owner).where(Order.customer.is_null(), Order.email.in_(addresses)).execute()


# --- Showing ------------------------------------------------------------------------------------------------------


def orders_of(customer: Customer | int, *, named: str = "", limit: int = SHOWN) -> list[Entry]:
    """Return a customer's newest orders with their lines, first the one with the number `named`; at most `limit`."""
    names = _number_spellings(named)
    key = customer if isinstance(customer, int) else customer.id
    bare, marked = names or ("", "")
    rows = _orders(bool(names), limit, customer=key, bare=bare, marked=marked)
    entries: dict[int, Entry] = {}
    lines: dict[int, list[OrderLine]] = {}
    for row in rows:
        lines.setdefault(row.id, [])
        entries.setdefault(row.id, Entry(row, lines[row.id], row.number.lower() in names))
        # A row for each line; an order without lines has one row, and no line there.
        if getattr(row, "line", None) is not None:
            lines[row.id].append(row.line)
    return list(entries.values())


@Prepared
def _orders(one_is_named: bool, limit: int) -> ModelSelect:
    newest = Order.alias()
    keys = newest.select(newest.id).where(newest.customer == Slot("customer"))
    keys = keys.order_by(*_newest_first(newest, one_is_named)).limit(limit)
    query = Order.select(Order, OrderLine).join(OrderLine, JOIN.LEFT_OUTER, attr="line").where(Order.id.in_(keys))
    return query.order_by(*_newest_first(Order, one_is_named), OrderLine.position)


def _newest_first(order: Any, one_is_named: bool) -> list[Any]:
    is_named = fn.LOWER(order.number).in_([Slot("bare"), Slot("marked")])
    first = [Case(None, [(is_named, 0)], 1)] if one_is_named else []
    return [*first, order.placed_at.desc(), order.id.desc()]


def newest_of(people: ModelSelect, *, but: int, limit: int) -> list[Order]:
    """Return the newest orders of these customers (a query of ids), each with its customer; none of `but`."""
    query = Order.select(Order, Customer).join(Customer).where(Order.customer.in_(people), Order.customer != but)
    return list(query.order_by(Order.placed_at.desc(), Order.id.desc()).limit(limit))


def _number_spellings(number: str) -> Sequence[str]:
    """Return the spellings under which an order number that somebody typed may be stored."""
    bare = number.strip().lower().lstrip("#").strip()
    return [bare, f"#{bare}"] if bare else []


def visible_orders(agent: Agent) -> ModelSelect:
    """Return the orders this agent may see: all, or those of the customers of the tickets they see (RULES 4)."""
    query = Order.select()
    if access.sees_all(agent):
        return query
    return query.where(Order.customer.in_(access.visible_tickets(agent).select(Ticket.customer)))
