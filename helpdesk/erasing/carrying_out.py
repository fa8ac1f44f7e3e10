"""Carrying an erasure out: by the timetable, in small transactions, once, and on from where it broke off.

Each transaction locks the row of the erasure, takes the next rows of the present step and writes how far it has come.
Files are named in that row until they are gone from the disk.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from peewee import ModelSelect

from database import is_sqlite
from helpdesk import clock, customer_search, journal
from helpdesk.erased_marks import of_person
from helpdesk.erasing import elsewhere, erasure_log, mails, own_tickets, suppression_list, vacuuming
from helpdesk.erasing.person import Person, emails_of, names_of, of, placeholder, searched_emails
from helpdesk.events import transaction, twice_at_most
from helpdesk.files import file_store
from helpdesk.lib import throttle
from helpdesk.organisations import membership
from helpdesk.privacy import person_exports
from models import (
    DELETE,
    SECONDED,
    AccessLink,
    Customer,
    CustomerAddress,
    CustomerMerge,
    Erasure,
    GuestPass,
    Identity,
    PossibleDuplicate,
    SignIn,
    Tag,
    Ticket,
    TicketTag,
)

logger = logging.getLogger(__name__)

Step = Callable[[Person, int], int | None]
#: Persons erased in one run, and seconds after which none is begun: other jobs wait. The next follow a minute later.
MOST, LONGEST_RUN = 20, 30.0
#: Seconds between two transactions, at the most.
LONGEST_PAUSE = 0.5
WALKS: tuple[Step, ...] = tuple(partial(elsewhere.walk, walk) for walk in elsewhere.WALKS)
FIRST: tuple[Step, ...] = (mails.delete_requests, mails.delete_sent, mails.forget_received)
LAST: tuple[Step, ...] = (own_tickets.blank_lines_elsewhere, elsewhere.delete_orders, *WALKS)
STEPS: dict[bool, tuple[Step, ...]] = {
    False: (*FIRST, own_tickets.blank_messages, own_tickets.blank_tickets, *LAST),
    True: (*FIRST, own_tickets.purge_tickets, own_tickets.blank_messages, *LAST),
}


def run_due() -> int:
    """Erase who is due, the longest due first; return how many. Whoever a tag keeps waits on.

    One that fails holds no other up: it goes on a minute later from where it broke off.
    """
    kept = Ticket.select(Ticket.customer).join(TicketTag).join(Tag).where(Tag.keeps)
    # Those who wait on take nobody’s turn.
    ready = (Erasure.state == "working") | Erasure.customer.not_in(kept)
    due = (Erasure.state.in_(("waiting", "working")), Erasure.due_at <= clock.now(), SECONDED)
    query = Erasure.select().where(*due, ready)
    done, begun = 0, time.monotonic()
    for erasure in query.order_by(Erasure.due_at, Erasure.id).limit(MOST):
        if done and time.monotonic() - begun > LONGEST_RUN:
            break
        try:
            done += carry_out(erasure.id)
        except Exception:
            logger.exception("The erasure no. %s could not be carried out; it is tried again.", erasure.id)
    vacuuming.run()
    return done


def keeping_tags(customer_id: int | None) -> list[tuple[str, Tag]]:
    """Return the tickets of a customer (their numbers) that wear a tag which keeps them, with that tag."""
    query = TicketTag.select(TicketTag, Ticket, Tag).join(Ticket).switch(TicketTag).join(Tag)
    rows = query.where(Ticket.customer == customer_id, Tag.keeps).order_by(Ticket.id).limit(10)
    return [(row.ticket.number, row.tag) for row in rows]


def carry_out(erasure_id: int) -> bool:
    """Begin an erasure or go on with it, to its end; whether it ended here."""
    if not twice_at_most(partial(_begin, erasure_id)):
        return False
    begun = time.monotonic()
    while twice_at_most(partial(_step, erasure_id)):
        _drop_files(erasure_id)
        # Half of the time is everybody else's: whoever waits to write gets the next turn.
        time.sleep(min(time.monotonic() - begun, LONGEST_PAUSE))
        begun = time.monotonic()
    _drop_files(erasure_id)
    return twice_at_most(partial(_end, erasure_id))


def _locked(erasure_id: int) -> Erasure | None:
    query: ModelSelect = Erasure.select().where(Erasure.id == erasure_id)
    row: Erasure | None = (query if is_sqlite() else query.for_update()).first()
    return row


def _begin(erasure_id: int) -> bool:
    """Take addresses, links and sign-ins away at once, so that who writes from now on is a new person."""
    with transaction():
        erasure = _locked(erasure_id)
        if erasure is None or erasure.state not in ("waiting", "working") or erasure.customer_id is None:
            return False
        if erasure.state == "working":
            return True
        if erasure.is_unconfirmed:
            return False
        customer = Customer.get_by_id(erasure.customer_id)
        if not is_sqlite():
            list(Customer.select(Customer.id).where(Customer.id == customer.id).for_update().tuples())
        if keeping_tags(customer.id):
            return False
        if erasure.is_by_age and _is_back(customer):
            erasure.state = "cancelled"
            erasure.save()
            return False
        emails, names = emails_of(customer), names_of(customer)
        # Before anything changes: whoever restores a backup must not bring them back.
        erasure_log.append(erasure, customer, emails)
        address, exports = _take_addresses(erasure, customer), person_exports.forget(customer)
        erasure.state, erasure.begun_at = "working", clock.now()
        searched = searched_emails(emails)
        suppression_list.follow(erasure, searched)
        erasure.person = {"emails": searched, "names": names, "address": address.id, "paths": exports}
        _take_account(customer, emails)
        # Who became part of them goes, too: nobody is taken out of them any more.
        CustomerMerge.delete().where(CustomerMerge.customer == customer.id).execute()
        pairs = (PossibleDuplicate.first == customer.id) | (PossibleDuplicate.second == customer.id)
        PossibleDuplicate.delete().where(pairs).execute()
        customer.first_name, customer.last_name = "", of_person(erasure.id)
        customer.password_hash = customer.locale = customer.absent_until = customer.absent_words = None
        customer.blocked_at, customer.signed_in_at, customer.erased_at = None, None, clock.now()
        membership.forget(customer)
        customer.save()
        customer_search.index_customers([customer.id])
        erasure.save()
        vacuuming.owe()
    return True


def _is_back(customer: Customer) -> bool:
    """Whether a customer of whom nothing was heard for long has a ticket, or is signed in, after all."""
    rows: tuple[Any, ...] = (
        Ticket.select().where(Ticket.customer == customer.id), SignIn.select().where(SignIn.customer == customer.id),
    )  # fmt: skip
    return any(query.exists() for query in rows)


def _take_addresses(erasure: Erasure, customer: Customer) -> CustomerAddress:
    """Free the addresses of a customer, whose rows stay until nothing refers to them; return the one that stands in."""
    for row in CustomerAddress.select().where(CustomerAddress.customer == customer.id):
        AccessLink.delete().where(AccessLink.address == row.id).execute()
        GuestPass.delete().where(GuestPass.address == row.id).execute()
        row.email, row.proven_at, row.is_primary = f"{row.id}-{placeholder(erasure.id)}", None, False
        row.save()
    return CustomerAddress.create(
        customer=customer, email=placeholder(erasure.id), is_primary=True, created_at=customer.created_at
    )


def _take_account(customer: Customer, emails: list[str]) -> None:
    SignIn.delete().where(SignIn.customer == customer.id).execute()
    Identity.delete().where(Identity.customer == customer.id).execute()
    for key in (f"personal data {customer.id}", f"tickets of {customer.id}", f"sign-in customer {customer.id}"):
        throttle.clear(key)
    for email in emails:
        for key in (f"unconfirmed {email}", f"link for {email}"):
            throttle.clear(key)


def _step(erasure_id: int) -> bool:
    """Take the next rows of the present step; False once there is none left."""
    with transaction():
        erasure = _locked(erasure_id)
        if erasure is None or erasure.state != "working":
            return False
        steps = STEPS[erasure.kind == DELETE]
        if erasure.step >= len(steps):
            return False
        person = of(erasure)
        cursor = steps[erasure.step](person, erasure.cursor)
        erasure.step, erasure.cursor = (erasure.step + 1, 0) if cursor is None else (erasure.step, cursor)
        if person.paths:
            erasure.person = {**erasure.person, "paths": [*erasure.person["paths"], *person.paths]}
        erasure.save()
    return True


def _drop_files(erasure_id: int) -> None:
    """Delete the files whose rows are gone, then their names."""
    erasure = Erasure.get_by_id(erasure_id)
    paths = erasure.person.get("paths")
    if paths:
        file_store.discard(paths)
        erasure.person = {**erasure.person, "paths": []}
        erasure.save(only=[Erasure.person])


def _end(erasure_id: int) -> bool:
    with transaction():
        erasure = _locked(erasure_id)
        if erasure is None or erasure.state != "working":
            return False
        customer_id, address = erasure.customer_id, erasure.person["address"]
        late = Ticket.address.is_null() | (Ticket.address != address)
        if Ticket.select().where(Ticket.customer == customer_id, late).exists():
            # It was being opened when the addresses were taken away: all begins again, a minute later.
            erasure.step, erasure.cursor = 0, 0
            erasure.save()
            return False
        own = CustomerAddress.customer == customer_id
        CustomerAddress.delete().where(own, CustomerAddress.id != address).execute()
        erasure.state, erasure.ended_at, erasure.person = "done", clock.now(), {}
        if erasure.kind == DELETE:
            customer_search.forget_customers([customer_id])
            Customer.delete().where(Customer.id == customer_id).execute()
            erasure.customer = None
        erasure.save()
        journal.record(
            journal.Act.PERSON_ERASED, actor=None, actor_name=erasure.actor_name, subject=of_person(erasure.id),
            count=sum(erasure.counts.values()), erasure=erasure.way,
        )  # fmt: skip
        vacuuming.owe()
    return True
