"""The rows of an import of customers (A12), who are members before they have written to the desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from peewee import IntegrityError, chunked

from database import database
from helpdesk import clock, customer_search, orders
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import email_syntax, inputs
from helpdesk.orders import Stored
from helpdesk.people import customers
from models import Customer, CustomerAddress

#: Members stored in one transaction.
BATCH = 500


@dataclass(frozen=True)
class NewMember:
    """A checked row of the list."""

    email: str
    last_name: str = ""
    first_name: str = ""

    @property
    def key(self) -> tuple[str]:
        """What identifies the member."""
        return (self.email,)


def read(values: Mapping[str, Any]) -> NewMember:
    """Check ``email``, ``last_name`` and ``first_name``. Raises InvalidInput at the field that is wrong."""
    if not values.get("email"):
        raise InvalidInput(lazy("This field is required."), field="email")
    email = email_syntax.normalise(str(values["email"]))
    return NewMember(email, _name(values, "last_name"), _name(values, "first_name"))


def _name(values: Mapping[str, Any], field: str) -> str:
    text = str(values.get(field) or "")
    if len(text) > customers.MAX_NAME:
        raise InvalidInput(lazy("At most %(limit)s characters.", limit=customers.MAX_NAME), field=field)
    return inputs.one_line(text, customers.MAX_NAME)


def store(members: Iterable[NewMember], *, write: bool = True) -> Stored:
    """Store these members; an existing name stays (RULES 23). Without `write`, only count."""
    total = Stored()
    for count, rows in enumerate(chunked(members, BATCH)):
        batch = list(rows)
        try:
            total += _store(batch, write=write)
        except IntegrityError:
            # One of them has just written for the first time: now the address exists.
            total += _store(batch, write=write)
        if write and count % orders.REPLAN == 1:
            orders.analyze(Customer, CustomerAddress)
    return total


def _store(batch: list[NewMember], *, write: bool) -> Stored:
    with database.atomic():
        query = CustomerAddress.select(CustomerAddress, Customer).join(Customer)
        addresses = {row.email: row for row in query.where(CustomerAddress.email.in_([one.email for one in batch]))}
        new = [one for one in batch if one.email not in addresses]
        changed = [one for one in batch if one.email in addresses and _differs(one, addresses[one.email])]
        if write:
            for one in changed:
                _complete(one, addresses[one.email])
            _make(new)
    return Stored(len(new), len(changed), len(batch) - len(new) - len(changed))


def _differs(one: NewMember, address: CustomerAddress) -> bool:
    names = bool(one.last_name or one.first_name) and not address.customer.full_name
    return names or address.origin == "form"


def _complete(one: NewMember, address: CustomerAddress) -> None:
    if address.origin == "form":
        address.origin = "imported"
        address.save()
    if not address.customer.full_name:
        address.customer.last_name, address.customer.first_name = one.last_name, one.first_name
        customers.store(address.customer)


def _make(new: list[NewMember]) -> None:
    if not new:
        return
    now = clock.now()
    rows = [{"first_name": one.first_name, "last_name": one.last_name, "created_at": now} for one in new]
    inserted = Customer.insert_many(rows).returning(Customer.id, Customer.first_name, Customer.last_name).execute()
    # The database may return the ids in any order: the names match them to their rows.
    ids: dict[tuple[str, str], list[int]] = {}
    for customer in inserted:
        ids.setdefault((customer.first_name, customer.last_name), []).append(customer.id)
    CustomerAddress.insert_many(
        {
            "customer": ids[one.first_name, one.last_name].pop(),
            "email": one.email,
            "origin": "imported",
            "created_at": now,
        }
        for one in new
    ).execute()
    customer_search.index_customers([customer.id for customer in inserted])
    orders.link_waiting([one.email for one in new])
