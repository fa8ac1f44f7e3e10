"""E-mails that came back or were withheld, as the thread of their ticket shows them and sends them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk import access
from helpdesk.access import Actor
from helpdesk.events import transaction
from helpdesk.i18n import _
from helpdesk.lib import delivery_status
from helpdesk.notifications import recipients, withholding
from models import Message, OutgoingEmail

#: Mails of one page that are named.
MOST = 100


@dataclass(frozen=True)
class Returned:
    """A mail of a message that did not arrive: the sentence that says so, and the id of the customer’s address."""

    text: str
    address: int


def of_messages(messages: Sequence[Message]) -> dict[int, list[Returned]]:
    """Return the mails to customers that did not arrive, by the message they are of."""
    ids = [row.id for row in messages if getattr(row, "failed_mails", 0)]
    if not ids:
        return {}
    query = OutgoingEmail.select().where(_of(ids), OutgoingEmail.address.is_null(False)).order_by(OutgoingEmail.id)
    mails: dict[int, list[Returned]] = {}
    for mail in query.limit(MOST):
        row = Returned(_sentence(mail), mail.address_id)
        mails.setdefault(mail.message_id, []).append(row)
    return mails


def _sentence(mail: OutgoingEmail) -> str:
    if mail.bounced_at is None:
        return _("Not sent to %(email)s: e-mails came back from there.", email=mail.to_email)
    reason = delivery_status.words(mail.bounce_reason or "")
    return _("Not delivered to %(email)s: %(reason)s.", email=mail.to_email, reason=reason)


def _of(ids: Sequence[int]) -> object:
    lost = OutgoingEmail.bounced_at.is_null(False) | (OutgoingEmail.withheld == withholding.UNDELIVERABLE)
    return OutgoingEmail.message.in_(ids) & lost


def send_again(message: Message, *, actor: Actor) -> int:
    """Send the mails of a message again that came back or were withheld; return how many. Raises NotFound.

    None goes to whom the ticket is no longer of.
    """
    access.require(actor, "reply", message.ticket)
    with transaction():
        again = OutgoingEmail.update(withholding.fresh_try()).where(_of([message.id]), recipients.concerned())
        return int(again.execute())
