"""What is kept of rules at work, to explain it later: which were considered, what each condition saw, what was done.

One row for each moment and ticket, however many rules were considered. It holds keys and ids, no sentences: these are
written when somebody reads it, in their language (`helpdesk.rules.explaining`).
"""

from __future__ import annotations

from typing import Any

from helpdesk import clock, i18n
from helpdesk.errors import HelpdeskError
from helpdesk.filters.conditions import OPERATORS, Condition, conditions_of
from helpdesk.filters.ticket_fields import TicketFields
from helpdesk.lib.statements import insert
from models import Filter, RuleRecord, Ticket

#: Rules of one row; those that did nothing go first. Texts of one condition, and characters of each.
MOST, TEXTS, LENGTH = 100, 3, 120

#: Why a rule did nothing although it was considered.
NO_MATCH, UNSEEN, ACTED_ALREADY, ACTED_TODAY, RESTS, FAILED, ACTED = (
    *("no-match", "unseen", "once", "daily", "rests", "failed", "acted"),
)


class RuleLog:
    """What happens to one ticket at one moment, rule by rule."""

    def __init__(self) -> None:
        self.rules: list[dict[str, Any]] = []
        self.acts = 0
        self.rests = False

    def skip(self, rule: Filter, outcome: str) -> None:
        """Note a rule that is not tried at all, and why."""
        self._add(rule, outcome)

    def matches(self, rule: Filter, facts: TicketFields) -> bool:
        """Whether a ticket fits a rule; each condition is noted with what it saw. A filter without one fits nothing."""
        checks = []
        for condition in conditions_of(rule):
            if condition.is_known:
                holds = condition.holds(facts)
                seen = _seen(condition, facts)
                checks.append([condition.field, condition.operator, condition.value, holds, seen])
        fits = (any if rule.mode == "any" else all)(check[3] for check in checks) if checks else _fits_bare(rule)
        self._add(rule, ACTED if fits else NO_MATCH)["conditions"] = checks
        return fits

    def outcome(self, outcome: str) -> None:
        """Say otherwise what became of the last rule."""
        self.rules[-1]["outcome"] = outcome

    def fail(self) -> None:
        """Note that the last rule failed: nothing of what it did is stored."""
        undone = self.rules[-1].pop("acts", [])
        self.acts -= sum(len(row) < 3 or row[2] is None for row in undone)
        self.outcome(FAILED)

    def act(self, action: str, argument: str, error: HelpdeskError | None = None, seen: Any = None) -> None:
        """Note an action of the last rule: done, or skipped and why; and what it looked at, where it had a choice."""
        self.acts += error is None
        skipped = i18n.source_of(error.message) if error is not None else None
        row = [action, argument, skipped, seen]
        while row[-1] is None:
            row.pop()
        self.rules[-1].setdefault("acts", []).append(row)

    def store(self, ticket: Ticket, beginning: str, trigger: str = "") -> None:
        """Store what was noted, if anything was."""
        if not self.rules:
            return
        rules = self.rules
        if len(rules) > MOST:
            busy = [row for row in rules if row["outcome"] != NO_MATCH][:MOST]
            rules = busy + [row for row in rules if row["outcome"] == NO_MATCH][: MOST - len(busy)]
        insert(
            RuleRecord(
                ticket=ticket,
                beginning=beginning,
                trigger=trigger,
                acts=self.acts,
                rests=self.rests,
                data={"rules": rules},
                created_at=clock.now(),
            )
        )

    def _add(self, rule: Filter, outcome: str) -> dict[str, Any]:
        row = {"id": rule.id, "name": rule.name, "mode": rule.mode, "outcome": outcome}
        if rule.trigger:
            row |= {"trigger": rule.trigger, "hours": rule.hours}
        self.rules.append(row)
        return row


def _fits_bare(rule: Filter) -> bool:
    return bool(rule.trigger) and not rule.conditions


def _seen(condition: Condition, facts: TicketFields) -> list[Any]:
    looks = OPERATORS[condition.operator].looks
    now = [_cut(text) for text in getattr(facts, condition.field)[:TEXTS]]
    return now if looks == "now" else [[_cut(text) for text in facts.before(condition.field)[:TEXTS]], now]


def _cut(text: str) -> str:
    line = " ".join(text[: 2 * LENGTH].replace("\0", " ").split())
    return line if len(line) <= LENGTH else line[: LENGTH - 1] + "…"
