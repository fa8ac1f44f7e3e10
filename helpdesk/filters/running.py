"""Filters at work on a new ticket (A21, RULES 17).

They run by position when a ticket is opened; later ones override earlier ones on the same field; *delete*, *spam* and
*stop* end the run. They act as SYSTEM through the same rules as people, on tickets that their author sees (RULES 49),
and never start themselves again. A filter whose target is gone is skipped, says so in the history, and stops nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from database import database
from helpdesk import clock, events
from helpdesk.access import SYSTEM
from helpdesk.errors import HelpdeskError
from helpdesk.events import EventKind, record
from helpdesk.filters.actions import ACTIONS, target
from helpdesk.filters.author_sight import may_act, rests
from helpdesk.filters.conditions import TicketFields, matches
from helpdesk.lib.cache import CachedValue
from models import Filter, FilterAction, FilterCondition, Ticket


def apply_filters(ticket: Ticket, body: str | None = None) -> bool:
    """Run the filters on a new ticket (`body`: its message, if at hand); return whether the team is left in peace."""
    silent = False
    if ticket.is_spam:
        return silent
    facts = TicketFields(ticket, body)
    for rule in enabled():
        if not may_act(rule, ticket) or not matches(rule, facts):
            continue
        # It may move the ticket: the next one looks at it as it is then.
        facts = TicketFields(ticket, body)
        actions = actions_of(rule)
        silent = silent or any(ACTIONS[row.action].silences for row in actions if row.action in ACTIONS)
        if _run(rule, actions, ticket):
            break
    return silent


def _read() -> list[Filter]:
    return with_parts(Filter.select().where(Filter.enabled).order_by(Filter.position, Filter.id))


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


#: The filters that run, in their order, with their conditions and actions: kept in the process, for reading only.
enabled = CachedValue(_read)


def resting() -> list[Filter]:
    """Return the filters that are on and rest, in their order."""
    return [rule for rule in enabled() if rests(rule)]


def actions_of(rule: Filter) -> list[FilterAction]:
    """Return the actions of a filter in their order."""
    return sorted(rule.actions, key=lambda row: row.id)


def _run(rule: Filter, actions: list[FilterAction], ticket: Ticket) -> bool:
    """Do what the filter says, in order; return whether the run ends here."""
    record(ticket, EventKind.FILTERED, actor=SYSTEM, name=rule.name, filter=rule.id)
    Filter.update(hits=Filter.hits + 1, last_hit_at=clock.now()).where(Filter.id == rule.id).execute()
    for row in actions:
        kind = ACTIONS.get(row.action)
        if kind is None:
            continue
        try:
            with database.atomic(), events.by_filter(rule.name):
                kind.run(ticket, target(kind.argument, row.argument))
        except HelpdeskError as error:
            record(ticket, EventKind.FILTER_SKIPPED, actor=SYSTEM, name=rule.name, reason=str(error))
        if kind.ends_run:
            return True
    return False
