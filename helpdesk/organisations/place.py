"""The place of one customer, as their page stores it: which organisation, why that one, what they read and get."""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk import folding
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.events import transaction
from helpdesk.i18n import lazy
from helpdesk.lib import inputs
from helpdesk.organisations import membership, responsible
from helpdesk.settings import lookups
from models import Customer, Organisation

#: Characters of the name of an organisation, folded.
MAX_NAME = 240
#: How a customer comes to an organisation: by the domain of an address, by name, or to none.
BY_DOMAIN, BY_NAME, NONE = "domain", "name", "none"


@dataclass(frozen=True)
class Place:
    """What a form says of a customer: `how` is one of the three ways, `name` the organisation’s for the second."""

    how: str
    name: str = ""
    with_tickets: bool = False
    is_responsible: bool = False
    gets_copies: bool = False


def how_of(customer: Customer) -> str:
    """Return how a customer came where they belong."""
    if not customer.organisation_by_hand:
        return BY_DOMAIN
    return BY_NAME if customer.organisation_id is not None else NONE


def named(name: str) -> Organisation | None:
    """Return the organisation that is called so, however it is written."""
    return lookups.organisation_named(folding.fold(inputs.one_line(name, MAX_NAME)).strip())


def save(customer: Customer, place: Place, *, actor: Actor) -> None:
    """Store where a customer belongs, and what they read and get there.

    Raises NotAllowed, or InvalidInput at ``how``, ``name``, ``responsible`` or ``copies``.
    """
    with transaction():
        if place.how == BY_DOMAIN:
            if customer.organisation_by_hand or place.with_tickets:
                membership.leave_to_domains(customer, actor=actor, with_tickets=place.with_tickets)
        elif place.how in (BY_NAME, NONE):
            organisation = named(place.name) if place.how == BY_NAME else None
            if place.how == BY_NAME and organisation is None:
                raise InvalidInput(_no_such(place.name), field="name")
            membership.set_by_hand(customer, organisation, actor=actor, with_tickets=place.with_tickets)
        else:
            raise InvalidInput(lazy("Choose one from the list."), field="how")
        responsible.set_responsible(customer, place.is_responsible, actor=actor)
        responsible.set_copies(customer, place.gets_copies, actor=actor)


def _no_such(name: str) -> object:
    shown = inputs.one_line(name, 80)
    if not shown:
        return lazy("Write the name of an organisation.")
    return lazy("No organisation is called “%(name)s”.", name=shown)
