"""How much rules may do to one ticket: a number of acts within an hour, then they leave it alone for a day."""

from __future__ import annotations

from datetime import timedelta

from peewee import Case, ModelSelect, fn

from helpdesk import clock
from helpdesk.access import SYSTEM
from helpdesk.events import EventKind, record
from helpdesk.filters.rule_log import RESTS, RuleLog
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.notifications import Cause, Occasion, owe, recipients
from models import Filter, RuleRecord, Ticket

#: Acts of rules on one ticket within this time, and how long all rules rest afterwards.
MOST, WITHIN, REST = 20, timedelta(hours=1), timedelta(days=1)


class Allowance:
    """What rules may still do to a ticket; read when first needed."""

    def __init__(self, ticket: Ticket, log: RuleLog) -> None:
        self.ticket = ticket
        self.log = log
        self._earlier: tuple[int, bool] | None = None

    @property
    def rests(self) -> bool:
        """Whether all rules leave the ticket alone."""
        return self._read()[1] or self.log.rests

    def is_used_up(self) -> bool:
        """Whether no further act is allowed."""
        return self.rests or self._read()[0] + self.log.acts >= MOST

    def _read(self) -> tuple[int, bool]:
        if self._earlier is None:
            now = clock.now()
            row = _acts.first(ticket=self.ticket.id, hour=now - WITHIN, day=now - REST)
            self._earlier = (int(row.count or 0), bool(row.rested)) if row is not None else (0, False)
        return self._earlier

    def end(self, rule: Filter) -> None:
        """Let all rules rest for the ticket: one line in its history, one mail to administrators."""
        if self.rests:
            self.log.outcome(RESTS)
            return
        self.log.rests = True
        record(self.ticket, EventKind.RULES_REST, actor=SYSTEM)
        data = {"rule": rule.name, "count": MOST}
        owe(Cause(Occasion.RULES_AT_REST, ticket=self.ticket, people=tuple(recipients.administrators()), data=data))


@Prepared
def _acts() -> ModelSelect:
    within = Case(None, [(RuleRecord.created_at > Slot("hour"), RuleRecord.acts)], 0)
    rested = Case(None, [(RuleRecord.rests, 1)], 0)
    query = RuleRecord.select(fn.SUM(within).alias("count"), fn.MAX(rested).alias("rested"))
    return query.where(RuleRecord.ticket == Slot("ticket"), RuleRecord.created_at > Slot("day"))
