"""When a rule of passed time looks at a ticket again: conditions on the time of day or on age hold later, unasked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from peewee import chunked

from helpdesk import clock
from helpdesk.filters.conditions import Condition, conditions_of
from helpdesk.filters.ticket_fields import TicketFields
from helpdesk.opening_hours import calendars
from helpdesk.opening_hours.arithmetic import next_opening
from models import Filter, RuleMoment, Ticket

#: Tickets that are looked at again in one run.
MOST = 500
HOUR = timedelta(hours=1)


def due(now: datetime) -> set[int]:
    """Return the ids of tickets that must be looked at again now."""
    rows = RuleMoment.select(RuleMoment.ticket).where(RuleMoment.rule.is_null(False), RuleMoment.due_at <= now)
    return {ticket for (ticket,) in rows.order_by(RuleMoment.due_at, RuleMoment.id).limit(MOST).tuples()}


def forget_due(tickets: Iterable[int], now: datetime) -> None:
    """Forget the moments that had come for these tickets, which have been looked at; later ones stay."""
    for ids in chunked(tickets, MOST):
        RuleMoment.delete().where(
            RuleMoment.ticket.in_(ids), RuleMoment.rule.is_null(False), RuleMoment.due_at <= now
        ).execute()


def look_again(ticket: Ticket, rule: Filter, moment: datetime | None) -> None:
    """Let a rule look at a ticket again at this moment, if there is one."""
    if moment is not None:
        row = RuleMoment.insert(ticket=ticket.id, rule=rule.id, due_at=moment, data={})
        update = {RuleMoment.due_at: moment}
        row.on_conflict(conflict_target=[RuleMoment.rule, RuleMoment.ticket], update=update).execute()


def next_look(rule: Filter, facts: TicketFields) -> datetime | None:
    """Return when conditions that fail now may hold just because time goes on; None for never."""
    failing = [row for row in conditions_of(rule) if row.is_known and not row.holds(facts)]
    later = [_holds_at(row, facts) for row in failing]
    known = [moment for moment in later if moment is not None]
    if rule.mode == "any":
        return min(known, default=None)
    return max(known, default=None) if len(known) == len(later) else None


def _holds_at(condition: Condition, facts: TicketFields) -> datetime | None:
    now = clock.now()
    if condition.operator == "open_now":
        calendar = calendars.find_calendar(facts.ticket.service_id)
        return next_opening(calendar, now) if calendar is not None else None
    if condition.operator == "closed_now":
        return now + HOUR if calendars.find_calendar(facts.ticket.service_id) is not None else None
    if condition.operator == "older":
        opened: datetime = facts.ticket.created_at
        return opened + timedelta(hours=int(condition.value))
    return None
