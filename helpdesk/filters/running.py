"""Filters at work on a new ticket (A21, RULES 17).

They run by position when a ticket is opened; later ones override earlier ones on the same field; *delete*, *spam* and
*stop* end the run. They act as SYSTEM through the same rules as people, on tickets that their author sees (RULES 49),
and never start themselves again. An action whose target is gone is skipped, says so in the history, and stops nothing;
administrators are mailed once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from peewee import ModelUpdate

from helpdesk import clock, events
from helpdesk.access import SYSTEM
from helpdesk.errors import HelpdeskError
from helpdesk.events import EventKind, record
from helpdesk.filters.actions import ACTIONS, TargetGone, target
from helpdesk.filters.author_sight import may_act, rests
from helpdesk.filters.rule_log import UNSEEN, RuleLog
from helpdesk.filters.ticket_fields import TicketFields
from helpdesk.lib.cache import CachedValue
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.notifications import Cause, Occasion, forgotten_on_failure, owe, recipients
from helpdesk.round_robin import NobodyPresent
from models import ARRIVES, Filter, FilterAction, FilterCondition, Ticket


def apply_filters(ticket: Ticket, body: str | None = None) -> bool:
    """Run the filters on a new ticket (`body`: its message, if at hand); return whether the team is left in peace."""
    silent = False
    if ticket.is_spam or not enabled(ARRIVES):
        return silent
    facts, log = TicketFields(ticket, body), RuleLog()
    for rule in enabled(ARRIVES):
        if not may_act(rule, ticket):
            log.skip(rule, UNSEEN)
            continue
        if not log.matches(rule, facts):
            continue
        # It may move the ticket: the next one looks at it as it is then.
        facts = TicketFields(ticket, body)
        actions = actions_of(rule)
        silent = silent or any(ACTIONS[row.action].silences for row in actions if row.action in ACTIONS)
        if _run(rule, actions, ticket, log):
            break
    log.store(ticket, ARRIVES)
    return silent


def _read() -> dict[str, list[Filter]]:
    rules: dict[str, list[Filter]] = defaultdict(list)
    for rule in with_parts(Filter.select().where(Filter.enabled).order_by(Filter.position, Filter.id)):
        rules[rule.beginning].append(rule)
    return rules


def with_parts(rules: Iterable[Filter]) -> list[Filter]:
    """Give filters their conditions and actions, by one query each."""
    by_id = {rule.id: rule for rule in rules}
    for name, table in (("conditions", FilterCondition), ("actions", FilterAction)):
        parts: dict[int, list[Any]] = {key: [] for key in by_id}
        for row in table.select().where(table.rule.in_(list(by_id))) if by_id else ():
            parts[row.rule_id].append(row)
        for key, rule in by_id.items():
            setattr(rule, name, parts[key])
    return list(by_id.values())


_enabled = CachedValue(_read)


def enabled(beginning: str) -> list[Filter]:
    """Return the rules of this beginning that run, in their order, with conditions and actions; for reading only."""
    return _enabled().get(beginning, [])


def exist() -> bool:
    """Whether any filter or rule is on."""
    return bool(_enabled())


def resting() -> list[Filter]:
    """Return the filters and rules that are on and rest, in their order."""
    return [rule for rules in _enabled().values() for rule in rules if rests(rule)]


def actions_of(rule: Filter) -> list[FilterAction]:
    """Return the actions of a filter in their order."""
    return sorted(rule.actions, key=lambda row: row.id)


def _run(rule: Filter, actions: list[FilterAction], ticket: Ticket, log: RuleLog) -> bool:
    """Do what the filter says, in order; return whether the run ends here."""
    record(ticket, EventKind.FILTERED, actor=SYSTEM, name=rule.name, filter=rule.id)
    for row in actions:
        error = carry_out(rule, row, ticket, "by_filter", log)
        if error is not None:
            record(ticket, EventKind.FILTER_SKIPPED, actor=SYSTEM, name=rule.name, reason=str(error))
        if row.action in ACTIONS and ACTIONS[row.action].ends_run:
            return True
    return False


def count_hits(_noted: object) -> None:
    """Count what filters and rules did in the running transaction, in one order: the last thing before it is stored.

    Two transactions that counted as they went would each wait for a row that the other one has.
    """
    hits: dict[int, int] = defaultdict(int)
    for line in events.recorded():
        if line.kind in _COUNTED:
            hits[line.data[_COUNTED[line.kind]]] += 1
    for key in sorted(hits):
        _count_hit.run(rule=key, count=hits[key], now=clock.now())


#: The lines of the history that say which filter or rule acted.
_COUNTED = {EventKind.FILTERED.value: "filter", EventKind.RULE_APPLIED.value: "rule"}


@Prepared
def _count_hit() -> ModelUpdate:
    row = Filter.update(hits=Filter.hits + Slot("count"), last_hit_at=Slot("now"))
    return row.where(Filter.id == Slot("rule"))


def carry_out(rule: Filter, row: FilterAction, ticket: Ticket, key: str, log: RuleLog) -> HelpdeskError | None:
    """Do one action of a rule, which the history calls as `key` says; return why it was skipped, if it was."""
    kind = ACTIONS.get(row.action)
    if kind is None:
        return None
    try:
        with events.transaction(), forgotten_on_failure(), events.by_filter(rule.name, key):
            seen = kind.run(ticket, target(kind.argument, row.argument))
    except HelpdeskError as error:
        log.act(row.action, row.argument, error, error.seen.data() if isinstance(error, NobodyPresent) else None)
        if isinstance(error, TargetGone):
            tell_of_gone(rule)
        return error
    log.act(row.action, row.argument, seen=seen)
    return None


def tell_of_gone(rule: Filter) -> None:
    """Mail administrators that a rule names something gone: once, until the rule is saved again."""
    first = Filter.update(gone_mailed_at=clock.now()).where(Filter.id == rule.id, Filter.gone_mailed_at.is_null())
    if first.execute():
        people = tuple(recipients.administrators())
        owe(Cause(Occasion.RULE_TARGET_GONE, people=people, data={"rule": rule.name}))
