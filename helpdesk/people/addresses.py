"""The addresses of customers as agents correct them: a new one takes the place of one that was wrong or is gone."""

from __future__ import annotations

from datetime import timedelta

from peewee import IntegrityError

from database import database
from helpdesk import access, clock, customer_search, journal, links, orders
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.events import EventKind, record, transaction
from helpdesk.i18n import lazy
from helpdesk.lib.email_syntax import normalise
from helpdesk.locking import lock_all
from helpdesk.notifications import withholding
from helpdesk.notifications.withholding import UNDELIVERABLE
from helpdesk.people import customers, sign_ins
from models import Agent, CustomerAddress, OutgoingEmail, Ticket, TicketCc

#: E-mails that go out again to the new address, and the days they may be old.
MOST_SENT, DAYS = 20, 30
#: Tickets in whose history the correction is written.
MOST_TICKETS = 200


def find(key: int, agent: Agent) -> CustomerAddress:
    """Return the address with this id. Raises NotFound, also for one of a customer the agent does not meet."""
    address: CustomerAddress | None = CustomerAddress.get_or_none(CustomerAddress.id == key)
    if address is None:
        raise NotFound(lazy("There is no such address."))
    require(address, agent)
    return address


def require(address: CustomerAddress, agent: Agent) -> None:
    """Raise NotFound unless the agent sees a ticket of this address’s customer, or one it is in copy of."""
    copied = TicketCc.select(TicketCc.ticket).where(TicketCc.address == address.id)
    theirs = (Ticket.customer == address.customer_id) | Ticket.id.in_(copied)
    if not access.can(agent, "configure") and not access.visible_tickets(agent).where(theirs).exists():
        raise NotFound(lazy("There is no such address."))


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
        lock_all(Ticket.select().where(Ticket.address == address.id))
        newest = Ticket.select(Ticket.id).where(Ticket.address == address.id).order_by(Ticket.id.desc())
        keys = [key for (key,) in newest.limit(MOST_TICKETS).tuples()]
        new = _take(address, clean)
        Ticket.update(address=new.id).where(Ticket.address == address.id).execute()
        _move_copies(address, new)
        sent = _send_again(address, new)
        _redirect_mails(address, new)
        sign_ins.end_all_sign_ins(address.customer)
        address.delete_instance()
        orders.unlink_address(address.email)
        customer_search.rename_author(address.customer)
        customer_search.index_customers([address.customer_id])
        for ticket in Ticket.select().where(Ticket.id.in_(keys)).order_by(Ticket.id):
            record(ticket, EventKind.ADDRESS_CORRECTED, actor=actor, old=address.email, new=new.email)
        journal.record(journal.Act.CHANGED, actor=actor, subject=clean, what="Customer", fields=["email"])
    return CustomerAddress.get_by_id(new.id), sent


def _take(address: CustomerAddress, clean: str) -> CustomerAddress:
    """Return the address of the same customer that takes the place: made, or one they have already."""
    present: CustomerAddress | None = CustomerAddress.get_or_none(CustomerAddress.email == clean)
    if present is not None and present.customer_id != address.customer_id:
        raise InvalidInput(lazy("Another customer has this address."), field="email")
    if present is None:
        try:
            with database.atomic():
                present = CustomerAddress.create(
                    customer=address.customer_id, email=clean, is_primary=False, origin=address.origin,
                    created_at=clock.now(),
                )  # fmt: skip
        except IntegrityError as error:
            raise InvalidInput(lazy("Another customer has this address."), field="email") from error
        orders.link_address(present)
    if address.is_primary:
        CustomerAddress.update(is_primary=CustomerAddress.id == present.id).where(
            CustomerAddress.customer == address.customer_id
        ).execute()
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
    since = clock.now() - timedelta(days=DAYS)
    lost = OutgoingEmail.bounced_at.is_null(False) | (OutgoingEmail.withheld == UNDELIVERABLE)
    rows = OutgoingEmail.select(OutgoingEmail.id).where(
        OutgoingEmail.address == address.id, OutgoingEmail.ticket.is_null(False), lost, OutgoingEmail.created_at > since
    )
    keys = [key for (key,) in rows.order_by(OutgoingEmail.id.desc()).limit(MOST_SENT).tuples()]
    values = withholding.fresh_try() | {"to_email": new.email}
    return int(OutgoingEmail.update(values).where(OutgoingEmail.id.in_(keys)).execute())
