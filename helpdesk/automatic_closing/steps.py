"""The minute's run: tickets whose moment has come are announced to their customers, or closed.

What fell due while the desk was off follows once, the longest due first, at most 200 tickets an hour of either kind. A
ticket is closed only once its announcement has gone out, and stays open where that was not delivered.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from zoneinfo import ZoneInfo

from peewee import DatabaseError, DataError, IntegrityError

from helpdesk import clock, i18n, notifications, tickets
from helpdesk.access import SYSTEM
from helpdesk.automatic_closing import keeping, places, plans
from helpdesk.automatic_closing.plans import Plan
from helpdesk.due_times.keeping import calendar_of
from helpdesk.events import EventKind, record, transaction, twice_at_most
from helpdesk.locking import for_update, mark_locked
from helpdesk.notifications import Cause, Occasion
from helpdesk.opening_hours.arithmetic import add_open_days
from helpdesk.relations import blocking
from models import AutomaticClosing, OutgoingEmail, Ticket, TicketEvent

logger = logging.getLogger(__name__)

#: Tickets closed, and tickets announced, within an hour at most; and those looked at in one run.
HOURLY = 200
MOST = 2 * HOURLY
HOUR = timedelta(hours=1)
#: Tickets met in one run that must wait because so many had their turn within the hour: then it is enough.
PATIENCE = 20
#: An announcement that leaves later than this after it was written counts from when it left.
PROMPT = timedelta(hours=12)


class Step(Enum):
    """What became of a ticket in a run."""

    ANNOUNCED = "announced"
    CLOSED = "closed"
    FULL = "full"
    NONE = "none"


#: What is done to so many tickets an hour at most.
LIMITED = (Step.ANNOUNCED, Step.CLOSED)


def run() -> int:
    """Announce and close what is due, the longest due first; return how many tickets."""
    if not places.exist():
        return 0
    due = Ticket.select(Ticket.id).where(keeping.STEP, Ticket.closing_step_at <= clock.now())
    ids = [key for (key,) in due.order_by(Ticket.closing_step_at, Ticket.id).limit(MOST).tuples()]
    done = _of_last_hour() if ids else Counter()
    before = done[Step.CLOSED] + done[Step.ANNOUNCED]
    for key in ids:
        full = frozenset(kind for kind in LIMITED if done[kind] >= HOURLY)
        if len(full) == len(LIMITED) or done[Step.FULL] >= PATIENCE:
            break
        done[_try_step(key, full)] += 1
    return done[Step.CLOSED] + done[Step.ANNOUNCED] - before


def _try_step(key: int, full: frozenset[Step]) -> Step:
    try:
        return twice_at_most(partial(_take_step, key, full))
    except Exception as error:
        if isinstance(error, DatabaseError | OSError) and not isinstance(error, IntegrityError | DataError):
            # The database is away, or acts collide: the loop tries again.
            raise
        logger.exception("A ticket could not be announced or closed: it is tried again in an hour.")
        Ticket.update(closing_step_at=clock.now() + HOUR).where(Ticket.id == key, keeping.STEP).execute()
        return Step.NONE


def _of_last_hour() -> Counter[Step]:
    """Return how many tickets this job has closed, and announced, within the last hour."""
    kinds = {EventKind.CLOSED.value: Step.CLOSED, EventKind.CLOSING_ANNOUNCED.value: Step.ANNOUNCED}
    now = clock.now()
    lines = TicketEvent.select(TicketEvent.kind, TicketEvent.data).where(
        # What was written by a clock that was ahead is not of this hour.
        TicketEvent.created_at > now - HOUR, TicketEvent.created_at <= now,
        TicketEvent.kind.in_(list(kinds)), TicketEvent.agent.is_null(),
    )  # fmt: skip
    rows = list(lines.tuples())
    return Counter(kinds[kind] for kind, data in rows if kinds[kind] is not Step.CLOSED or data.get("why") == plans.WHY)


def _take_step(key: int, full: frozenset[Step]) -> Step:
    """Do what is due in a ticket, as it stands now, unless so many had that of late; return what was done."""
    # No reader is there: what is stored is written as the desk writes it.
    with i18n.in_language(None), transaction():
        mine = Ticket.select().where(Ticket.id == key, keeping.STEP, Ticket.closing_step_at <= clock.now())
        ticket = for_update(mine).first()
        if ticket is None:
            return Step.NONE
        mark_locked(ticket)
        row, planned = keeping.row_acting_on(ticket), keeping.plans_of([ticket]).get(key)
        if row is None or planned is None or planned.step_at > clock.now():
            # Rows or hours have changed, and all tickets are just being worked out anew.
            keeping.store([ticket])
            return Step.NONE
        if blocking.blockers(ticket):
            # Its customer is told nothing that does not happen.
            Ticket.update(closing_step_at=clock.now() + HOUR).where(Ticket.id == key).execute()
            return Step.NONE
        if (Step.CLOSED if planned.is_announced else Step.ANNOUNCED) in full:
            return Step.FULL
        return (_close if planned.is_announced else _announce)(ticket, row, planned)


def _announce(ticket: Ticket, row: AutomaticClosing, planned: Plan) -> Step:
    """Write the e-mail that says when the ticket is closed; where none can reach its customer, it stays open."""
    until = plans.announcing_until(row, calendar_of(ticket), clock.now()) or planned.closes_at
    until = max(until, planned.closes_at)
    day = until.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(i18n.zone(None))).date()
    mails = notifications.owe(Cause(Occasion.CLOSING_SOON, ticket=ticket, data={"closes": day}))
    owed = next((mail for mail in mails if mail.state == "pending"), None)
    if owed is None:
        return _leave_open(ticket)
    record(ticket, EventKind.CLOSING_ANNOUNCED, actor=SYSTEM, until=until.isoformat(), mail=owed.id)
    return Step.ANNOUNCED


def _close(ticket: Ticket, row: AutomaticClosing, planned: Plan) -> Step:
    mail = OutgoingEmail.get_or_none(OutgoingEmail.id == planned.mail)
    if mail is not None and (mail.bounced_at is not None or mail.state in {"failed", "cancelled"}):
        return _leave_open(ticket)
    # One that is gone was sent: old e-mails are deleted.
    allowed = _allowed_from(mail, row, ticket) if mail is not None else clock.now()
    if allowed is None or allowed > clock.now():
        later = allowed or clock.now() + HOUR
        Ticket.update(closes_at=later, closing_step_at=later).where(Ticket.id == ticket.id).execute()
        return Step.NONE
    tickets.close(ticket, actor=SYSTEM, why=plans.WHY, name=str(_days_since(planned.since)))
    return Step.CLOSED


def _allowed_from(mail: OutgoingEmail, row: AutomaticClosing, ticket: Ticket) -> datetime | None:
    """Return from when a ticket may be closed whose announcement is this e-mail; None while it waits to be sent."""
    if mail.sent_at is None:
        return None
    if mail.sent_at - mail.created_at <= PROMPT:
        return clock.now()
    return add_open_days(calendar_of(ticket), mail.sent_at, row.warning_days)


def _leave_open(ticket: Ticket) -> Step:
    record(ticket, EventKind.NOT_CLOSED, actor=SYSTEM)
    return Step.NONE


def _days_since(moment: datetime) -> int:
    """Return how many days ago that was, by the calendar on the wall of the desk."""
    zone = ZoneInfo(i18n.zone(None))
    return (clock.today(zone) - moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone).date()).days
