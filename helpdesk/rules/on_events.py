"""Rules when something happens: at the end of the act's transaction, once for each ticket, whatever the act changed.

They see the act as a whole, what each ticket was like before it included. What a rule did sets off no rule, and
neither do a new ticket (its filters have run), an undo, a merge. A reply that may still be withdrawn sets rules off
when it leaves. With no rule for what happened, nothing is asked of the database.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from helpdesk import clock, events, i18n
from helpdesk.access import SYSTEM
from helpdesk.events import EventKind
from helpdesk.filters import running
from helpdesk.filters.beginnings import TRIGGERS
from helpdesk.filters.rule_log import RuleLog
from helpdesk.filters.ticket_fields import COLUMNS, Change
from helpdesk.locking import for_update, lock, mark_locked
from helpdesk.notifications import outbox_rows
from helpdesk.rules.acting import act
from models import HAPPENS, Filter, Message, RuleMoment, Ticket, TicketEvent

logger = logging.getLogger(__name__)

#: Acts that set off no rule, whatever they change.
QUIET = frozenset({EventKind.OPENED, EventKind.UNDONE, EventKind.WITHDRAWN, EventKind.MERGED, EventKind.SPLIT})
#: Replies looked at in one run; what is left follows a minute later.
MOST = 500


def follow(_noted: object) -> None:
    """Let rules act on what the running transaction has done: the last thing before it is stored."""
    rules = running.enabled(HAPPENS)
    if not rules:
        return
    lines: dict[int, list[TicketEvent]] = {}
    for line in events.recorded():
        if not line.is_quiet:
            lines.setdefault(line.ticket_id, []).append(line)
    # Undoing the act leaves alone what rules did, so their mails are none of its.
    with outbox_rows.noted():
        for own in lines.values():
            try:
                _follow(rules, own)
            except Exception:
                # No rule breaks the act that set it off.
                logger.exception("Rules failed.")


def _follow(rules: list[Filter], lines: list[TicketEvent]) -> None:
    ticket: Ticket = lines[-1].ticket
    triggers, change = _happened(ticket, lines)
    due = [rule for rule in rules if rule.trigger in triggers]
    if not due:
        return
    reply = next((line.about for line in lines if _is_delayed(line)), None)
    with events.transaction():
        if reply is not None:
            # The whole act may still be withdrawn.
            data = {"triggers": sorted(triggers), "columns": {name: change.columns.get(name) for name in COLUMNS}}
            data |= {"added": list(change.added), "removed": list(change.removed)}
            RuleMoment.create(message=reply, due_at=reply.public_at, data=data)
        else:
            lock(ticket, actor=SYSTEM)
            _act(due, ticket, change)


def _act(rules: list[Filter], ticket: Ticket, change: Change) -> None:
    log = RuleLog()
    act(rules, ticket, change, log)
    log.store(ticket, HAPPENS)


def _is_delayed(line: TicketEvent) -> bool:
    about = line.about
    return about is not None and about.public_at is not None and about.public_at > clock.now()


def _happened(ticket: Ticket, lines: Iterable[TicketEvent]) -> tuple[set[str], Change]:
    """Return what happened to a ticket, as rules call it, and what that changed."""
    kinds = {EventKind(line.kind) for line in lines if not _is_late(line)}
    if kinds & QUIET:
        return set(), Change()
    before = events.columns_before(ticket)
    changed = {name for name in COLUMNS if name in before and before[name] != ticket.__data__.get(name)}
    triggers = {
        key
        for key, trigger in TRIGGERS.items()
        if kinds & trigger.kinds and (not trigger.column or trigger.column in changed)
    }
    # What a note says is the team's, and goes for good when it is deleted (RULES 28): rules look at messages.
    about = [line.about.id for line in lines if line.about is not None and not line.about.is_note]
    change = Change(
        columns={name: before[name] for name in COLUMNS if name in before},
        added=[line.data.get("tag", "") for line in lines if line.kind == EventKind.TAGGED.value],
        removed=[line.data.get("tag", "") for line in lines if line.kind == EventKind.UNTAGGED.value],
        message=about[-1] if about else None,
    )
    return triggers, change


def _is_late(line: TicketEvent) -> bool:
    """Whether a line says of an old reply that it was sent elsewhere: read from a folder long after."""
    return line.kind == EventKind.SENT_ELSEWHERE.value and "late" in line.data


# --- Replies that could be withdrawn ------------------------------------------------------------------------------


def act_on_replies() -> int:
    """Let rules act on the replies that have left since; return how many were looked at."""
    due = RuleMoment.select(RuleMoment.id, Message.ticket).join(Message).where(RuleMoment.due_at <= clock.now())
    rows = list(due.order_by(RuleMoment.due_at, RuleMoment.id).limit(MOST).tuples())
    for key, ticket in rows:
        events.twice_at_most(partial(_act_on_reply, key, ticket))
    return len(rows)


def _act_on_reply(key: int, ticket_id: int) -> None:
    # No reader is there: labels go into the history as the desk writes them.
    with i18n.in_language(None), events.transaction():
        ticket = for_update(Ticket.select().where(Ticket.id == ticket_id)).first()
        moment = RuleMoment.get_or_none(RuleMoment.id == key)
        if ticket is None or moment is None or moment.message.ticket_id != ticket.id:
            # Merged or withdrawn just now: what was moved is looked at in the next run.
            return
        mark_locked(ticket)
        message: Message = moment.message
        if message.deleted_at is None and message.public_at is not None and message.public_at > clock.now():
            RuleMoment.update(due_at=message.public_at).where(RuleMoment.id == key).execute()
            return
        RuleMoment.delete().where(RuleMoment.id == key).execute()
        if message.deleted_at is None:
            data: Mapping[str, Any] = moment.data
            rules = [rule for rule in running.enabled(HAPPENS) if rule.trigger in data["triggers"]]
            tags = data.get("added", ()), data.get("removed", ())
            _act(rules, ticket, Change(data["columns"], *tags, message=message.id))
