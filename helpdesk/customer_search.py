"""Customers in the full-text indexes: under their present names, and under all their addresses."""

from __future__ import annotations

from collections.abc import Iterable

from peewee import JOIN, chunked

from database import database, is_sqlite
from helpdesk import customer_keys, erased_marks, search
from helpdesk.customer_keys import Texts
from models import Customer, CustomerAddress, Message, Ticket


def rename_author(customer: Customer) -> None:
    """Index the messages of a customer's tickets under the customer's present name. In the caller's transaction."""
    theirs = Ticket.select(Ticket.id, CustomerAddress.email).join(CustomerAddress, JOIN.LEFT_OUTER)
    by_email: dict[str, list[int]] = {}
    for ticket_id, email in theirs.where(Ticket.customer == customer.id).tuples():
        by_email.setdefault(email or "", []).append(ticket_id)
    for email, ticket_ids in by_email.items():
        now = search.plain(f"{customer.full_name} {email}")
        for some in chunked(ticket_ids, search.AT_ONCE):
            own = Message.select(Message.id).where(Message.ticket.in_(some))
            query = search.message_search.update({search.message_search.author: now})
            query.where(search.message_search.rowid.in_(own), search.message_search.author != now).execute(database)


def rename_author_in(ticket: Ticket) -> None:
    """Index the messages of one ticket under its present customer. In the caller's transaction."""
    email = ticket.address.email if ticket.address_id is not None else ""
    now = search.plain(f"{ticket.customer.full_name} {email}")
    own = Message.select(Message.id).where(Message.ticket == ticket.id)
    query = search.message_search.update({search.message_search.author: now})
    query.where(search.message_search.rowid.in_(own), search.message_search.author != now).execute(database)


def index_customers(ids: Iterable[int]) -> None:
    """Index these customers under their present names and all their addresses. In the caller's transaction."""
    for some in chunked(ids, search.AT_ONCE):
        wait_for_others(some)
        forget_customers(some)
        words_of: dict[int, list[str]] = {}
        erased: set[int] = set()
        query = Customer.select(
            Customer.id, Customer.first_name, Customer.last_name, CustomerAddress.email, Customer.erased_at
        )
        query = query.join(CustomerAddress, JOIN.LEFT_OUTER).where(Customer.id.in_(some))
        for key, first, last, email, erased_at in query.order_by(Customer.id, CustomerAddress.id).tuples():
            words_of.setdefault(key, [first, last]).append(email or "")
            erased |= {key} if erased_at is not None else set()
        extra = {key: [erased_marks.SEARCHED] for key in erased}
        rows = [
            {"rowid": key, "body": search.plain(" ".join([*texts, *extra.get(key, ())]))}
            for key, texts in words_of.items()
        ]
        if rows:
            search.customer_search.insert(rows).execute(database)
            customer_keys.refresh(
                {
                    # Whoever was erased is nobody any more.
                    key: Texts("", ()) if key in erased else Texts(f"{first} {last}", emails)
                    for key, (first, last, *emails) in words_of.items()
                }
            )


def wait_for_others(ids: list[int]) -> None:
    """Wait until no other transaction writes these customers anew: what is read from here on holds what it stored.

    Two of them would put in the same row, and the one that read first would leave out what the other one stored.
    """
    if not is_sqlite():
        # Weaker than FOR UPDATE, which would wait for each transaction that has just added an address.
        rows = Customer.select(Customer.id).where(Customer.id.in_(ids)).order_by(Customer.id)
        list(rows.for_update("FOR NO KEY UPDATE").tuples())


def forget_customers(ids: Iterable[int]) -> None:
    """Remove customers from the index."""
    search.customer_search.delete().where(search.customer_search.rowid.in_(list(ids))).execute(database)
