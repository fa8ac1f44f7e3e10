"""What automatic closing would do: tickets that were due before a row is switched on. Nothing is changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from peewee import SQL, chunked, fn

from helpdesk import access, clock, i18n
from helpdesk.access import Actor
from helpdesk.automatic_closing import keeping, places, plans
from helpdesk.due_times.keeping import calendar_of
from models import AutomaticClosing, Ticket, TicketEvent

#: Tickets worked out for one page; where there are more, the numbers are those of the oldest ones.
MOST = 2_000
#: Tickets named on the page that lists them.
LISTED = 100


def older(some: Iterable[AutomaticClosing]) -> dict[int, list[int]]:
    """Return the tickets that each of these rows leaves alone, or would have closed by yesterday, by its id.

    A row that is on leaves alone what was due before it was switched on; one that is off would have closed by the end
    of yesterday what was due by then. The tickets are ids, the oldest first, of `MOST` tickets at most.
    """
    rows = {row.id: row for row in some if not row.enabled or not row.includes_older}
    found: dict[int, list[int]] = defaultdict(list)
    earliest = clock.now() - timedelta(days=min((row.after_days for row in rows.values()), default=0))
    midnight = _midnight()
    for ids in chunked(_quiet_since(earliest) if rows else [], keeping.AT_ONCE):
        lines, held = keeping.lines_of(ids), keeping.with_reply_to_come(ids)
        for ticket in Ticket.select().where(Ticket.id.in_(ids), ~Ticket.stays_open).order_by(Ticket.id):
            row = places.row_of(ticket)
            if row is None or row.id not in rows or ticket.id in held or not keeping.reaches(row, ticket):
                continue
            history, calendar = lines.get(ticket.id, []), calendar_of(ticket)
            closes = plans.due(history, row, calendar)
            if plans.is_left_alone(history, row, calendar) if row.enabled else closes and closes <= midnight:
                found[row.id].append(ticket.id)
    return found


def named(ids: list[int], *, actor: Actor) -> list[Ticket]:
    """Return those of these tickets that the actor sees, the oldest first, at most `LISTED`. Raises NotAllowed."""
    access.require(actor, "configure")
    mine = access.with_author(access.visible_tickets(actor)).where(Ticket.id.in_(ids))
    return list(mine.order_by(Ticket.id).limit(LISTED))


def _quiet_since(moment: datetime) -> list[int]:
    """Return the ids of open tickets whose status counts and whose days have not begun anew since, oldest first."""
    kinds = [kind.value for kind in plans.BEGINNINGS]
    later = TicketEvent.select(SQL("1")).where(
        TicketEvent.ticket == Ticket.id, TicketEvent.created_at > moment, TicketEvent.kind.in_(kinds)
    )
    return [key for (key,) in keeping.candidates().where(~fn.EXISTS(later)).limit(MOST).tuples()]


def _midnight() -> datetime:
    """Return when yesterday ended, by the clock on the wall of the desk."""
    zone = ZoneInfo(i18n.zone(None))
    today = datetime.combine(clock.today(zone), time.min, tzinfo=zone)
    return today.astimezone(UTC).replace(tzinfo=None)
