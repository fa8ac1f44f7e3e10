"""Keeping `Ticket.due_at` true: at the end of each act's transaction, and when the rules or the hours have changed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from peewee import SQL, chunked

from helpdesk import i18n, settings
from helpdesk.due_times import alerts, outcomes, overdue, recalculation, rules
from helpdesk.due_times.alerts import Alert
from helpdesk.due_times.targets import WAKING, History, Step, Target, targets
from helpdesk.events import EventKind, transaction
from helpdesk.lib.cache import CachedValue
from helpdesk.locking import lock_all
from helpdesk.opening_hours import calendars
from helpdesk.opening_hours.arithmetic import DAY, Calendar
from helpdesk.settings import lookups, run_state
from models import CLOSED, LIVE, NO_DUE_TIME, OPEN, PENDING, ClosedDay, DueOutcome, Ticket, TicketEvent

#: Tickets that are worked out in one transaction.
AT_ONCE = 200
#: Tickets of one run: some ten seconds, while other jobs wait. What is left follows a minute later.
MOST = 20_000
#: Where it is remembered for which rules and hours all tickets were worked out, and how far it has come.
STATE = "due_times"
#: The category of the status that each kind of event leaves behind; that of a new status stands in the event.
CATEGORIES = {
    EventKind.OPENED: OPEN,
    EventKind.REPLIED: PENDING,
    EventKind.SENT_ELSEWHERE: PENDING,
    EventKind.CLOSED: CLOSED,
    EventKind.CLOSED_BY_CUSTOMER: CLOSED,
    EventKind.REOPENED: OPEN,
    EventKind.CUSTOMER_WROTE: OPEN,
    EventKind.NOT_RESOLVED: OPEN,
}
#: The settings that change when somebody hears of a due time, or where a ticket stands.
_SETTINGS = ("overdue_first", "due_warning_percent", "due_alerts_at_night")
#: What moves no due time.
_IDLE = frozenset(
    {
        *(EventKind.ASSIGNED, EventKind.TAKEN, EventKind.TRANSFERRED, EventKind.UNASSIGNED),
        *(EventKind.TAGGED, EventKind.UNTAGGED, EventKind.NOTE_ADDED, EventKind.NOTE_DELETED, EventKind.NAMED),
    }
)
_KINDS = (
    *(*CATEGORIES, *WAKING, EventKind.STATUS, EventKind.SNOOZED, EventKind.UNDONE),
    *(EventKind.MERGE_UNDONE, EventKind.TAKEN_OUT, EventKind.SPLIT_OFF),
)


def keep(noted: Mapping[int, set[EventKind]]) -> None:
    """Store anew when tickets are due: the last thing in the transaction that wrote these kinds in their histories."""
    if rules.exist():
        for ids in chunked(sorted(key for key, kinds in noted.items() if kinds - _IDLE), AT_ONCE):
            ended = [key for key in ids if noted[key] & outcomes.ENDING]
            _store(Ticket.select().where(Ticket.id.in_(ids)), outcomes.read(ended))


def _store(tickets: Iterable[Ticket], judged: Mapping[int, list[DueOutcome]]) -> None:
    """Store when tickets are due; what became of due times in those of them that `judged` names."""
    rows = list(tickets)
    steps = _steps_of([row.id for row in rows])
    for ticket in rows:
        history = History.of(ticket.created_at, steps.get(ticket.id, []))
        found, calendar = _targets(ticket, history), calendar_of(ticket)
        due = _earliest(found)
        alert_at = alerts.next_moment(alerts.waiting(ticket, alerts.all_alerts(history, found, calendar)))
        columns = {"due_at": due, "alert_at": alert_at, "rank": overdue.rank_of(ticket, due)}
        changed = {name: value for name, value in columns.items() if getattr(ticket, name) != value}
        if changed:
            Ticket.update(**changed).where(Ticket.id == ticket.id).execute()
        if ticket.id in judged:
            outcomes.store(ticket, history, rules.rule_for(ticket), calendar, judged[ticket.id])


def targets_of(ticket: Ticket) -> list[Target]:
    """Return what is due in a ticket, the earliest first, worked out from its history."""
    return _targets(ticket, History.of(ticket.created_at, _steps_of([ticket.id]).get(ticket.id, [])))


def worked_out(tickets: list[Ticket]) -> Iterator[tuple[Ticket, datetime]]:
    """Give each ticket and when it is due by the rules and hours that hold now; nothing is stored."""
    steps = _steps_of([ticket.id for ticket in tickets])
    for ticket in tickets:
        yield ticket, _earliest(_targets(ticket, History.of(ticket.created_at, steps.get(ticket.id, []))))


def _earliest(found: Iterable[Target]) -> datetime:
    return next((target.due for target in found if target.due is not None), NO_DUE_TIME)


def alerts_of(tickets: list[Ticket]) -> Iterator[tuple[Ticket, Calendar, list[Alert]]]:
    """Give the calendar of each ticket, and what is to be told of it, now or later."""
    steps = _steps_of([ticket.id for ticket in tickets])
    for ticket in tickets:
        history, calendar = History.of(ticket.created_at, steps.get(ticket.id, [])), calendar_of(ticket)
        yield ticket, calendar, alerts.all_alerts(history, _targets(ticket, history), calendar)


def _targets(ticket: Ticket, history: History) -> list[Target]:
    rule = rules.rule_for(ticket)
    if rule is None or not ticket.is_unresolved:
        return []
    return targets(history, rule, calendar_of(ticket))


def calendar_of(ticket: Ticket) -> Calendar:
    """Return the calendar by which a ticket's time is counted: day and night where there are no opening hours."""
    calendar = calendars.find_calendar(ticket.service_id)
    return calendar or Calendar(ZoneInfo(i18n.zone(None)), (((0, DAY),),) * 7)


def _steps_of(ids: Collection[int]) -> dict[int, list[Step]]:
    events = TicketEvent.select(
        *(TicketEvent.ticket, TicketEvent.kind, TicketEvent.created_at, TicketEvent.actor_name, TicketEvent.data)
    )
    mine = events.where(TicketEvent.ticket.in_(list(ids)), TicketEvent.kind.in_([kind.value for kind in _KINDS]))
    steps: dict[int, list[Step]] = {}
    for key, kind, at, who, data in mine.order_by(TicketEvent.created_at, TicketEvent.id).tuples() if ids else ():
        event = EventKind(kind)
        by_person = bool(who) or event is EventKind.CLOSED_BY_CUSTOMER
        by_person |= event is EventKind.SENT_ELSEWHERE and "late" not in data
        category = CATEGORIES.get(event, "") or category_of(event, data)
        steps.setdefault(key, []).append(Step(event, at, by_person, category, data.get("asleep")))
    return steps


def category_of(kind: EventKind, data: dict[str, Any]) -> str:
    """Return the category of the status that an event set; before it stood in the event, the label tells it."""
    if "category" in data:
        return str(data["category"])
    if kind is not EventKind.STATUS and data.get("why") != "back-status":
        return ""
    label = data.get("new", data.get("name"))
    return next((row.category for row in lookups.statuses() if row.label == label), OPEN)


# --- When rules or hours have changed -----------------------------------------------------------------------------


def recalculate() -> int:
    """Work out open tickets anew when the rules or the hours have changed since; return how many were looked at."""
    state = run_state.read(STATE) or {}
    if not rules.exist():
        if state:
            none = {"due_at": NO_DUE_TIME, "alert_at": NO_DUE_TIME}
            Ticket.update(**none).where(Ticket.due_at != NO_DUE_TIME).execute()
            overdue.clear()
            run_state.forget(STATE)
        return 0
    return recalculation.go_on(STATE, state, _mark(), _next, _recalculate, MOST)


def _next(after: int) -> list[int]:
    """Return the ids of the next open tickets: those that are awake and those that sleep have an index each."""
    later = Ticket.select(Ticket.id).where(Ticket.id > after).order_by(Ticket.id).limit(AT_ONCE).tuples()
    ids = {key for state in (LIVE, SQL("is_snoozed")) for (key,) in later.where(state)}
    return sorted(ids)[:AT_ONCE]


def _recalculate(ids: list[int]) -> None:
    with transaction():
        mine = Ticket.select().where(Ticket.id.in_(ids))
        lock_all(mine)
        _store(mine, {})


def _read_mark() -> str:
    tables = (rules.rules(), calendars.rows(), ClosedDay.select().order_by(ClosedDay.id))
    values = [sorted(row.__data__.items()) for rows in tables for row in rows]
    # A status that opens or closes from now on opens or closes its tickets.
    categories = sorted((row.id, row.category) for row in lookups.statuses())
    others = (categories, i18n.zone(None), [settings.get(key) for key in _SETTINGS])
    return hashlib.sha256(repr((values, others)).encode()).hexdigest()


#: What differs as soon as a due time may differ.
_mark = CachedValue(_read_mark)
