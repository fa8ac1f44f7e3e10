"""What a rule of passed time would have done these seven days, worked out from the histories. Nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from helpdesk import access, clock
from helpdesk.access import Actor
from helpdesk.filters.conditions import Condition, fits
from helpdesk.filters.dry_run import Match, facts_of, match_of
from helpdesk.rules import clocks
from models import Ticket, TicketEvent

#: How far back it is tried, and on how many tickets.
BACK = timedelta(days=7)
TRIED = 1_000


def try_out(trigger: str, hours: int, conditions: Sequence[Condition], mode: str, *, actor: Actor) -> list[Match]:
    """Return the tickets whose time came these seven days and which fit as they are today, the latest first.

    Of the tickets whose clock was set in time, the newest `TRIED` are looked at. Raises NotAllowed.
    """
    access.require(actor, "configure")
    now, length = clock.now(), timedelta(hours=hours)
    starts = TicketEvent.select(TicketEvent.ticket).where(
        TicketEvent.created_at.between(now - BACK - length, now - length),
        TicketEvent.kind.in_([kind.value for kind in clocks.STARTS[trigger]]),
    )
    visible = access.with_author(access.visible_tickets(actor)).where(Ticket.id.in_(starts), ~Ticket.is_spam)
    tickets = list(visible.where(~Ticket.in_bin).order_by(Ticket.id.desc()).limit(TRIED))
    came = {key: at for key, at in _moments(tickets, trigger, length, now).items() if at is not None}
    matches = [
        match_of(facts, conditions, came[facts.ticket.id])
        for facts in facts_of([ticket for ticket in tickets if ticket.id in came])
        if not conditions or fits(conditions, mode, facts)
    ]
    return sorted(matches, key=lambda match: match.at or now, reverse=True)


def _moments(tickets: Sequence[Ticket], trigger: str, length: timedelta, now: datetime) -> dict[int, datetime | None]:
    histories = clocks.histories([ticket.id for ticket in tickets])
    return {key: _moment(clocks.stretches(trigger, steps), length, now) for key, steps in histories.items()}


def _moment(stretches: Sequence[clocks.Stretch], length: timedelta, now: datetime) -> datetime | None:
    """Return when a rule would have acted last, within these days: while its clock still ran."""
    moments = [row.start + length for row in stretches if row.end is None or row.start + length < row.end]
    return next((moment for moment in reversed(moments) if now - BACK < moment <= now), None)
