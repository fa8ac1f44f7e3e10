"""What people decide about a ticket that would be closed by itself: its customer, and the team."""

from __future__ import annotations

from helpdesk.access import Actor, TicketGuest
from helpdesk.errors import InvalidInput
from helpdesk.events import EventKind, record
from helpdesk.i18n import lazy
from helpdesk.locking import act
from helpdesk.settings import lookups
from helpdesk.tickets.messages import hand_to_team
from models import OPEN, Customer, Ticket


def not_resolved(ticket: Ticket, *, actor: Customer | TicketGuest) -> None:
    """Put a ticket back to the team, as a message of its customer does (RULES 12), without one.

    One that waits for the team already stays as it is, and spam too. Raises InvalidInput for a ticket that was closed:
    only a message opens it again (RULES 13).
    """
    with act(ticket, "close", actor=actor):
        if ticket.is_closed:
            raise InvalidInput(lazy("This ticket has been closed meanwhile: write a message, and it is open again."))
        status = lookups.status(ticket.status_id)
        if ticket.is_spam or status is None or status.category == OPEN:
            return
        hand_to_team(ticket, actor)
        record(ticket, EventKind.NOT_RESOLVED, actor=actor)


def keep_open(ticket: Ticket, *, actor: Actor) -> None:
    """Let a ticket not be closed by itself, until somebody allows it again."""
    with act(ticket, "close", actor=actor):
        if not ticket.stays_open:
            ticket.stays_open = True
            ticket.save()
            record(ticket, EventKind.KEPT_OPEN, actor=actor)


def allow_closing(ticket: Ticket, *, actor: Actor) -> None:
    """Let a ticket be closed by itself again, as others of its place."""
    with act(ticket, "close", actor=actor):
        if ticket.stays_open:
            ticket.stays_open = False
            ticket.save()
            record(ticket, EventKind.CLOSING_ALLOWED, actor=actor)
