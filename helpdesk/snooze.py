"""Snooze: a ticket leaves the lists of what is open until a moment, at which the timetable wakes it.

A customer's message wakes it too, unless who put it to sleep decided otherwise. Closing, spam, the bin and merging end
the sleep (`helpdesk.tickets.derived_columns.store`); assigning and moving let it sleep on. Sleep leaves the ticket's
last activity alone, so that it wakes at its place in the order of the lists.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from peewee import SQL, ModelSelect

from helpdesk import clock
from helpdesk.access import SYSTEM, Actor
from helpdesk.errors import InvalidInput
from helpdesk.events import EventKind, record, transaction, twice_at_most
from helpdesk.i18n import lazy
from helpdesk.lib import inputs
from helpdesk.locking import act, for_update, mark_locked
from helpdesk.settings import lookups
from helpdesk.tickets import unread
from helpdesk.tickets.derived_columns import AWAKE
from models import CUSTOMER_MESSAGE, Agent, Message, Ticket, TicketEvent

#: Tickets woken in one transaction, and in one run: what is left wakes a minute later.
AT_ONCE, MOST = 100, 500
#: How long it is offered to snooze a ticket again that its customer has woken.
OFFERED = timedelta(days=7)


def snooze(
    ticket: Ticket, until: datetime, *, actor: Actor, ignores_replies: bool = False, seen: int | None = None
) -> None:
    """Put an open ticket to sleep until a moment (naive UTC); another moment replaces the former one.

    It sleeps on when its customer writes if it `ignores_replies`. `seen` is the id of the last message that the actor
    has read. Raises InvalidInput for a ticket that is not open, and when its customer has written meanwhile.
    """
    with act(ticket, "snooze", actor=actor):
        if not ticket.is_unresolved:
            raise InvalidInput(lazy("Only an open ticket can be snoozed, not one under Spam or in the bin."))
        if seen is not None and not ignores_replies:
            refuse_unread(ticket, seen)
        same = (ticket.is_snoozed, ticket.snoozed_until, ticket.snooze_ignores_replies)
        if same == (True, until, ignores_replies):
            return
        asleep = {
            "is_snoozed": True,
            "snoozed_until": until,
            "snoozed_by": actor.id if isinstance(actor, Agent) else None,
            "snooze_ignores_replies": ignores_replies,
        }
        inputs.set_attributes(ticket, AWAKE | asleep)
        ticket.save()
        record(ticket, EventKind.SNOOZED, actor=actor, until=until.isoformat())


def refuse_unread(ticket: Ticket, seen: int) -> None:
    """Raise InvalidInput at ``moment`` when the customer wrote after the message with this id."""
    later = Message.select(SQL("1")).where(
        Message.ticket == ticket.id, Message.id > seen, Message.kind == CUSTOMER_MESSAGE
    )
    if later.exists():
        raise InvalidInput(lazy("The customer has written meanwhile. Read it first."), field="moment")


def wake(ticket: Ticket, *, actor: Actor) -> None:
    """Wake a ticket before its time. Waking one that is awake changes nothing."""
    with act(ticket, "snooze", actor=actor):
        if ticket.is_snoozed:
            inputs.set_attributes(ticket, AWAKE)
            ticket.save()
            record(ticket, EventKind.WOKEN, actor=actor)


def follow(event: TicketEvent, _actor: Actor) -> None:
    """Wake a ticket whose customer wrote, unless it ignores that; a listener of events."""
    ticket = event.ticket
    if ticket.is_snoozed and not ticket.snooze_ignores_replies:
        # What else it was snoozed by stays, for the offer to snooze it again.
        ticket.is_snoozed, ticket.woken_at = False, clock.now()
        ticket.save()
        record(ticket, EventKind.WOKEN, actor=SYSTEM, why="customer-wrote")


def former_moment(ticket: Ticket) -> datetime | None:
    """Return until when a ticket that its customer woke may be snoozed again; None without such an offer."""
    now, until = clock.now(), ticket.snoozed_until
    if ticket.is_snoozed or ticket.woken_at is None or not ticket.is_unresolved:
        return None
    return until if until is not None and until > now and ticket.woken_at > now - OFFERED else None


def wake_due() -> int:
    """Wake the tickets whose moment has come, the longest due first, at most `MOST`; return how many."""
    woken = 0
    for _part in range(MOST // AT_ONCE):
        ids = [key for (key,) in _due().order_by(Ticket.snoozed_until, Ticket.id).limit(AT_ONCE).tuples()]
        if not ids:
            break
        woken += twice_at_most(partial(_wake, ids))
    return woken


def _due() -> ModelSelect:
    return Ticket.select(Ticket.id).where(SQL("is_snoozed"), Ticket.snoozed_until <= clock.now())


def _wake(ids: list[int]) -> int:
    with transaction():
        # Somebody may have woken or closed them since; locked in the order of all acts.
        still = _due().select(Ticket).where(Ticket.id.in_(ids)).order_by(Ticket.id)
        rows = sorted(for_update(still), key=lambda row: (row.snoozed_until, row.id))
        _show_as_unread(rows)
        for ticket in rows:
            mark_locked(ticket)
            inputs.set_attributes(ticket, AWAKE)
            ticket.save()
            record(ticket, EventKind.WOKEN, actor=SYSTEM, why="moment-came")
    return len(rows)


def _show_as_unread(rows: Iterable[Ticket]) -> None:
    """Mark each ticket as unread for whoever put it to sleep."""
    by_agent: defaultdict[int, list[int]] = defaultdict(list)
    for ticket in rows:
        by_agent[ticket.snoozed_by or 0].append(ticket.id)
    for agent_id, ids in by_agent.items():
        agent = lookups.agent(agent_id)
        if agent is not None:
            unread.mark(ids, read=False, actor=agent)
