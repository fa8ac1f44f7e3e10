"""The confirmation of a new ticket: what became of it, and one that was withheld made good (RULES 36)."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from peewee import fn

from helpdesk import clock, i18n, notifications
from helpdesk.notifications import outbox_rows
from helpdesk.notifications.causes import Cause, Occasion
from models import CustomerAddress, Message, OutgoingEmail, Ticket

#: The kinds of mail that confirm a ticket to who opened it.
CONFIRMING = ("confirmation", "received")
#: The newest tickets that are confirmed when their address is proven, and their age: sent mails are kept longer, so
#: a ticket without one was never confirmed.
MOST = 10
OLDEST = timedelta(days=30)


class Confirmation(StrEnum):
    """What became of the confirmation of a ticket."""

    MAILED = "mailed"
    #: The address is not proven and was written to within the hour.
    WITHHELD = "withheld"
    #: The desk confirms nothing.
    NONE = "none"


def confirmation_of(ticket: Ticket) -> Confirmation:
    """Return what became of the confirmation of a ticket that was just opened.

    What a filter or the spam rule put away shows its author the usual page (RULES 15, 16).
    """
    if ticket.address_id is None:
        return Confirmation.NONE
    if ticket.is_spam or ticket.in_bin:
        is_on = outbox_rows.text("confirmation", i18n.supported(ticket.locale)).enabled
        return Confirmation.MAILED if is_on else Confirmation.NONE
    mails = OutgoingEmail.select(OutgoingEmail.kind).where(
        OutgoingEmail.ticket == ticket.id, OutgoingEmail.address == ticket.address_id
    )
    if mails.where(OutgoingEmail.kind.in_(CONFIRMING)).exists():
        return Confirmation.MAILED
    is_on = outbox_rows.text("received", i18n.supported(ticket.locale)).enabled
    return Confirmation.WITHHELD if is_on and not ticket.address.is_proven else Confirmation.NONE


def make_good(address: CustomerAddress) -> None:
    """Mail the confirmations that were withheld from an address while it was not proven.

    Call it in the transaction that proves it, once.
    """
    confirmed = OutgoingEmail.select(OutgoingEmail.ticket).where(
        OutgoingEmail.address == address.id, OutgoingEmail.ticket.is_null(False)
    )
    # Who got the ticket of somebody else opened none: whether they are mailed was decided then.
    opened_by = Message.select(Message.customer).where(Message.ticket == Ticket.id).order_by(Message.id).limit(1)
    unconfirmed = Ticket.select().where(
        Ticket.address == address.id, Ticket.created_at > clock.now() - OLDEST, Ticket.id.not_in(confirmed),
        fn.COALESCE(opened_by, address.customer_id) == address.customer_id,
    )  # fmt: skip
    for ticket in reversed(unconfirmed.order_by(Ticket.id.desc()).limit(MOST)):
        notifications.owe(Cause(Occasion.PROVEN, ticket=ticket))
