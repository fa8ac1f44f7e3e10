"""Rules when time has passed: once a minute, what fell due since the last run, in order, once (D5, RULES 42).

What starts a clock is a line of a history, so that what falls due in a minute is found by the index of when lines were
written, however many tickets are open. Tickets in which something happened since are looked at again, and so are those
that a condition kept back until a moment. A desk that was off goes on where it stopped, some tickets in each run.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from peewee import DatabaseError, ModelSelect, chunked

from engines import is_collision
from helpdesk import clock, i18n
from helpdesk.events import EventKind, transaction, twice_at_most
from helpdesk.filters import running
from helpdesk.filters.conditions import conditions_of, fits
from helpdesk.filters.rule_log import RuleLog
from helpdesk.filters.ticket_fields import Change, TicketFields
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.locking import for_update, mark_locked
from helpdesk.rules import clocks, moments
from helpdesk.rules.acting import DAY, act, marks_of
from helpdesk.rules.clocks import Step
from helpdesk.settings import run_state
from models import DAILY, LIVE, PASSED, Filter, Ticket, TicketEvent

logger = logging.getLogger(__name__)

#: Where it is remembered up to when, and to which ticket of that moment, everything was looked at.
STATE = "time_rules"
#: Tickets that are acted on, and looked at because their time came, in one run: what is left follows a minute later.
MOST_ACTS, MOST_LOOKED = 200, 500
#: Lines of histories that are read for one rule, or because something happened, in one run: more than are ever written
#: at one moment (`departures.ticket_holdings.AT_ONCE`), so that each run comes further.
MOST_LINES = 2_500
#: Tickets named in one statement.
AT_ONCE = 500
#: How long a transaction may take until its lines are there.
OVERLAP = timedelta(minutes=2)
#: Lines that say what rules did: nothing that a rule waits for.
_OWN = [kind.value for kind in (EventKind.RULE_APPLIED, EventKind.RULE_SKIPPED, EventKind.RULES_REST)]


@dataclass
class Run:
    """One run: the rules, now, and what was done."""

    rules: Sequence[Filter]
    now: datetime
    acts: int = 0
    looked: int = 0
    #: Tickets that were acted on, by id.
    done: set[int] = field(default_factory=set)
    #: The histories of the tickets that are looked at, read together.
    histories: dict[int, list[Step]] = field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        """Whether the rest must wait for the next run."""
        return self.acts >= MOST_ACTS or self.looked >= MOST_LOOKED


def act_due() -> int:
    """Let the rules act whose time has come; return on how many tickets one did."""
    rules, now = running.enabled(PASSED), clock.now()
    if not rules:
        if run_state.read(STATE) is not None:
            run_state.forget(STATE)
        return 0
    if run_state.is_resting_copy():
        return 0
    since, last = _begun(rules, now)
    run = Run(rules, now)
    changed, until = _changed(since, now)
    if not _look_again(run, changed, since):
        # The rest is read again in the next run.
        run_state.write(STATE, {"until": since.isoformat(), "ticket": last})
        return len(run.done)
    fallen_due, until = _fallen_due(rules, since, last, until)
    run.histories = _histories(sorted({ticket for _moment, ticket, _rules in fallen_due[: MOST_LOOKED + 1]}))
    for moment, ticket, mine in fallen_due:
        if run.is_full:
            break
        _look(run, ticket, mine)
        since, last = moment, ticket
    else:
        since, last = until, 0
    run_state.write(STATE, {"until": since.isoformat(), "ticket": last})
    return len(run.done)


def _look_again(run: Run, changed: set[int], since: datetime) -> bool:
    """Look at tickets in which something has changed, and at those whose moment to be looked at again has come.

    Return whether all that changed was looked at; a moment of which nothing was is kept for the next run.
    """
    again = [*sorted(changed), *sorted(moments.due(run.now) - changed)]
    run.histories = _histories(again)
    count = 0
    for ticket in again:
        if run.is_full:
            break
        _look(run, ticket, run.rules, due_until=since)
        count += 1
    moments.forget_due(again[:count], run.now)
    return count >= len(changed)


def _begun(rules: Sequence[Filter], now: datetime) -> tuple[datetime, int]:
    """Return up to which moment and ticket everything was looked at; the clock may have been set back since."""
    state = run_state.read(STATE)
    if state is None:
        return min(now, *(rule.active_from or now for rule in rules)), 0
    since = datetime.fromisoformat(state["until"])
    return (since, int(state["ticket"])) if since <= now else (now, 0)


def _changed(since: datetime, now: datetime) -> tuple[set[int], datetime]:
    """Return the open tickets in which something has happened since, and up to when that was read."""
    rows = _lines(since - OVERLAP, now)
    if len(rows) == MOST_LINES and rows[-1][0] <= since:
        # More than that was written just before, and read by then: on from there.
        rows = _lines(since, now)
    until = rows[-1][0] if len(rows) == MOST_LINES and rows[-1][0] > since else now
    return _live({ticket for _at, ticket in rows}), until


def _lines(since: datetime, until: datetime, trigger: str = "") -> list[tuple[datetime, int]]:
    """Return when lines that set this clock (or any) were written between two moments, and where; the oldest ones.

    Of their table alone: joined with the open tickets, SQLite would read all of these instead.
    """
    return [(row.created_at, row.ticket_id) for row in _read_lines(trigger, since=since, until=until)]


@Prepared
def _read_lines(trigger: str) -> ModelSelect:
    kinds = [kind.value for kind in clocks.STARTS.get(trigger, ())]
    condition = TicketEvent.kind.in_(kinds) if kinds else TicketEvent.kind.not_in(_OWN)
    lines = TicketEvent.select(TicketEvent.created_at, TicketEvent.ticket)
    lines = lines.where(TicketEvent.created_at >= Slot("since"), TicketEvent.created_at <= Slot("until"), condition)
    return lines.order_by(TicketEvent.created_at, TicketEvent.id).limit(MOST_LINES)


def _histories(tickets: Sequence[int]) -> dict[int, list[Step]]:
    steps: dict[int, list[Step]] = {}
    for ids in chunked(tickets, AT_ONCE):
        steps |= clocks.histories(ids)
    return steps


def _live(tickets: Iterable[int]) -> set[int]:
    """Return which of these tickets are open and awake."""
    live: set[int] = set()
    for ids in chunked(sorted(tickets), AT_ONCE):
        live |= {key for (key,) in Ticket.select(Ticket.id).where(Ticket.id.in_(ids), LIVE).tuples()}
    return live


def _fallen_due(
    rules: Sequence[Filter], since: datetime, last: int, until: datetime
) -> tuple[list[tuple[datetime, int, list[Filter]]], datetime]:
    """Return the tickets for which the time of a rule has come, in order, each with these rules; and until when."""
    due: dict[tuple[datetime, int], list[Filter]] = {}
    for rule in rules:
        length = timedelta(hours=rule.hours)
        rows = _lines(since - length, until - length, rule.trigger)
        if len(rows) == MOST_LINES and rows[-1][0] + length > since:
            until = rows[-1][0] + length
        for at, ticket in rows:
            due.setdefault((at + length, ticket), []).append(rule)
    live = _live({ticket for _moment, ticket in due})
    rest = [key for key in sorted(due) if key[1] in live and (since, last) < key and key[0] <= until]
    # At one moment each rule looks at a ticket once, however many lines say that its clock began.
    return [(*key, list({rule.id: rule for rule in due[key]}.values())) for key in rest], until


def _look(run: Run, ticket_id: int, rules: Sequence[Filter], *, due_until: datetime | None = None) -> None:
    """Let these rules act on one ticket, in a transaction of its own: those whose time came now, or before already.

    What came since is left to its turn where a ticket is looked at because of something else.
    """
    is_due = due_until is None
    run.looked += is_due
    rules = _waiting_for(rules, run.histories.get(ticket_id, []), due_until or run.now)
    if not rules or not (is_due or _may_match(ticket_id, rules)):
        return
    try:
        acted = twice_at_most(partial(_act, ticket_id, rules, is_due))
    except DatabaseError as error:
        if not is_collision(error):
            raise
        logger.exception("Rules of passed time failed for a ticket.")
        return
    if acted:
        run.acts += 1
        run.done.add(ticket_id)


def _waiting_for(rules: Sequence[Filter], steps: Sequence[Step], now: datetime) -> list[Filter]:
    """Return the rules whose time has come in a ticket with this history, and not before they were switched on."""
    starts = {clock: _running_since(clock, steps) for clock in {rule.trigger for rule in rules}}
    return [rule for rule in rules if (moment := _moment(rule, starts[rule.trigger])) is not None and moment <= now]


def moment_of(rule: Filter, steps: Sequence[Step]) -> datetime | None:
    """Return when the time of a rule comes or came in a ticket with this history; None where its clock stands still."""
    return _moment(rule, _running_since(rule.trigger, steps))


def _running_since(trigger: str, steps: Sequence[Step]) -> datetime | None:
    return next((row.start for row in clocks.stretches(trigger, steps) if row.end is None), None)


def _moment(rule: Filter, start: datetime | None) -> datetime | None:
    if start is None:
        return None
    moment = start + timedelta(hours=rule.hours)
    return moment if rule.active_from is None or moment >= rule.active_from else None


def _may_match(ticket_id: int, rules: Iterable[Filter]) -> bool:
    """Whether one of these rules fits the ticket as it stands, so that it is worth locking it."""
    ticket = _live_row.first(False, ticket=ticket_id)
    if ticket is None:
        return False
    facts = TicketFields(ticket)
    return any(_fits(rule, facts) or moments.next_look(rule, facts) for rule in rules)


def _fits(rule: Filter, facts: TicketFields) -> bool:
    return fits(conditions_of(rule), rule.mode, facts) or not rule.conditions


def _act(ticket_id: int, rules: Sequence[Filter], is_due: bool) -> list[Filter]:
    # No reader is there: labels go into the history as the desk writes them.
    with i18n.in_language(None), transaction():
        ticket = _live_row.first(True, ticket=ticket_id)
        if ticket is None:
            return []
        mark_locked(ticket)
        # Somebody may have answered since.
        steps, now = clocks.histories([ticket.id]).get(ticket.id, []), clock.now()
        rules = _not_yet(_waiting_for(rules, steps, now), steps, marks_of(ticket), now)
        log = RuleLog()
        acted = act(rules, ticket, Change(), log)
        if is_due or acted or log.acts:
            log.store(ticket, PASSED)
        for rule in rules:
            if rule in acted:
                # Not a moment before a day has passed since it acted: it would not act, and never be looked at again.
                again = clock.now() + DAY if rule.frequency == DAILY else None
            else:
                again = moments.next_look(rule, TicketFields(ticket))
            moments.look_again(ticket, rule, again)
        return acted


@Prepared
def _live_row(is_locked: bool) -> ModelSelect:
    row = Ticket.select().where(Ticket.id == Slot("ticket"), LIVE)
    return for_update(row) if is_locked else row


def _not_yet(rules: Sequence[Filter], steps: Sequence[Step], marks: dict[int, Any], now: datetime) -> list[Filter]:
    """Leave out the rules that have acted since their time came, and need not act again."""

    def is_open(rule: Filter) -> bool:
        acted, moment = marks.get(rule.id), moment_of(rule, steps)
        if acted is None or moment is None or acted < moment:
            return True
        return rule.frequency == DAILY and acted <= now - DAY

    return [rule for rule in rules if is_open(rule)]
