"""The rows of an import of customers (A12), who are members before they have written to the desk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import IntegrityError, chunked

from database import database
from helpdesk import clock, customer_search, orders, suppression
from helpdesk.access import SYSTEM, Actor
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import email_syntax, inputs
from helpdesk.orders import Stored
from helpdesk.organisations import membership, place
from helpdesk.people import customers
from helpdesk.settings import lookups
from models import Customer, CustomerAddress

#: Members stored in one transaction.
BATCH = 500
#: The columns by which new rows are known again.
LIKE = ("first_name", "last_name", "organisation_id", "organisation_by_hand")


@dataclass(frozen=True)
class NewMember:
    """A checked row of the list."""

    email: str
    last_name: str = ""
    first_name: str = ""
    #: The organisation they belong to by the list; None where it names none.
    organisation_id: int | None = None

    @property
    def key(self) -> tuple[str]:
        """What identifies the member."""
        return (self.email,)


def read(values: Mapping[str, Any]) -> NewMember:
    """Check ``email``, the names and the ``organisation``’s name. Raises InvalidInput at the field that is wrong."""
    if not values.get("email"):
        raise InvalidInput(lazy("This field is required."), field="email")
    email = email_syntax.normalise(str(values["email"]))
    return NewMember(email, _name(values, "last_name"), _name(values, "first_name"), _organisation(values))


def _organisation(values: Mapping[str, Any]) -> int | None:
    name = inputs.one_line(values.get("organisation"), place.MAX_NAME)
    if not name:
        return None
    row = place.named(name)
    if row is None:
        raise InvalidInput(lazy("No organisation is called “%(name)s”: add it first.", name=name), field="organisation")
    return int(row.id)


def _name(values: Mapping[str, Any], field: str) -> str:
    text = str(values.get(field) or "")
    if len(text) > customers.MAX_NAME:
        raise InvalidInput(lazy("At most %(limit)s characters.", limit=customers.MAX_NAME), field=field)
    return inputs.one_line(text, customers.MAX_NAME)


def store(members: Sequence[NewMember], *, write: bool = True, actor: Actor = SYSTEM) -> Stored:
    """Store these members; an existing name stays (RULES 23). Without `write`, only count.

    Raises NotAllowed where somebody would read tickets that the actor may not see.
    """
    total = Stored()
    for key in {one.organisation_id for one in members}:
        organisation = lookups.organisation(key)
        if organisation is not None and organisation.everybody_sees and actor is not SYSTEM:
            membership.require_whole_sight(organisation, actor)
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


def _store(rows: list[NewMember], *, write: bool) -> Stored:
    with database.atomic():
        unwanted = suppression.among(one.email for one in rows)
        batch = [one for one in rows if one.email not in unwanted]
        query = CustomerAddress.select(CustomerAddress, Customer).join(Customer)
        addresses = {row.email: row for row in query.where(CustomerAddress.email.in_([one.email for one in batch]))}
        new = [one for one in batch if one.email not in addresses]
        changed = [one for one in batch if one.email in addresses and _differs(one, addresses[one.email])]
        if write:
            for one in changed:
                _complete(one, addresses[one.email])
            _make(new)
    same = len(batch) - len(new) - len(changed)
    return Stored(len(new), len(changed), same, left_out=len(rows) - len(batch))


def _differs(one: NewMember, address: CustomerAddress) -> bool:
    names = bool(one.last_name or one.first_name) and not address.customer.full_name
    return names or address.origin == "form" or _belongs_elsewhere(one, address.customer)


def _belongs_elsewhere(one: NewMember, customer: Customer) -> bool:
    return one.organisation_id is not None and one.organisation_id != customer.organisation_id


def _complete(one: NewMember, address: CustomerAddress) -> None:
    if address.origin == "form":
        address.origin = "imported"
        address.save()
    if not address.customer.full_name:
        address.customer.last_name, address.customer.first_name = one.last_name, one.first_name
        customers.store(address.customer)
    if one.organisation_id is not None and _belongs_elsewhere(one, address.customer):
        membership.move(address.customer, one.organisation_id)


def _make(new: list[NewMember]) -> None:
    if not new:
        return
    now = clock.now()
    rows = [
        {
            "first_name": one.first_name, "last_name": one.last_name, "created_at": now,
            "organisation_id": one.organisation_id or lookups.organisation_id_of(one.email),
            "organisation_by_hand": one.organisation_id is not None,
        }
        for one in new
    ]  # fmt: skip
    columns = [getattr(Customer, name) for name in ("id", *LIKE)]
    inserted = Customer.insert_many(rows).returning(*columns).execute()
    # The database may return the ids in any order: what they are like matches them to their rows.
    ids: dict[tuple[Any, ...], list[int]] = {}
    for customer in inserted:
        ids.setdefault(tuple(getattr(customer, name) for name in LIKE), []).append(customer.id)
    CustomerAddress.insert_many(
        {
            "customer": ids[tuple(row[name] for name in LIKE)].pop(),
            "email": one.email,
            "origin": "imported",
            "created_at": now,
        }
        for one, row in zip(new, rows, strict=True)
    ).execute()
    customer_search.index_customers([customer.id for customer in inserted])
    orders.link_waiting([one.email for one in new])
