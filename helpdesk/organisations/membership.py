"""Who belongs to which organisation: by the domain of an address, or as the team says by hand, which wins.

Whoever leaves one reads nothing of their colleagues any more from then on, and is out of copy where they were in it as
a colleague. A ticket belongs to the organisation that its customer belonged to when it was opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from peewee import chunked

from helpdesk import access, journal
from helpdesk.access import Actor
from helpdesk.errors import NotAllowed
from helpdesk.events import transaction
from helpdesk.i18n import lazy
from helpdesk.organisations import domains as domain_rules
from helpdesk.settings import lookups
from models import RESPONSIBLE, AccessLink, Agent, Customer, CustomerAddress, Organisation, Ticket, TicketCc

#: Customers looked at by one statement.
BATCH = 500


def follow_addresses(customer_id: int) -> None:
    """Let a customer whose addresses have just changed belong where these are, unless the team says otherwise."""
    if lookups.organisations():
        refresh([customer_id])


def follow_domains(domains: Iterable[str], owner_id: int) -> None:
    """Let everybody at these domains belong where they are now, with what they opened from there.

    The domains have just become `owner_id`’s, or are its no more. Call it in a transaction. What they opened for yet
    another organisation stays with that one.
    """
    names = list(domains)
    if not names:
        return
    addresses = CustomerAddress.select(CustomerAddress.id, CustomerAddress.customer).where(domain_rules.holds(names))
    rows = list(addresses.tuples())
    for batch in chunked(sorted({customer for _key, customer in rows}), BATCH):
        refresh(list(batch))
    above = {lookups.organisation_id_of(name.partition(".")[2]) for name in names}
    involved = {owner_id, *(key for key in above if key is not None)}
    for some in chunked([key for key, _customer in rows], BATCH):
        _move_tickets(list(some), involved)


def refresh(customer_ids: Sequence[int]) -> None:
    """Let these customers belong where their addresses say, but for those of whom the team has decided."""
    rows = Customer.select().where(Customer.id.in_(customer_ids), ~Customer.organisation_by_hand)
    addresses = CustomerAddress.select().where(CustomerAddress.customer.in_(customer_ids))
    # A proven address says more than one that somebody typed, the main one more than another.
    order = (CustomerAddress.proven_at.is_null(), CustomerAddress.is_primary.desc(), CustomerAddress.id)
    places: dict[int, int] = {}
    for address in addresses.order_by(*order):
        if (key := lookups.organisation_id_of(address.email)) is not None:
            places.setdefault(address.customer_id, key)
    moved: dict[tuple[int | None, int | None], list[int]] = {}
    for row in rows:
        place = places.get(row.id)
        if place != row.organisation_id:
            moved.setdefault((row.organisation_id, place), []).append(row.id)
    for (old, new), ids in moved.items():
        _store(ids, old, organisation_id=new)


def leave_all(customer_ids: Sequence[int], organisation_id: int) -> None:
    """Let these people, all of an organisation that goes, belong to none."""
    for batch in chunked(customer_ids, BATCH):
        _store(list(batch), organisation_id, organisation_id=None, organisation_by_hand=False)


def _store(customer_ids: Sequence[int], old: int | None, **values: Any) -> None:
    """Store where these customers of one organisation belong now: nobody is responsible there before being named."""
    values |= {"organisation_role": "", "organisation_copies": False}
    Customer.update(values).where(Customer.id.in_(customer_ids)).execute()
    if old is not None:
        leave_copies(customer_ids, old)


def forget(customer: Customer) -> None:
    """Take a person who is erased out of their organisation; the caller stores the row."""
    if customer.organisation_id is not None:
        leave_copies([customer.id], customer.organisation_id)
    customer.organisation_id, customer.organisation_by_hand = None, False
    customer.organisation_role, customer.organisation_copies = "", False


def move(customer: Customer, organisation_id: int) -> None:
    """Let a customer belong to this organisation by hand, as a list says; the caller checks the right to it."""
    _store([customer.id], customer.organisation_id, organisation_id=organisation_id, organisation_by_hand=True)


def end_reading_of_all(organisation_id: int) -> None:
    """Take those out of copy who answered as colleagues while all people of an organisation read its tickets."""
    stays = (Customer.organisation_role == RESPONSIBLE) | Customer.organisation_copies
    people = Customer.select(Customer.id).where(Customer.organisation_id == organisation_id, ~stays).tuples()
    for batch in chunked([key for (key,) in people], BATCH):
        leave_copies(list(batch), organisation_id)


def leave_copies(customer_ids: Sequence[int], organisation_id: int) -> None:
    """Take customers out of copy of the tickets of an organisation that they read as colleagues."""
    own = CustomerAddress.select(CustomerAddress.id).where(CustomerAddress.customer.in_(customer_ids))
    mine = TicketCc.address.in_(own) & (TicketCc.organisation_id == organisation_id)
    copied = TicketCc.select(TicketCc.ticket).where(mine, TicketCc.address == AccessLink.address)
    AccessLink.delete().where(AccessLink.address.in_(own), AccessLink.ticket.in_(copied)).execute()
    TicketCc.delete().where(mine).execute()


def _move_tickets(address_ids: Sequence[int], involved: set[int]) -> None:
    """Let what was opened with these addresses belong where they are; of those of whom the team decided, it stays."""
    query = CustomerAddress.select(CustomerAddress.id, CustomerAddress.email).join(Customer)
    rows = query.where(CustomerAddress.id.in_(address_ids), ~Customer.organisation_by_hand).tuples()
    opened: dict[int | None, list[int]] = {}
    for key, email in rows:
        opened.setdefault(lookups.organisation_id_of(email), []).append(key)
    for place, keys in opened.items():
        from_there = Ticket.organisation_id.is_null() | Ticket.organisation_id.in_(involved - {place})
        Ticket.update(organisation_id=place).where(Ticket.address.in_(keys), from_there).execute()


# --- By hand ------------------------------------------------------------------------------------------------------


def set_by_hand(customer: Customer, organisation: Organisation | None, *, actor: Actor, with_tickets: bool) -> None:
    """Let a customer belong to this organisation, or to none, whatever their addresses say.

    `with_tickets`: so do the tickets they have opened so far. Raises NotAllowed, also for who does not see all that
    the customer would read.
    """
    _change(customer, organisation, is_by_hand=True, actor=actor, with_tickets=with_tickets)


def leave_to_domains(customer: Customer, *, actor: Actor, with_tickets: bool) -> None:
    """Let a customer belong where the domains of their addresses say again. Raises NotAllowed, as `set_by_hand`."""
    _change(customer, by_domain(customer), is_by_hand=False, actor=actor, with_tickets=with_tickets)


def by_domain(customer: Customer) -> Organisation | None:
    """Return the organisation that the domains of a customer’s addresses say."""
    order = (CustomerAddress.proven_at.is_null(), CustomerAddress.is_primary.desc(), CustomerAddress.id)
    emails = customer.addresses.select(CustomerAddress.email).order_by(*order).tuples()
    keys = (lookups.organisation_id_of(email) for (email,) in emails)
    return lookups.organisation(next((key for key in keys if key is not None), None))


def _change(
    customer: Customer, organisation: Organisation | None, *, is_by_hand: bool, actor: Actor, with_tickets: bool
) -> None:
    access.require(actor, "configure")
    key = organisation.id if organisation is not None else None
    if organisation is not None and organisation.everybody_sees and key != customer.organisation_id:
        require_whole_sight(organisation, actor)
    before, old = journal.snapshot(customer), customer.organisation_id
    with transaction():
        customer.organisation_by_hand = is_by_hand
        customer.save()
        if key != old:
            _store([customer.id], old, organisation_id=key)
        if with_tickets:
            Ticket.update(organisation_id=key).where(Ticket.customer == customer.id).execute()
        customer.organisation_id = key
        journal.saved(customer, before, actor=actor)


def require_whole_sight(organisation: Organisation, actor: Actor) -> None:
    """Raise NotAllowed where the actor does not see all tickets of an organisation, which somebody would read then."""
    if isinstance(actor, Agent) and access.sees_all(actor):
        return
    theirs = Ticket.organisation_id == organisation.id
    if access.visible_tickets(actor).where(theirs).count() != Ticket.select().where(theirs).count():
        raise NotAllowed(lazy("This organisation has tickets that you may not see: ask an administrator."))
