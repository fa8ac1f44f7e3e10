"""The addresses of customers as agents keep them: added, made the main one, removed, or put right where they are wrong.

A new address opens all tickets of its customer to whoever proves it, so that only who sees these tickets adds one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from peewee import IntegrityError, fn

from database import database, is_sqlite
from helpdesk import access, clock, customer_search, journal, links, notifications, orders, settings, suppression
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput, NotFound, StillInUse
from helpdesk.events import EventKind, record, transaction
from helpdesk.i18n import lazy, ngettext
from helpdesk.lib import inputs, throttle
from helpdesk.lib.email_syntax import normalise
from helpdesk.locking import lock_all
from helpdesk.notifications import withholding
from helpdesk.notifications.withholding import UNDELIVERABLE
from helpdesk.people import address_changes, customers, erased, former_customers, sign_ins
from helpdesk.people.customers import MAX_ADDRESSES, MOST_HISTORIES
from models import Agent, Customer, CustomerAddress, OutgoingEmail, Ticket, TicketCc

#: E-mails that go out again to the new address, and the days they may be old.
MOST_SENT, DAYS = 20, 30
#: Links to the account that agents may mail to one address within so many seconds.
LINKS, SECONDS = 5, 3600


def find(key: int, agent: Agent) -> CustomerAddress:
    """Return the address with this id. Raises NotFound, also for one of a customer the agent does not meet."""
    address: CustomerAddress | None = CustomerAddress.get_or_none(id=key) if inputs.fits(key) else None
    if address is None:
        raise NotFound(lazy("There is no such address."))
    require(address, agent)
    return address


def require(address: CustomerAddress, agent: Agent) -> None:
    """Raise NotFound unless the agent sees a ticket of this address’s customer, or one they are in copy of."""
    if access.can(agent, "configure") or customers.meets(agent, address.customer_id):
        return
    if not customers.meets_in_copy(agent, address.customer_id):
        raise NotFound(lazy("There is no such address."))


def of_customer(customer: Customer) -> list[CustomerAddress]:
    """Return the addresses of a customer, the main one first."""
    order = (CustomerAddress.is_primary.desc(), CustomerAddress.id)
    return list(customer.addresses.order_by(*order).limit(2 * MAX_ADDRESSES))


def tickets_opened_with(addresses: list[CustomerAddress]) -> dict[int, int]:
    """Return how many tickets were opened with each of these addresses of one customer, bin and spam included."""
    if not addresses:
        return {}
    theirs = Ticket.select(Ticket.address, fn.COUNT(Ticket.id)).where(Ticket.customer == addresses[0].customer_id)
    return {key: count for key, count in theirs.group_by(Ticket.address).tuples() if key is not None}


# --- Adding, choosing, removing -----------------------------------------------------------------------------------


def add(customer: Customer, email: str, *, actor: Actor) -> CustomerAddress:
    """Add an address to a customer; its holder proves it by a link, and reads the customer's tickets from then on.

    Raises NotAllowed, also for who does not see all these tickets, or InvalidInput at ``email``.
    """
    access.require(actor, "configure")
    customers.require_whole_sight(customer, actor)
    with transaction():
        _hold(customer)
        present = customers.lookup(clean := normalise(email))
        if present is not None and present.customer_id == customer.id:
            raise InvalidInput(lazy("The customer has this address already."), field="email")
        if customer.addresses.count() >= MAX_ADDRESSES:
            raise InvalidInput(lazy("This customer has as many addresses as one may have."), field="email")
        address = customers.store_address(customer, clean, is_primary=False)
        journal.record(journal.Act.ADDRESS_ADDED, actor=actor, subject=clean, to=customer.display_name)
    return address


def make_primary(address: CustomerAddress, *, actor: Actor) -> None:
    """Make this the main address of its customer; done already, it does nothing. Raises NotAllowed."""
    access.require(actor, "configure")
    with transaction():
        _lock_addresses(address)
        if not address.is_primary:
            _choose(address)
            to = address.customer.display_name
            journal.record(journal.Act.ADDRESS_CHOSEN, actor=actor, subject=address.email, to=to)


def _choose(address: CustomerAddress) -> None:
    """Let this one, and no other, be the main address of its customer."""
    own = CustomerAddress.customer == address.customer_id
    CustomerAddress.update(is_primary=CustomerAddress.id == address.id).where(own).execute()
    address.is_primary = True


def mail_link(address: CustomerAddress, *, actor: Agent) -> None:
    """Mail a link to the account to an address, which proves it when it is used.

    Raises NotFound, TooMany, or InvalidInput while the desk sends no e-mail, or where they come back.
    """
    require(address, actor)
    erased.require_present(address.customer)
    if settings.mail_server() is None:
        raise InvalidInput(lazy("This desk sends no e-mail yet, so it cannot mail a link."))
    if withholding.is_undeliverable(address):
        raise InvalidInput(lazy("E-mails to %(email)s come back: correct the address first.", email=address.email))
    throttle.hit(f"link by desk {address.id}", limit=LINKS, seconds=SECONDS)
    with transaction():
        notifications.send_account_mail("sign-in", address=address)
        journal.record(journal.Act.LINK_MAILED, actor=actor, subject=address.email, to=address.customer.display_name)


def remove(address: CustomerAddress, *, actor: Actor, successor: CustomerAddress | None = None) -> None:
    """Remove an address of a customer: its links open nothing any more, and the customer is signed out everywhere.

    The tickets opened with it go to `successor`, another address of theirs. Raises NotAllowed, also for who does not
    see all tickets of the customer, InvalidInput at ``successor``, or StillInUse for the last address.
    """
    access.require(actor, "configure")
    customers.require_whole_sight(address.customer, actor)
    with transaction():
        _lock(address)
        others = CustomerAddress.select().where(
            CustomerAddress.customer == address.customer_id, CustomerAddress.id != address.id
        )
        if not others.exists():
            raise StillInUse(lazy("This is the only address of this customer: correct it instead."))
        if successor is not None and not others.where(CustomerAddress.id == successor.id).exists():
            raise InvalidInput(lazy("Choose another address of this customer."), field="successor")
        if successor is None:
            _refuse_with_tickets(address)
            customers.leave_copies(address, actor=actor)
            _forget_mails(address)
        else:
            _replace(address, successor, EventKind.ADDRESS_REMOVED, actor)
        _delete(address)
        if address.is_primary and not others.where(CustomerAddress.is_primary).exists():
            _choose(others.order_by(CustomerAddress.proven_at.is_null(), CustomerAddress.id).get())
        name = address.customer.display_name
        journal.record(journal.Act.ADDRESS_REMOVED, actor=actor, subject=address.email, to=name)


def _refuse_with_tickets(address: CustomerAddress) -> None:
    count = tickets_opened_with([address]).get(address.id, 0)
    if count:
        text = ngettext(
            "%(num)d ticket was opened with it: choose which address gets it.",
            "%(num)d tickets were opened with it: choose which address gets them.",
            count,
        )
        raise InvalidInput(text, field="successor")


def _hold(customer: Customer) -> None:
    """Let the addresses of a customer, who is not erased, stay as they are until the transaction is stored."""
    erased.require_present(customer)
    customer_search.wait_for_others([customer.id])


def _lock(address: CustomerAddress) -> None:
    """Lock the tickets opened with an address, then the addresses of its customer, then the customer.

    A ticket that is just coming in is stored before. Call it in a transaction. Raises NotFound when the address has
    just gone.
    """
    lock_all(Ticket.select().where(_opened_with(address)))
    _lock_addresses(address)
    _hold(address.customer)


def _lock_addresses(address: CustomerAddress) -> None:
    """Lock all addresses of a customer, always in one order. Raises NotFound when this one has just gone."""
    columns = (CustomerAddress.id, CustomerAddress.is_primary)
    rows = CustomerAddress.select(*columns).where(CustomerAddress.customer == address.customer_id)
    rows = rows.order_by(CustomerAddress.id)
    stored = dict((rows if is_sqlite() else rows.for_update("FOR UPDATE")).tuples())
    if address.id not in stored:
        raise NotFound(lazy("There is no such address."))
    # Somebody may have made it the main one, or another, since it was read.
    address.is_primary = stored[address.id]


def _opened_with(address: CustomerAddress) -> Any:
    return (Ticket.customer == address.customer_id) & (Ticket.address == address.id)


def _forget_mails(address: CustomerAddress) -> None:
    """Cancel what would go to an address; what arrived there stays in the outbox."""
    arrived = (OutgoingEmail.state == "sent") & OutgoingEmail.bounced_at.is_null()
    OutgoingEmail.update(address=None).where(OutgoingEmail.address == address.id, arrived).execute()


def _delete(address: CustomerAddress) -> None:
    """Delete an address, and sign its customer out: whoever reads it may be a stranger."""
    sign_ins.end_all_sign_ins(address.customer)
    address.delete_instance()
    address_changes.follow_gone(address)


# --- Correcting ---------------------------------------------------------------------------------------------------


def correct(address: CustomerAddress, email: str, *, actor: Agent) -> tuple[CustomerAddress, int]:
    """Put another address in the place of this one; return it, and how many e-mails go out again to it.

    The former address is forgotten with its links and the codes made for it: whoever reads it may be a stranger. For
    the same reason the customer is signed out everywhere, and no mail that waits goes to the former address.
    Raises InvalidInput at ``email``, NotAllowed or NotFound.
    """
    require(address, actor)
    customers.require_whole_sight(address.customer, actor)
    clean = normalise(email)
    if clean == address.email:
        raise InvalidInput(lazy("This is the address as it stands."), field="email")
    with transaction():
        _lock(address)
        new = _take(address, clean)
        sent = _replace(address, new, EventKind.ADDRESS_CORRECTED, actor)
        _delete(address)
        journal.record(journal.Act.CHANGED, actor=actor, subject=clean, what="Customer", fields=["email"])
    return CustomerAddress.get_by_id(new.id), sent


def _replace(address: CustomerAddress, new: CustomerAddress, kind: EventKind, actor: Actor) -> int:
    """Let another address of the customer have what this one has; return how many e-mails go out again to it.

    Call it in a transaction that has the address locked.
    """
    own = _opened_with(address)
    newest = Ticket.select(Ticket.id).where(own).order_by(Ticket.id.desc())
    keys = [key for (key,) in newest.limit(MOST_HISTORIES).tuples()]
    Ticket.update(address=new.id).where(own).execute()
    _move_copies(address, new)
    sent = _send_again(address, new)
    _redirect_mails(address, new)
    for ticket in Ticket.select().where(Ticket.id.in_(keys)).order_by(Ticket.id):
        record(ticket, kind, actor=actor, old=address.email, new=new.email)
    return sent


def _take(address: CustomerAddress, clean: str) -> CustomerAddress:
    """Return the address of the same customer that takes the place: made, or one they have already."""
    present: CustomerAddress | None = CustomerAddress.get_or_none(CustomerAddress.email == clean)
    if present is not None and present.customer_id != address.customer_id:
        raise InvalidInput(lazy("Another customer has this address."), field="email")
    if present is None:
        suppression.refuse(clean, for_team=True)
        try:
            with database.atomic():
                present = CustomerAddress.create(
                    customer=address.customer_id, email=clean, is_primary=False, origin=address.origin,
                    created_at=clock.now(),
                )  # fmt: skip
        except IntegrityError as error:
            raise InvalidInput(lazy("Another customer has this address."), field="email") from error
        orders.link_address(present)
        former_customers.follow(address, present)
    if address.is_primary:
        _choose(present)
    return present


def _move_copies(address: CustomerAddress, new: CustomerAddress) -> None:
    """Put the new address in copy where the former one was, unless it is there or is the ticket’s own."""
    present = TicketCc.select(TicketCc.ticket).where(TicketCc.address == new.id)
    TicketCc.update(address=new.id).where(TicketCc.address == address.id, TicketCc.ticket.not_in(present)).execute()


def _redirect_mails(address: CustomerAddress, new: CustomerAddress) -> None:
    """Let whatever may still go out go to the new address, but for links to the account: those are not sent."""
    mine = OutgoingEmail.address == address.id
    owed = OutgoingEmail.link_kind.in_(links.ACCOUNTS) & OutgoingEmail.state.in_(("pending", "failed"))
    OutgoingEmail.update(state="cancelled").where(mine, owed).execute()
    # What is cancelled or came back may be sent again by hand. What arrived stays with the address it went to.
    unsent = (OutgoingEmail.state != "sent") | OutgoingEmail.bounced_at.is_null(False)
    OutgoingEmail.update(to_email=new.email).where(mine, unsent).execute()
    OutgoingEmail.update(address=new.id).where(mine).execute()


def _send_again(address: CustomerAddress, new: CustomerAddress) -> int:
    """Let the last e-mails about tickets go out again that came back or were not sent for the address’s sake."""
    lost = OutgoingEmail.bounced_at.is_null(False) | (OutgoingEmail.withheld == UNDELIVERABLE)
    # A ticket that went to another customer meanwhile, or which they are in copy of no more, is not theirs to read.
    theirs = OutgoingEmail.ticket.in_(Ticket.select(Ticket.id).where(Ticket.customer == address.customer_id))
    theirs |= OutgoingEmail.ticket.in_(TicketCc.select(TicketCc.ticket).where(TicketCc.address == new.id))
    rows = OutgoingEmail.select(OutgoingEmail.id).where(
        OutgoingEmail.address == address.id, theirs, lost, OutgoingEmail.created_at > clock.now() - timedelta(days=DAYS)
    )
    keys = [key for (key,) in rows.order_by(OutgoingEmail.id.desc()).limit(MOST_SENT).tuples()]
    values = withholding.fresh_try() | {"to_email": new.email}
    return int(OutgoingEmail.update(values).where(OutgoingEmail.id.in_(keys)).execute())
