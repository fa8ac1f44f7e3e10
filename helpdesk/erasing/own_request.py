"""A customer who wants to be erased: asked for in the account, confirmed by a mailed link, cancelled until it begins.

Their tickets stay for the figures, and what the team wrote; an administrator may choose otherwise meanwhile.
"""

from __future__ import annotations

from datetime import timedelta

from peewee import IntegrityError

from helpdesk import clock, i18n, journal, links, notifications, settings
from helpdesk.erasing import requests
from helpdesk.erasing.carrying_out import keeping_tags
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.events import transaction
from helpdesk.i18n import lazy
from helpdesk.lib import throttle
from helpdesk.notifications import Cause, Occasion, Recipient
from models import PENDING_ERASURES, Agent, Customer, CustomerAddress, Erasure

#: How long the mailed link confirms, in seconds, and links that one customer gets within that.
LIFETIME, LINKS = 86_400, 3


def ask(customer: Customer) -> CustomerAddress:
    """Mail a signed-in customer the link that confirms it; return the address it goes to.

    Raises TooMany, or InvalidInput when they are about to be erased already, or must be kept.
    """
    _refuse(customer)
    address = customer.writing_address
    if not address.is_proven or settings.mail_server() is None:
        raise InvalidInput(lazy("We cannot mail you a link: ask us to erase your account."))
    throttle.hit(f"erasing {customer.id}", limit=LINKS, seconds=LIFETIME)
    try:
        with transaction():
            Erasure.delete().where(Erasure.customer == customer.id, Erasure.state == "unconfirmed").execute()
            Erasure.create(customer=customer, state="unconfirmed", by_customer=True, requested_at=clock.now())
            notifications.send_account_mail(Occasion.ERASE, address=address)
    except IntegrityError as error:
        raise InvalidInput(lazy("Your account is about to be erased already.")) from error
    return address


def _refuse(customer: Customer) -> None:
    if requests.pending(customer) is not None:
        raise InvalidInput(lazy("Your account is about to be erased already."))
    if keeping_tags(customer.id):
        raise InvalidInput(lazy("Your account cannot be erased at present: one of your tickets must be kept. Ask us."))


def find(token: str) -> Erasure:
    """Return the erasure that a mailed link confirms. Raises NotFound for one that is confirmed, cancelled or old."""
    wanted = (Erasure.id == links.read_erase_token(token)) & (Erasure.state == "unconfirmed")
    row: Erasure | None = Erasure.get_or_none(wanted, Erasure.requested_at > clock.now() - timedelta(seconds=LIFETIME))
    if row is None or row.customer_id is None:
        raise NotFound(lazy("This link confirms nothing any more: ask again in your account."))
    return row


def confirm(token: str, *, suppresses: bool = False) -> Erasure:
    """Let the customer of a mailed link be erased after the days of the setting; mail both sides.

    `suppresses`: their addresses are no longer kept from then on.
    Raises NotFound, or InvalidInput when they must be kept.
    """
    with transaction():
        row = find(token)
        customer = row.customer
        _refuse(customer)
        due = clock.now() + timedelta(days=int(settings.get("erasure_days")))
        needs_second = bool(settings.get("erasure_second"))
        unconfirmed = (Erasure.id == row.id) & (Erasure.state == "unconfirmed")
        values = {"state": "waiting", "due_at": due, "requested_at": clock.now()}
        values |= {"needs_second": needs_second, "suppresses": suppresses}
        if not Erasure.update(values).where(unconfirmed).execute():
            raise NotFound(lazy("This link confirms nothing any more: ask again in your account."))
        journal.record(journal.Act.ERASURE_REQUESTED, actor=customer, subject=customer.display_name, erasure=row.way)
        row.state, row.due_at, row.needs_second, row.suppresses = "waiting", due, needs_second, suppresses
        address = customer.writing_address
        owner = Recipient(address.email, i18n.supported(customer.locale), address=address)
        _tell(Occasion.ERASURE_PLANNED, owner, row)
        for agent in Agent.select().where(Agent.is_admin, Agent.active, Agent.password_hash.is_null(False)):
            told = Recipient(agent.email, i18n.supported(agent.locale), agent=agent)
            _tell(Occasion.ERASURE_WANTED, told, row)
    return row


def _tell(occasion: Occasion, recipient: Recipient, row: Erasure) -> None:
    with i18n.in_language(recipient.locale):
        zone = i18n.zone(recipient.agent.timezone if recipient.agent is not None else None)
        at = i18n.when(row.due_at, timezone=zone)
        if row.is_unconfirmed:
            at = i18n.translate("%(at)s, or later, once an administrator has confirmed it", at=at)
        link = f"{settings.site_url()}/admin/customers/{row.customer_id}"
        data = {"email": row.customer.display_name, "sentence": at, "link": link}
    notifications.owe(Cause(occasion, people=(recipient,), data=data))


def forget_unconfirmed() -> None:
    """Delete what nobody has confirmed in time."""
    old = Erasure.requested_at < clock.now() - timedelta(seconds=LIFETIME)
    Erasure.delete().where(PENDING_ERASURES, Erasure.state == "unconfirmed", old).execute()
