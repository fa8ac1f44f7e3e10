"""Keeping `Ticket.closing_step_at` true: at the end of each act's transaction, and when rows or hours have changed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from peewee import SQL, Case, Field, ModelSelect, chunked

from helpdesk import clock, i18n
from helpdesk.automatic_closing import places, plans
from helpdesk.automatic_closing.plans import Line, Plan
from helpdesk.due_times import recalculation
from helpdesk.due_times.keeping import calendar_of
from helpdesk.events import EventKind, transaction
from helpdesk.lib.cache import CachedValue
from helpdesk.locking import lock_all
from helpdesk.opening_hours import calendars
from helpdesk.settings import lookups, run_state
from models import LIVE, AutomaticClosing, ClosedDay, ScheduledReply, Ticket, TicketEvent

#: Tickets worked out in one transaction, and in one run: what is left follows a minute later.
AT_ONCE, MOST = 200, 5_000
#: Where it is remembered for which rows and hours all tickets were worked out, and how far that has come.
STATE = "automatic_closing"
#: What happens to tickets and may change whether and when they are closed.
MOVING = frozenset(
    {
        *plans.KINDS,
        *(EventKind.MOVED, EventKind.SNOOZED, EventKind.CLOSED, EventKind.CLOSED_BY_CUSTOMER, EventKind.SPAM),
        *(EventKind.DELETED, EventKind.REPLY_SCHEDULED, EventKind.REPLY_UNSCHEDULED, EventKind.REPLY_STOPPED),
        *(EventKind.KEPT_OPEN, EventKind.CLOSING_ALLOWED, EventKind.WITHDRAWN),
    }
)
STEP = SQL("closing_step_at IS NOT NULL")


def keep(noted: Mapping[int, set[EventKind]]) -> None:
    """Store anew what becomes of tickets: the last thing in the transaction that wrote these kinds in their histories.

    Without a row that is on nothing is read.
    """
    if places.exist():
        for ids in chunked(sorted(key for key, kinds in noted.items() if kinds & MOVING), AT_ONCE):
            store(list(Ticket.select().where(Ticket.id.in_(ids))))


def store(tickets: list[Ticket]) -> None:
    """Store what becomes of these tickets, by one statement for those that have a plan and one for those without."""
    found = plans_of(tickets)
    planned, without = dict[int, Plan](), list[int]()
    for ticket in tickets:
        plan = found.get(ticket.id)
        values = (plan.closes_at, plan.step_at) if plan is not None else (None, None)
        if (ticket.closes_at, ticket.closing_step_at) == values:
            continue
        if plan is not None:
            planned[ticket.id] = plan
        else:
            without.append(ticket.id)
    if without:
        Ticket.update(closes_at=None, closing_step_at=None).where(Ticket.id.in_(without)).execute()
    if planned:
        closes = {key: plan.closes_at for key, plan in planned.items()}
        steps = {key: plan.step_at for key, plan in planned.items()}
        both = {"closes_at": _each(Ticket.closes_at, closes), "closing_step_at": _each(Ticket.closing_step_at, steps)}
        Ticket.update(both).where(Ticket.id.in_(list(planned))).execute()


def _each(column: Field, values: Mapping[int, datetime]) -> Case:
    """Return an expression for a value of this column for each ticket (id)."""
    return Case(Ticket.id, [(key, column.to_value(value)) for key, value in values.items()])


def plans_of(tickets: Iterable[Ticket]) -> dict[int, Plan]:
    """Return what becomes of those of these tickets that are closed by themselves, by their ids."""
    ruled = [(ticket, row) for ticket in tickets if (row := row_acting_on(ticket)) is not None]
    lines = lines_of([ticket.id for ticket, _row in ruled])
    held = with_reply_to_come([ticket.id for ticket, _row in ruled])
    now = clock.now()
    found = {
        ticket.id: plans.plan(lines.get(ticket.id, []), row, calendar_of(ticket), now)
        for ticket, row in ruled
        if ticket.id not in held
    }
    return {key: planned for key, planned in found.items() if planned is not None}


def row_acting_on(ticket: Ticket) -> AutomaticClosing | None:
    """Return the row by which a ticket, as it stands, is closed some day; None where it is left alone."""
    if not ticket.is_unresolved or ticket.is_snoozed or ticket.stays_open:
        return None
    row = places.row_of(ticket)
    return row if row is not None and row.enabled and reaches(row, ticket) else None


def reaches(row: AutomaticClosing, ticket: Ticket) -> bool:
    """Whether the status of a ticket is one that counts for a row."""
    status = lookups.status(ticket.status_id)
    return status is not None and places.counts(status) and status.id in places.ticked(row)


def lines_of(ids: Collection[int]) -> dict[int, list[Line]]:
    """Return what is needed of these tickets' histories, in order."""
    if not ids:
        return {}
    events = TicketEvent.select(TicketEvent.ticket, TicketEvent.kind, TicketEvent.created_at, TicketEvent.data)
    mine = events.where(TicketEvent.ticket.in_(list(ids)), TicketEvent.kind.in_([kind.value for kind in plans.KINDS]))
    lines: dict[int, list[Line]] = {}
    for key, kind, at, data in mine.order_by(TicketEvent.created_at, TicketEvent.id).tuples():
        lines.setdefault(key, []).append(Line(EventKind(kind), at, data))
    return lines


def with_reply_to_come(ids: Collection[int]) -> set[int]:
    """Return those of these tickets in which a reply waits to be sent: that is a message of the team."""
    if not ids:
        return set()
    waiting = ScheduledReply.select(ScheduledReply.ticket).where(ScheduledReply.stopped_at.is_null())
    return {key for (key,) in waiting.where(ScheduledReply.ticket.in_(list(ids))).tuples()}


def is_announced(ticket: Ticket) -> bool:
    """Whether the customer was told that this ticket is closed, and it still is to be."""
    planned = plans_of([ticket]).get(ticket.id) if ticket.closes_at is not None else None
    return planned is not None and planned.is_announced


# --- When rows or hours have changed ------------------------------------------------------------------------------


def recalculate() -> int:
    """Work out tickets anew when rows, statuses or hours have changed since; return how many were looked at."""
    state = run_state.read(STATE) or {}
    if not places.exist():
        if Ticket.select(SQL("1")).where(STEP).exists():
            Ticket.update(closes_at=None, closing_step_at=None).where(STEP).execute()
        if state:
            run_state.forget(STATE)
        return 0
    return recalculation.go_on(STATE, state, _mark(), _next, _recalculate, MOST)


def candidates(after: int = 0) -> ModelSelect:
    """Return the ids of open tickets, in their order, whose status counts somewhere."""
    counting = [status.id for status in lookups.statuses() if places.counts(status)]
    query = Ticket.select(Ticket.id).where(LIVE, Ticket.id > after, Ticket.status.in_(counting))
    return query.order_by(Ticket.id)


def _next(after: int) -> list[int]:
    planned = Ticket.select(Ticket.id).where(STEP, Ticket.id > after).order_by(Ticket.id)
    ids = {key for query in (candidates(after), planned) for (key,) in query.limit(AT_ONCE).tuples()}
    return sorted(ids)[:AT_ONCE]


def _recalculate(ids: list[int]) -> None:
    with transaction():
        mine = Ticket.select().where(Ticket.id.in_(ids))
        lock_all(mine)
        store(list(mine))


def _read_mark() -> str:
    tables = (places.rows(), calendars.rows(), ClosedDay.select().order_by(ClosedDay.id))
    values = [sorted(row.__data__.items()) for rows in tables for row in rows]
    chosen = [(row.id, sorted(places.ticked(row))) for row in places.rows()]
    statuses = sorted((row.id, row.category, row.enabled) for row in lookups.statuses())
    return hashlib.sha256(repr((values, chosen, statuses, i18n.zone(None))).encode()).hexdigest()


#: What differs as soon as another ticket may be closed, or at another time.
_mark = CachedValue(_read_mark)
