"""What a change of rules, hours or closed days would do to open tickets: how many move, how many become overdue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from peewee import SQL, chunked

from helpdesk import clock
from helpdesk.due_times import keeping, rules
from helpdesk.i18n import Count, _, ngettext
from helpdesk.opening_hours import calendars
from models import LIVE, Base, ClosedDay, DueTime, OpeningHours, Ticket

Row = TypeVar("Row", bound=Base)
#: Open tickets that are looked at, the newest ones: it takes a second. The others follow as those do.
MOST = 2_000


@dataclass(frozen=True)
class Preview:
    """Of how many tickets the due time would move, how many would become overdue, and whether some were left out."""

    moved: int = 0
    overdue: int = 0
    is_cut: bool = False

    def sentences(self) -> list[str]:
        """Say it in the reader's language; nothing where no ticket moves."""
        if not self.moved:
            return []
        moved = ngettext(
            "The due time of %(num)s open ticket changes.", "The due times of %(num)s open tickets change.", self.moved
        )
        lines = [moved]
        if self.overdue:
            lines.append(ngettext("%(num)s ticket becomes overdue.", "%(num)s tickets become overdue.", self.overdue))
        else:
            lines.append(_("None becomes overdue."))
        if self.is_cut:
            most = Count(MOST)
            lines.append(
                _("These are the numbers of the %(num)s newest open tickets; older ones change, too.", num=most)
            )
        return lines


def with_row(rows: Iterable[Row], row: Row) -> list[Row]:
    """Return these rows with one of them changed, or added as the last one."""
    every = [row if one.id == row.id else one for one in rows]
    return every if row.id is not None else [*every, row]


def without_row(rows: Iterable[Row], row: Row) -> list[Row]:
    """Return these rows without one of them."""
    return [one for one in rows if one.id != row.id]


def of(
    *,
    due_times: list[DueTime] | None = None,
    hours: list[OpeningHours] | None = None,
    days: list[ClosedDay] | None = None,
) -> Preview:
    """Return what it would do if these were the rules, the hours, the closed days (None: those of now)."""
    if not rules.exist() and not due_times:
        return Preview()
    moved = overdue = looked_at = 0
    now = clock.now()
    with ExitStack() as stack:
        if due_times is not None:
            stack.enter_context(rules.tried(due_times))
        if hours is not None or days is not None:
            some = calendars.rows() if hours is None else hours
            stack.enter_context(calendars.tried(some, calendars.days() if days is None else days))
        for before, after in _due_times():
            looked_at += 1
            moved += before != after
            overdue += after <= now < before
    return Preview(moved, overdue, looked_at >= MOST)


def _due_times() -> Iterator[tuple[datetime, datetime]]:
    """Give when open tickets are due, as stored and as worked out now."""
    newest = Ticket.select(Ticket.id).order_by(Ticket.id.desc()).limit(MOST).tuples()
    ids = sorted((key for state in (LIVE, SQL("is_snoozed")) for (key,) in newest.where(state)), reverse=True)[:MOST]
    for some in chunked(ids, keeping.AT_ONCE):
        tickets = list(Ticket.select().where(Ticket.id.in_(some)))
        for ticket, due in keeping.worked_out(tickets):
            yield ticket.due_at, due
