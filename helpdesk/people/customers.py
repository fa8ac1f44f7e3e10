"""Customers: found by their e-mail addresses, changed by themselves and by agents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import IntegrityError, ModelSelect

from database import database
from helpdesk import access, clock, customer_search, customer_sight, events, journal, links, notifications, suppression
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput, NotAllowed, NotFound, StillInUse
from helpdesk.events import EventKind
from helpdesk.i18n import LANGUAGES, lazy, ngettext
from helpdesk.lib import inputs, passwords
from helpdesk.lib.email_syntax import normalise
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.organisations import membership
from helpdesk.people import address_changes, erased, sign_ins
from helpdesk.settings import lookups
from models import PLANNED_ERASURES, Agent, Customer, CustomerAddress, Erasure, GuestPass, Ticket, TicketCc

__all__ = [
    "MAX_ADDRESSES",
    "block",
    "delete_customer",
    "find_customer",
    "find_or_make",
    "has_whole_sight",
    "is_copied",
    "is_known",
    "leave_copies",
    "lookup",
    "meets",
    "meets_in_copy",
    "needs_current",
    "normalise",
    "prove",
    "require_whole_sight",
    "save_customer",
    "save_own_profile",
    "set_password",
    "store",
    "store_address",
]

MAX_NAME, MAX_ADDRESSES = 80, 20
#: Tickets in whose histories it is written what became of an address.
MOST_HISTORIES = 200


def lookup(email: str) -> CustomerAddress | None:
    """Return the address with its customer, or None, also for a text that is no address."""
    try:
        return _find(normalise(email))
    except InvalidInput:
        return None


def is_known(email: str) -> bool:
    """Whether a name is stored with this address, so that the form need not ask for one."""
    return (address := lookup(email)) is not None and bool(address.customer.full_name)


def find_or_make(
    email: str, *, first_name: str = "", last_name: str = "", locale: str | None = None
) -> CustomerAddress:
    """Return the customer's address, made when it is new. A name or language is stored only when none is.

    Raises InvalidInput at ``email``.
    """
    clean, first, last = normalise(email), _name(first_name), _name(last_name)
    address = _find(clean) or _make(clean, first_name=first, last_name=last, locale=_language(locale))
    _complete(address.customer, first, last, _language(locale))
    return address


def _find(email: str) -> CustomerAddress | None:
    return _with_email.first(email=email)


@Prepared
def _with_email() -> ModelSelect:
    query = CustomerAddress.select(CustomerAddress, Customer).join(Customer)
    return query.where(CustomerAddress.email == Slot("email"))


def _make(email: str, **values: Any) -> CustomerAddress:
    suppression.refuse(email)
    now = clock.now()
    try:
        with database.atomic():
            customer = Customer.create(created_at=now, organisation_id=lookups.organisation_id_of(email), **values)
            address = CustomerAddress.create(customer=customer, email=email, created_at=now)
            address_changes.follow_new(address)
            return address
    except IntegrityError:
        # Another request made it in between: the address is unique, so it is there now.
        return CustomerAddress.get(CustomerAddress.email == email)


def _complete(customer: Customer, first_name: str, last_name: str, locale: str | None) -> None:
    if not customer.full_name and (first_name or last_name):
        customer.first_name, customer.last_name = first_name, last_name
    if customer.locale is None and locale is not None:
        customer.locale = locale
    if customer.is_dirty():
        store(customer)


def store(customer: Customer) -> None:
    """Save a customer's changed fields; a new name goes into the search indexes."""
    is_named = {field.name for field in customer.dirty_fields} & {"first_name", "last_name"}
    with database.atomic():
        customer.save()
        if is_named:
            customer_search.rename_author(customer)
            customer_search.index_customers([customer.id])


def prove(address: CustomerAddress) -> None:
    """Mark this address as proven; the first time counts."""
    if address.proven_at is None:
        address.proven_at = clock.now()
        mine = (CustomerAddress.id == address.id) & CustomerAddress.proven_at.is_null()
        CustomerAddress.update(proven_at=address.proven_at).where(mine).execute()
        membership.follow_addresses(address.customer_id)


def set_password(customer: Customer, new: str, *, current: str | None = None, keep_token: str | None = None) -> None:
    """Set a customer's password and sign their browsers out, except the one with `keep_token`.

    Unused links to the account, and what browsers open of single tickets, end with the old one. Who has just signed in
    by a mailed link need not give the current password. Raises InvalidInput at ``current`` or at ``password``.
    """
    if needs_current(customer, keep_token):
        sign_ins.check_current(customer, current)
    emails = [row.email for row in customer.addresses.limit(MAX_ADDRESSES)]
    passwords.check_new(new, customer.first_name, customer.last_name, *emails)
    with database.atomic():
        customer.password_hash = passwords.make_hash(new)
        customer.save()
        sign_ins.end_all_sign_ins(customer, except_token=keep_token)
        links.forget_links_of(customer)
        GuestPass.delete().where(GuestPass.address.in_(customer.addresses.select(CustomerAddress.id))).execute()
        journal.record(journal.Act.PASSWORD_CHANGED, actor=customer)


def needs_current(customer: Customer, token: str | None) -> bool:
    """Whether changing the password requires the current one in the browser with this token."""
    return customer.password_hash is not None and not sign_ins.came_by_link(customer, token)


def save_own_profile(customer: Customer, values: Mapping[str, Any]) -> None:
    """Store ``first_name``, ``last_name`` and ``locale`` of the customer who acts."""
    _set_names(customer, values)
    store(customer)


# --- The customers' screen of the desk ----------------------------------------------------------------------------


def save_customer(customer: Customer, values: Mapping[str, Any], *, actor: Actor) -> Customer:
    """Store ``first_name``, ``last_name`` and ``locale``; a new customer needs an ``email`` too.

    A new one is mailed nothing, unless ``invited`` asks for a link. Raises NotAllowed, or InvalidInput at the field.
    """
    access.require(actor, "configure")
    erased.require_present(customer)
    _set_names(customer, values)
    if customer.id is not None:
        store(customer)
        return customer
    email = normalise(str(values.get("email") or ""))
    with events.transaction():
        customer.created_at = clock.now()
        customer.save()
        address = store_address(customer, email, is_primary=True)
        if values.get("invited"):
            notifications.send_account_mail("sign-in", address=address)
    return customer


def find_customer(key: int, agent: Agent) -> Customer:
    """Return the customer with this id. Raises NotFound, also for one the agent does not meet."""
    customer: Customer | None = Customer.get_or_none(Customer.id == key) if inputs.fits(key) else None
    if customer is None or not meets(agent, customer.id):
        raise NotFound(lazy("There is no such customer."))
    return customer


def meets(agent: Agent, customer_id: int) -> bool:
    """Whether an agent sees a ticket of this customer (RULES 4)."""
    return access.sees_all(agent) or access.visible_tickets(agent).where(Ticket.customer == customer_id).exists()


def meets_in_copy(agent: Agent, customer_id: int) -> bool:
    """Whether an agent sees a ticket that this customer is in copy of."""
    return bool(access.visible_tickets(agent).where(is_copied(customer_id)).exists())


def is_copied(customer_id: int) -> Any:
    """Return the condition of the tickets that this customer is in copy of."""
    own = CustomerAddress.select(CustomerAddress.id).where(CustomerAddress.customer == customer_id)
    return Ticket.id.in_(TicketCc.select(TicketCc.ticket).where(TicketCc.address.in_(own)))


def block(customer: Customer, blocked: bool, *, actor: Actor) -> None:
    """Block or unblock a customer as spam would, not their tickets (RULES 15). Raises NotAllowed or InvalidInput."""
    access.require(actor, "spam")
    erased.require_present(customer)
    if blocked == (customer.blocked_at is not None):
        return
    before = journal.snapshot(customer)
    customer.blocked_at = clock.now() if blocked else None
    with database.atomic():
        customer.save()
        journal.saved(customer, before, actor=actor)


def has_whole_sight(customer: Customer, actor: Actor) -> bool:
    """Whether the actor sees all tickets that a new address of the customer would open."""
    if isinstance(actor, Agent) and access.sees_all(actor):
        return True
    theirs = customer_sight.with_colleagues(customer, (Ticket.customer == customer.id) | is_copied(customer.id))
    return bool(access.visible_tickets(actor).where(theirs).count() == Ticket.select().where(theirs).count())


def require_whole_sight(customer: Customer, actor: Actor) -> None:
    """Raise NotAllowed where a new address of the customer would open tickets that the actor does not see."""
    if not has_whole_sight(customer, actor):
        raise NotAllowed(lazy("This customer has tickets that you may not see: ask an administrator."))


def store_address(customer: Customer, email: str, *, is_primary: bool) -> CustomerAddress:
    """Store an address that an agent gives a customer. Raises InvalidInput at ``email``."""
    suppression.refuse(email, for_team=True)
    try:
        with database.atomic():
            address = CustomerAddress.create(
                customer=customer, email=email, is_primary=is_primary, origin="invited", created_at=clock.now()
            )
            address_changes.follow_new(address)
            return address
    except IntegrityError as error:
        raise InvalidInput(lazy("Another customer has this address."), field="email") from error


def delete_customer(customer: Customer, *, actor: Actor) -> None:
    """Delete a customer and their addresses, also from copies, as histories say; orders and messages stay.

    Raises NotAllowed, NotFound, or StillInUse: with the number of their tickets, or while they wait to be erased.
    """
    access.require(actor, "configure")
    if not Customer.select().where(Customer.id == customer.id).exists():
        raise NotFound(lazy("There is no such customer."))
    require_whole_sight(customer, actor)
    if Erasure.select().where(Erasure.customer == customer.id, PLANNED_ERASURES).exists():
        raise StillInUse(lazy("This person is about to be erased already."))
    if count := Ticket.select().where(Ticket.customer == customer.id).count():
        text = ngettext(
            "%(num)d ticket relies on it, also in the bin.", "%(num)d tickets rely on it, also in the bin.", count
        )
        raise StillInUse(text)
    try:
        with events.transaction():
            for address in customer.addresses:
                leave_copies(address, actor=actor)
            customer_search.forget_customers([customer.id])
            customer.delete_instance()
    except IntegrityError as error:
        raise StillInUse(lazy("A ticket of this customer has just come in.")) from error


def leave_copies(address: CustomerAddress, *, actor: Actor) -> None:
    """Write into the histories of the newest tickets an address is in copy of that it no longer is.

    The rows go with the address. In the caller's transaction.
    """
    copied = TicketCc.select(TicketCc.ticket).where(TicketCc.address == address.id)
    for ticket in Ticket.select().where(Ticket.id.in_(copied)).order_by(Ticket.id.desc()).limit(MOST_HISTORIES):
        events.record(ticket, EventKind.COPY_DROPPED, actor=actor, email=address.email)


def _set_names(customer: Customer, values: Mapping[str, Any]) -> None:
    if "first_name" in values:
        customer.first_name = _name(values["first_name"])
    if "last_name" in values:
        customer.last_name = _name(values["last_name"])
    if "locale" in values:
        customer.locale = _language(values["locale"])


def _name(value: Any) -> str:
    return inputs.one_line(value, MAX_NAME)


def _language(code: Any) -> str | None:
    return code if code in LANGUAGES else None
