"""Customers who became part of another one (`helpdesk.joining`): who they are now, and whose what was theirs is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpdesk.lib import inputs
from models import Customer, CustomerAddress, CustomerMerge


def successor(former_id: int) -> Customer | None:
    """Return the customer of whom the one with this former id is part; None when there is none."""
    query = CustomerMerge.select(CustomerMerge, Customer).join(Customer)
    row = query.where(CustomerMerge.former_id == former_id).first() if inputs.fits(former_id) else None
    return row.customer if row is not None else None


def owner_of(state: Mapping[str, Any]) -> int | None:
    """Return the id of the customer whose a ticket is that was of this ``customer`` with this ``address`` (ids).

    Since then customers may have become one, or two again: an address goes with its person, and a ticket with it.
    """
    key, address_id = state["customer"], state["address"]
    owner = CustomerAddress.select(CustomerAddress.customer).where(CustomerAddress.id == address_id).scalar()
    if owner is not None:
        return int(owner)
    if Customer.select().where(Customer.id == key).exists():
        return int(key)
    former = successor(key)
    return former.id if former is not None else None


def part_of(customer: Customer) -> list[CustomerMerge]:
    """Return who became part of this customer, also long ago."""
    return list(CustomerMerge.select().where(CustomerMerge.customer == customer.id).order_by(CustomerMerge.id))


def follow(former: CustomerAddress, new: CustomerAddress) -> None:
    """Let an address that has just been put in the place of another go with it when a merge is undone."""
    for row in CustomerMerge.select().where(CustomerMerge.customer == former.customer_id):
        keys = row.moved.get("CustomerAddress", [])
        if former.id in keys:
            row.moved = {**row.moved, "CustomerAddress": [*keys, new.id]}
            row.save()
