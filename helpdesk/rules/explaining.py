"""Why rules acted on a ticket or did not: each condition with the value it saw, in the reader's language (D6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from peewee import SQL

from helpdesk import access, clock, i18n, round_robin
from helpdesk.filters import actions, conditions, rule_log, sentences
from helpdesk.filters.ticket_fields import FIRST, OPEN_NOW, PROGRAM
from helpdesk.i18n import _, lazy, ngettext
from helpdesk.lib import inputs
from helpdesk.settings import lookups
from helpdesk.tickets import canned_responses
from models import Agent, CannedResponse, RuleRecord, Ticket

#: How long records are kept, and how many of a ticket are shown.
KEPT = timedelta(days=90)
SHOWN = 50
#: Rows deleted at once.
AT_ONCE = 5_000

#: What became of a rule that was considered.
OUTCOMES: dict[str, Any] = {
    rule_log.ACTED: lazy("It acted."),
    rule_log.NO_MATCH: lazy("It did not act: the conditions do not hold."),
    rule_log.UNSEEN: lazy("It was not tried: its author may not see this ticket."),
    rule_log.ACTED_ALREADY: lazy("It was not tried: it acts once per ticket, and has."),
    rule_log.ACTED_TODAY: lazy("It was not tried: it acts at most once a day, and has."),
    rule_log.RESTS: lazy("It did not go on: rules leave this ticket alone for a day."),
    rule_log.FAILED: lazy("It failed, and changed nothing."),
}


@dataclass(frozen=True)
class Check:
    """A condition, whether it held, and what it saw; `before` is what it saw before the act, where it looks at that."""

    text: str
    holds: bool
    seen: str
    before: str | None = None


@dataclass(frozen=True)
class Act:
    """An action in words, why it was skipped (an empty reason says that it was done), and what it looked at."""

    text: str
    reason: str
    seen: str = ""


@dataclass(frozen=True)
class Considered:
    """One rule that was considered."""

    name: str
    beginning: str
    acted: bool
    outcome: str
    mode: str
    checks: list[Check]
    acts: list[Act]


@dataclass(frozen=True)
class Moment:
    """What rules did at one moment."""

    at: datetime
    rules: list[Considered]


def moments_of(ticket: Ticket, *, actor: Agent) -> list[Moment]:
    """Return what rules did and considered in a ticket these 90 days, newest first. Raises NotFound."""
    access.require(actor, "read", ticket)
    rows = RuleRecord.select().where(RuleRecord.ticket == ticket.id, RuleRecord.created_at > clock.now() - KEPT)
    rows = rows.order_by(RuleRecord.created_at.desc(), RuleRecord.id.desc()).limit(SHOWN)
    # Rules repeat themselves: what an action names is looked up once.
    text_of = cache(partial(_act_text, actor))
    return [
        Moment(row.created_at, [_considered(row.beginning, rule, text_of) for rule in row.data["rules"]])
        for row in rows
    ]


def purge() -> int:
    """Delete the records that are older than 90 days; return how many."""
    count = 0
    while True:
        old = RuleRecord.select(RuleRecord.id).where(RuleRecord.created_at < clock.now() - KEPT).limit(AT_ONCE)
        deleted = RuleRecord.delete().where(RuleRecord.id.in_(old)).execute()
        count += deleted
        if deleted < AT_ONCE:
            return count


def has_records(ticket: Ticket) -> bool:
    """Whether rules did or considered anything in a ticket."""
    return bool(RuleRecord.select(SQL("1")).where(RuleRecord.ticket == ticket.id).exists())


def _considered(beginning: str, rule: Mapping[str, Any], text_of: Callable[[str, str], str]) -> Considered:
    trigger = rule.get("trigger", "")
    return Considered(
        rule["name"],
        sentences.beginning_text(beginning, trigger, rule.get("hours")) if trigger else _("When a ticket arrives"),
        rule["outcome"] == rule_log.ACTED,
        str(OUTCOMES[rule["outcome"]]),
        rule["mode"],
        [_check(*check) for check in rule.get("conditions", ()) if _is_known(*check[:3])],
        [_act(text_of, *act) for act in rule.get("acts", ()) if act[0] in actions.ACTIONS],
    )


def _is_known(field: str, operator: str, value: str) -> bool:
    return conditions.Condition(field, operator, value).is_known


def _check(field: str, operator: str, value: str, holds: bool, seen: list[Any]) -> Check:
    text = sentences.condition_text(conditions.Condition(field, operator, value))
    if conditions.OPERATORS[operator].looks == "now":
        return Check(text, holds, _seen(field, seen))
    return Check(text, holds, _seen(field, seen[1]), _seen(field, seen[0]))


def _seen(field: str, texts: list[str]) -> str:
    """Write what an element said of the ticket."""
    if not texts or texts == [""]:
        return _("nothing")
    element = conditions.FIELDS[field]
    if element.choices:
        return ", ".join(sentences.label_of(element.choices, text) for text in texts)
    if field == "tag":
        return ", ".join(str(lookups.tag_named(text) or text) for text in texts)
    if element.kind in _WORDS:
        return str(_WORDS[element.kind](texts[0]))
    return _(" · ").join(texts)


def _origin(text: str) -> str:
    return _("a program wrote it") if text == PROGRAM else _("a person wrote it")


_WORDS: dict[str, Any] = {
    "size": lambda text: i18n.size(int(text)),
    "age": lambda text: sentences.length_text(int(text)),
    "count": lambda text: ngettext("%(num)s message", "%(num)s messages", int(text)),
    "hours": lambda text: _("the desk was open") if text == OPEN_NOW else _("the desk was closed"),
    "first": lambda text: _("the first") if text == FIRST else _("not the first"),
    "origin": _origin,
}


def _act(
    text_of: Callable[[str, str], str],
    action: str,
    argument: str,
    reason: tuple[str, dict[str, str]] | None = None,
    seen: Mapping[str, Any] | None = None,
) -> Act:
    # Each text of a refusal stands in the catalogue, where the refusal is raised.
    words = i18n.translate(reason[0], **reason[1]) if reason is not None else ""
    return Act(text_of(action, argument), words, round_robin.in_words(seen) if seen is not None else "")


def _act_text(actor: Agent, action: str, argument: str) -> str:
    kind = actions.ACTIONS[action]
    is_hidden = kind.argument == "canned" and not _reads(actor, argument)
    return str(kind.label) if is_hidden else sentences.action_text(action, argument)


def _reads(actor: Agent, argument: str) -> bool:
    """Whether the reader may know of the canned response that an action names."""
    key = inputs.row_key(argument)
    if key is None:
        return False
    return bool(canned_responses.readable_by(actor).where(CannedResponse.id == key).exists())
