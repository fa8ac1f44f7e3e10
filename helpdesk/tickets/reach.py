"""Whether an answer would reach anybody."""

from __future__ import annotations

from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from models import Ticket, TicketCc

REACHES_NOBODY = lazy("The customer of this ticket was erased, and nobody is in copy: an answer would reach nobody.")


def require_mailed(ticket: Ticket) -> None:
    """Raise InvalidInput at ``body`` where nobody would be mailed."""
    if reaches_nobody(ticket):
        raise InvalidInput(REACHES_NOBODY, field="body")
    if ticket.in_bin:
        raise InvalidInput(lazy("This ticket is in the bin: restore it, then reply."), field="body")
    if ticket.is_spam:
        raise InvalidInput(lazy("This ticket is under Spam: say that it is no spam, then reply."), field="body")


def reaches_nobody(ticket: Ticket) -> bool:
    """Whether no answer reaches anybody: the customer was erased, and nobody is in copy."""
    if ticket.customer.erased_at is None:
        return False
    return not TicketCc.select().where(TicketCc.ticket == ticket.id, ~TicketCc.waits).exists()
