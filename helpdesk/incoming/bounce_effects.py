"""What follows from a mail that came back: a mark on it, a line in its ticket, its address left in peace."""

from __future__ import annotations

from datetime import datetime

from helpdesk import clock
from helpdesk.access import SYSTEM
from helpdesk.errors import Merged, NotFound
from helpdesk.events import EventKind, record, transaction
from helpdesk.incoming import mail_record
from helpdesk.incoming.bounced_mail import BouncedMail
from helpdesk.incoming.delivery_report import DELAYED, FAILED
from helpdesk.locking import lock
from helpdesk.people import deliverability
from models import IncomingMail, OutgoingEmail, Ticket, TicketEvent


def store(mail: IncomingMail, bounced: BouncedMail) -> None:
    """Note on the mail, in the ticket and on the address that a mail came back, or that it is late."""
    with transaction():
        is_news = bounced.kind == DELAYED or _mark(bounced)
        if bounced.address is not None and bounced.ticket is not None and is_news:
            _tell(mail, bounced, bounced.ticket)
        if bounced.address is not None and bounced.kind == FAILED and bounced.is_proven:
            deliverability.note_bounce(bounced.address)
        mail.ticket = bounced.ticket
        mail_record.finish(mail)


def _mark(bounced: BouncedMail) -> bool:
    """Mark the mail as come back; return whether that was not known yet."""
    if bounced.email_id is None:
        return True
    values: dict[str, str | datetime] = {"bounced_at": clock.now(), "bounce_reason": bounced.why}
    mark = OutgoingEmail.update(values).where(OutgoingEmail.id == bounced.email_id, OutgoingEmail.bounced_at.is_null())
    return bool(mark.execute())


def _tell(mail: IncomingMail, bounced: BouncedMail, ticket: Ticket) -> None:
    """Write a line into the history; who has the ticket is mailed once of an address that failed."""
    try:
        lock(ticket, actor=SYSTEM)
    except (NotFound, Merged):
        return
    kind = EventKind.BOUNCED if bounced.kind == FAILED else EventKind.DELAYED
    earlier = TicketEvent.select(TicketEvent.data).where(TicketEvent.ticket == ticket.id, TicketEvent.kind == kind)
    again = any(event.data.get("email") == bounced.email for event in earlier.order_by(TicketEvent.id.desc()).limit(50))
    if again and kind == EventKind.DELAYED:
        return
    record(ticket, kind, actor=SYSTEM, email=bounced.email, code=bounced.code, mail=mail.id, silent=again)
