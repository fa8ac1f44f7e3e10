"""One rule at one ticket: whether it acts, and what it does; the same for both beginnings.

Each rule has a savepoint of its own: one that fails, for whatever reason, changes nothing and stops nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from peewee import ModelInsert, ModelSelect

from helpdesk import clock, events
from helpdesk.access import SYSTEM
from helpdesk.errors import HelpdeskError
from helpdesk.events import EventKind, record
from helpdesk.filters import running
from helpdesk.filters.actions import ACTIONS
from helpdesk.filters.author_sight import may_act
from helpdesk.filters.rule_log import ACTED_ALREADY, ACTED_TODAY, RESTS, UNSEEN, RuleLog
from helpdesk.filters.ticket_fields import Change, TicketFields
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.notifications import forgotten_on_failure
from helpdesk.round_robin import NobodyPresent
from helpdesk.rules.limits import Allowance
from models import DAILY, ONCE, Filter, RuleMark, Ticket

logger = logging.getLogger(__name__)

DAY = timedelta(days=1)


def marks_of(ticket: Ticket) -> dict[int, datetime]:
    """Return when each rule last acted on a ticket, by the rule's id."""
    return {row.rule_id: row.acted_at for row in _marks(ticket=ticket.id)}


@Prepared
def _marks() -> ModelSelect:
    return RuleMark.select(RuleMark.rule, RuleMark.acted_at).where(RuleMark.ticket == Slot("ticket"))


@Prepared
def _mark() -> ModelInsert:
    row = RuleMark.insert(rule=Slot("rule"), ticket=Slot("ticket"), acted_at=Slot("now"))
    update = {RuleMark.acted_at: Slot("now")}
    return row.on_conflict(conflict_target=[RuleMark.rule, RuleMark.ticket], update=update)


def act(rules: Iterable[Filter], ticket: Ticket, change: Change, log: RuleLog) -> list[Filter]:
    """Let rules act on a locked ticket, in their order; return those that did. None acts on spam or in the bin."""
    facts, allowance = TicketFields(ticket, change=change), Allowance(ticket, log)
    marks, acted = marks_of(ticket), []
    for rule in rules:
        if ticket.is_spam or ticket.in_bin or log.rests:
            break
        hindrance = _hindrance(rule, ticket, marks.get(rule.id))
        if hindrance:
            log.skip(rule, hindrance)
        elif log.matches(rule, facts):
            if allowance.rests:
                log.outcome(RESTS)
                break
            done, ends = _carry_out(rule, ticket, log, allowance)
            acted += [rule] if done else []
            # It may have changed the ticket: the next one looks at it as it is then.
            facts = TicketFields(ticket, change=change)
            if ends:
                break
    return acted


def _hindrance(rule: Filter, ticket: Ticket, acted_at: datetime | None) -> str:
    """Return why a rule is not tried on a ticket; empty where nothing hinders it."""
    if acted_at is not None and rule.frequency == ONCE:
        return ACTED_ALREADY
    if acted_at is not None and rule.frequency == DAILY and clock.now() - DAY < acted_at <= clock.now():
        return ACTED_TODAY
    return "" if may_act(rule, ticket) else UNSEEN


def _carry_out(rule: Filter, ticket: Ticket, log: RuleLog, allowance: Allowance) -> tuple[bool, bool]:
    """Return whether the rule did anything, and whether the run ends with it."""
    before = dict(ticket.__data__)
    try:
        with events.transaction(), forgotten_on_failure():
            return True, _run(rule, ticket, log, allowance)
    except Exception as error:
        if not isinstance(error, HelpdeskError):
            logger.exception("The rule %s failed.", rule.id)
        # Nothing of it is stored.
        ticket.__data__ = before
        ticket.__rel__.clear()
        ticket._dirty.clear()
        log.fail()
    return False, False


def _run(rule: Filter, ticket: Ticket, log: RuleLog, allowance: Allowance) -> bool:
    record(ticket, EventKind.RULE_APPLIED, actor=SYSTEM, name=rule.name, rule=rule.id)
    _mark.run(rule=rule.id, ticket=ticket.id, now=clock.now())
    for row in running.actions_of(rule):
        if allowance.is_used_up():
            allowance.end(rule)
            return True
        error = running.carry_out(rule, row, ticket, "by_rule", log)
        if error is not None:
            # That nobody has it is for whoever reads the history; other reasons stand in “Why?”.
            why: dict[str, Any] = {"comment": str(error)} if isinstance(error, NobodyPresent) else {}
            record(ticket, EventKind.RULE_SKIPPED, actor=SYSTEM, name=rule.name, **why)
        if row.action in ACTIONS and ACTIONS[row.action].ends_run:
            return True
    return False
