"""What follows when a customer has a new address, or one less: their orders, by what they are searched, where they
belong."""

from __future__ import annotations

from helpdesk import customer_search, orders
from helpdesk.organisations import membership
from models import CustomerAddress


def follow_new(address: CustomerAddress) -> None:
    """Link the orders of a new address, and let its customer be searched by it."""
    orders.link_address(address)
    customer_search.index_customers([address.customer_id])
    membership.follow_addresses(address.customer_id)


def follow_gone(address: CustomerAddress) -> None:
    """Unlink the orders of an address that is gone, by which its customer is searched no more."""
    orders.unlink_address(address.email)
    customer_search.rename_author(address.customer)
    customer_search.index_customers([address.customer_id])
    membership.follow_addresses(address.customer_id)
