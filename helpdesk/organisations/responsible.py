"""Who reads all tickets of an organisation, once an administrator has confirmed it, and who is in copy of new ones."""

from __future__ import annotations

from peewee import JOIN, ModelSelect

from helpdesk import access, journal
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.events import transaction
from helpdesk.i18n import lazy
from helpdesk.organisations.membership import leave_copies
from helpdesk.settings import lookups
from models import PROPOSED, RESPONSIBLE, Agent, Customer, CustomerAddress

#: People in copy of each new ticket of an organisation.
MOST_COPIES = 3


def set_responsible(customer: Customer, wanted: bool, *, actor: Actor) -> None:
    """Let a customer read all tickets of their organisation, or no longer.

    What an administrator does holds; anybody else proposes it, and an administrator confirms. Raises NotAllowed, or
    InvalidInput at ``responsible`` for who belongs to none.
    """
    access.require(actor, "configure")
    present = _stored(customer)
    if present.organisation_id is None and wanted:
        raise InvalidInput(lazy("This customer belongs to no organisation."), field="responsible")
    may_confirm = access.can(actor, "administer")
    role = (RESPONSIBLE if may_confirm or present.organisation_role == RESPONSIBLE else PROPOSED) if wanted else ""
    if role == present.organisation_role:
        return
    with transaction():
        Customer.update(organisation_role=role).where(Customer.id == customer.id).execute()
        if present.organisation_role == RESPONSIBLE and not _everybody_sees(present):
            leave_copies([customer.id], present.organisation_id)
        _note(present, role, actor)
    customer.organisation_role = role


def _everybody_sees(customer: Customer) -> bool:
    organisation = lookups.organisation(customer.organisation_id)
    return organisation is not None and bool(organisation.everybody_sees)


def _note(customer: Customer, role: str, actor: Actor) -> None:
    acts = {
        RESPONSIBLE: journal.Act.RESPONSIBLE_CONFIRMED,
        PROPOSED: journal.Act.RESPONSIBLE_PROPOSED,
        "": journal.Act.RESPONSIBLE_ENDED,
    }
    name = str(lookups.organisation(customer.organisation_id) or "")
    journal.record(acts[role], actor=actor, subject=customer.display_name, to=name)


def set_copies(customer: Customer, wanted: bool, *, actor: Actor) -> None:
    """Put a customer in copy of each new ticket of their organisation, or no longer.

    Raises NotAllowed, or InvalidInput at ``copies``: for who belongs to none, or where three are in copy already.
    """
    access.require(actor, "configure")
    present = _stored(customer)
    if wanted == present.organisation_copies:
        return
    if wanted and present.organisation_id is None:
        raise InvalidInput(lazy("This customer belongs to no organisation."), field="copies")
    if wanted and in_copy(present.organisation_id).count() >= MOST_COPIES:
        text = lazy("At most %(limit)s people of an organisation get copies of its new tickets.", limit=MOST_COPIES)
        raise InvalidInput(text, field="copies")
    before = journal.snapshot(customer)
    with transaction():
        Customer.update(organisation_copies=wanted).where(Customer.id == customer.id).execute()
        journal.saved(_stored(customer), before, actor=actor)
    customer.organisation_copies = wanted


def _stored(customer: Customer) -> Customer:
    row: Customer = Customer.get_by_id(customer.id)
    return row


def in_copy(organisation_id: int | None) -> ModelSelect:
    """Return the people of an organisation who are put in copy of its new tickets."""
    people = Customer.select().where(Customer.organisation_id == organisation_id, Customer.organisation_copies)
    return people.order_by(Customer.id).limit(MOST_COPIES)


def of_organisations(ids: list[int]) -> dict[int, list[Customer]]:
    """Return who is responsible for each of these organisations, or is proposed; each with their `main` address."""
    rows: dict[int, list[Customer]] = {key: [] for key in ids}
    roles = Customer.organisation_role.in_((PROPOSED, RESPONSIBLE))
    main = (CustomerAddress.customer == Customer.id) & CustomerAddress.is_primary
    query = Customer.select(Customer, CustomerAddress).join(CustomerAddress, JOIN.LEFT_OUTER, on=main, attr="main")
    for row in query.where(Customer.organisation_id.in_(ids), roles).order_by(Customer.id) if ids else ():
        rows[row.organisation_id].append(row)
    return rows


def confirm(customer: Customer, *, actor: Agent) -> None:
    """Let a proposed person read all tickets of their organisation. Raises NotAllowed for who is no administrator."""
    access.require(actor, "administer")
    set_responsible(customer, True, actor=actor)
