"""Signing customers in: by password, by a link mailed to them, or to one ticket by its own link."""

from __future__ import annotations

from helpdesk import access, events, links, notifications, settings
from helpdesk.access import TicketGuest
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.i18n import lazy
from helpdesk.lib import throttle
from helpdesk.links import NOT_KNOWN
from helpdesk.people import customers, sign_ins
from helpdesk.people.sign_in_limits import Visitor, network
from helpdesk.tickets import cc
from helpdesk.visitors import confirmations
from models import AccessLink, Customer, CustomerAddress

#: Links one may ask for in `WINDOW` seconds.
PER_NETWORK = 20
PER_ADDRESS = 3
WINDOW = 900


def sign_in(email: str, password: str, *, visitor: Visitor) -> Customer:
    """Return the customer with this e-mail address and password.

    Raises InvalidInput, the same for an unknown address and a wrong password, or TooMany.
    """
    address = customers.lookup(email)
    # An address that is not proven signs nobody in.
    customer = address.customer if address is not None and address.is_proven else None
    account = _account(customer, sign_ins.fold_email(email))
    signed_in = sign_ins.check_password(customer, password, account=account, email=email, visitor=visitor)
    if address is not None:
        with events.transaction():
            cc.release(address)
    return signed_in


def _account(customer: Customer | None, email: str) -> str:
    return sign_ins.account_of(customer) if customer is not None else f"customer {email}"


def ask_link(email: str, *, visitor: Visitor) -> None:
    """Mail a sign-in link to this address if it is a customer's; do nothing for others, without an error.

    Raises InvalidInput at ``email`` for a text that is no address, InvalidInput for every address while there is no
    mail server, or TooMany, for unknown addresses too.
    """
    clean = customers.normalise(email)
    if settings.mail_server() is None:
        raise InvalidInput(lazy("This desk sends no e-mail yet, so it cannot mail you a link."))
    throttle.hit(f"link {network(visitor.address)}", limit=PER_NETWORK, seconds=WINDOW)
    address = customers.lookup(clean)
    account = _account(address.customer if address is not None else None, clean)
    mails = visitor.mails_for(account)
    throttle.hit(f"link for {clean if mails == account else mails}", limit=PER_ADDRESS, seconds=WINDOW)
    if address is None:
        # One stored row, as for a mail: the response time must not reveal which addresses are known.
        throttle.hit("link for nobody", limit=1_000_000, seconds=WINDOW)
        return
    with events.transaction():
        notifications.send_account_mail("sign-in", address=address)


def use_sign_in_link(link: AccessLink) -> Customer:
    """Use a sign-in link up, prove its address and return the customer. Raises LinkExpired."""
    address = _address_of(link)
    with events.transaction():
        links.use(link)
        prove(address)
        cc.release(address)
    return address.customer


def find_ticket_link(token: str) -> AccessLink:
    """Return the link of a ticket with this token. Raises LinkExpired, or NotFound, also when it opens nothing more.

    Somebody taken out of copy, for example, learns neither number nor subject.
    """
    link = links.find("ticket", token)
    address = _address_of(link)
    if link.ticket is None or not access.sees(TicketGuest(address.customer, link.ticket_id, address), link.ticket):
        raise NotFound(NOT_KNOWN)
    return link


def use_ticket_link(link: AccessLink) -> CustomerAddress:
    """Use the link of a ticket, prove its address and return that address."""
    address = _address_of(link)
    with events.transaction():
        links.use(link)
        prove(address)
        cc.release(address, link.ticket)
    return address


def prove(address: CustomerAddress) -> None:
    """Mark the address as proven; mail the people its holder put in copy meanwhile, and what was withheld from it."""
    if not address.is_proven:
        customers.prove(address)
        cc.release(address)
        confirmations.make_good(address)


def _address_of(link: AccessLink) -> CustomerAddress:
    if link.address is None:
        raise NotFound(NOT_KNOWN)
    return link.address
