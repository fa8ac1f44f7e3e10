"""What merging two customers would do, side by side and in numbers, and who would read what."""

from __future__ import annotations

from dataclasses import dataclass

from peewee import ModelSelect

from helpdesk import access, folding, search
from helpdesk.joining import merging
from helpdesk.people import addresses, customers
from helpdesk.privacy import personal_data
from helpdesk.privacy.personal_data import PersonalData
from helpdesk.settings import lookups
from models import Agent, Customer, CustomerAddress, Draft, FilterCondition, Ticket

#: Customers that a search offers.
OFFERED = 20


@dataclass(frozen=True)
class Side:
    """One of the two, and what hangs on them."""

    customer: Customer
    addresses: tuple[CustomerAddress, ...]
    data: PersonalData
    open: int
    #: What agents are writing in their tickets; filters and rules that look for an address of theirs.
    drafts: int
    filters: int

    @property
    def organisation(self) -> str:
        """The name of the organisation they belong to."""
        return str(lookups.organisation(self.customer.organisation_id) or "")

    @property
    def has_password(self) -> bool:
        """Whether they sign in with a password."""
        return self.customer.password_hash is not None


@dataclass(frozen=True)
class Reading:
    """An address, and how many tickets its holder would read that they do not read now."""

    address: CustomerAddress
    tickets: int


@dataclass(frozen=True)
class Preview:
    """Both sides, and who would read more."""

    source: Side
    target: Side
    readings: tuple[Reading, ...]

    @property
    def unproven(self) -> tuple[Reading, ...]:
        """The addresses that nobody has proven."""
        return tuple(row for row in self.readings if not row.address.is_proven)


def preview(source: Customer, target: Customer, *, actor: Agent) -> Preview:
    """Return what making the source part of the target would do. Raises InvalidInput, NotAllowed or NotFound."""
    access.require(actor, "configure")
    for person in (source, target):
        customers.require_whole_sight(person, actor)
    merging.check(source, target)
    sides = _side(source), _side(target)
    readings = [Reading(row, other.data.tickets) for side, other in (sides, sides[::-1]) for row in side.addresses]
    return Preview(*sides, tuple(readings))


def _side(customer: Customer) -> Side:
    own = addresses.of_customer(customer)
    theirs = Ticket.select().where(Ticket.customer == customer.id)
    drafts = Draft.select().join(Ticket).where(Ticket.customer == customer.id)
    naming = FilterCondition.select(FilterCondition.rule).distinct()
    looks: ModelSelect | None = None
    for row in own:
        one = naming.where(folding.contains(FilterCondition.value, row.email))
        looks = one if looks is None else looks | one
    return Side(
        customer=customer,
        addresses=tuple(own),
        data=personal_data.of_customer(customer, own),
        open=theirs.where(Ticket.is_open, ~Ticket.in_bin).count(),
        drafts=drafts.count(),
        filters=len({key for (key,) in looks.tuples()}) if looks is not None else 0,
    )


def found_by(text: str, customer: Customer, *, actor: Agent) -> list[Customer]:
    """Return the newest other customers with these words in names or addresses whom the actor may merge."""
    address = customers.lookup(text)
    ids = [address.customer_id] if address is not None else search.customer_ids(text, OFFERED)
    query = Customer.select().where(Customer.id.in_(ids), Customer.id != customer.id, Customer.erased_at.is_null())
    rows = list(query.order_by(Customer.id.desc())) if ids else []
    return [row for row in rows if customers.meets(actor, row.id)]
