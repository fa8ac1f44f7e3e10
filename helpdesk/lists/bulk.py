"""One act on many tickets, kept for as long as its author may take it back (``helpdesk.lists.undo``)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from peewee import DatabaseError, InterfaceError, chunked, fn

from helpdesk import clock, notifications
from helpdesk.errors import HelpdeskError, InvalidInput, NotAllowed, NotFound
from helpdesk.events import EventKind, transaction, twice_at_most
from helpdesk.i18n import lazy
from helpdesk.lib import inputs
from helpdesk.locking import hold_actor, locked
from helpdesk.notifications import outbox_rows
from helpdesk.tickets import customer_change
from helpdesk.tickets.derived_columns import AWAKE
from helpdesk.tickets.ticket_state import plain
from models import REPLY, Agent, BulkAction, BulkChange, Customer, Message, Ticket, TicketEvent, TicketTag

logger = logging.getLogger(__name__)

#: Tickets changed by one act at the most.
MAX_TICKETS = 1_000
NOTHING_TICKED = lazy("Tick at least one ticket first.")
#: Tickets changed in one transaction.
AT_ONCE = 100
#: Days after which an act is forgotten: nobody can take it back any more.
DAYS_KEPT = 1

#: What a database raises that fails in the midst of an act.
FAILURES = (DatabaseError, InterfaceError)
FAILED = lazy("The database did not take the change. Try again in a moment.")

State = dict[str, Any]


@dataclass(frozen=True)
class Act:
    """What an act needs of the role, the columns it writes, and the events that change the same thing later."""

    verb: str
    columns: tuple[str, ...] = ()
    kinds: frozenset[EventKind] = frozenset()
    #: Whether tags are kept, too.
    has_tags: bool = False


_SLEEP = tuple(AWAKE)
_STATUS = Act(
    "set_status",
    ("status", "is_open", "closed_at", "closed_by_customer", "awaits_reply", *_SLEEP),
    frozenset(
        {
            *(EventKind.STATUS, EventKind.CLOSED, EventKind.CLOSED_BY_CUSTOMER, EventKind.REOPENED),
            *(EventKind.REPLIED, EventKind.CUSTOMER_WROTE, EventKind.NOT_RESOLVED, EventKind.SENT_ELSEWHERE),
        }
    ),
)
_ASSIGNING = {EventKind.ASSIGNED, EventKind.TAKEN, EventKind.TRANSFERRED, EventKind.UNASSIGNED}
_WEIGHING = {EventKind.PRIORITY, EventKind.IMPORTANT, EventKind.NOT_IMPORTANT}
#: It blocks the author too: once the ticket is somebody else’s, undoing it would block or unblock the wrong person.
SPAM = Act(
    "spam",
    ("is_spam", *_SLEEP),
    frozenset(
        {
            *(EventKind.SPAM, EventKind.NOT_SPAM),
            *(EventKind.CUSTOMER_CHANGED, EventKind.CUSTOMER_MERGED, EventKind.CUSTOMERS_PARTED),
        }
    ),
)
_BIN = Act(
    "delete",
    ("in_bin", "binned_at", "hidden_from_customer", *_SLEEP),
    frozenset({EventKind.DELETED, EventKind.RESTORED}),
)
_SNOOZE = Act("snooze", _SLEEP, frozenset({EventKind.SNOOZED, EventKind.WOKEN}))

CUSTOMER = Act(
    "change_customer",
    ("customer", "address", "organisation_id"),
    # What the new customer and the team wrote to each other is not for the former one.
    frozenset(
        {
            *(EventKind.CUSTOMER_CHANGED, EventKind.CUSTOMER_WROTE, EventKind.REPLIED, EventKind.WITHDRAWN),
            *(EventKind.SENT_ELSEWHERE, EventKind.MERGED, EventKind.CLOSED_BY_CUSTOMER),
            *(EventKind.RATED_GOOD, EventKind.RATED_BAD, EventKind.ADDRESS_CORRECTED, EventKind.ADDRESS_REMOVED),
        }
    ),
)
#: What is done to one ticket, from its page.
OF_ONE = frozenset({"customer"})

_ASSIGN = Act("assign", ("assignee", "team"), frozenset(_ASSIGNING))
_PRIORITY = Act("set_priority", ("priority", "rank", "former_priority"), frozenset(_WEIGHING))
#: Several acts in one: what each of them needs is asked for by the columns that differ (`helpdesk.lists.undo`).
MACRO = Act(
    "read",
    tuple(dict.fromkeys((*_STATUS.columns, *_ASSIGN.columns, *_PRIORITY.columns))),
    _STATUS.kinds | _ASSIGN.kinds | _PRIORITY.kinds | _SNOOZE.kinds,
    has_tags=True,
)

ACTS: dict[str, Act] = {
    "customer": CUSTOMER,
    "macro": MACRO,
    "assign": _ASSIGN,
    "in-turn": _ASSIGN,
    "status": _STATUS,
    "close": _STATUS,
    "priority": _PRIORITY,
    "tag": Act("tag", has_tags=True),
    "spam": SPAM,
    "not-spam": SPAM,
    "delete": _BIN,
    "restore": _BIN,
    "snooze": _SNOOZE,
    "wake": _SNOOZE,
}
#: Columns that move with any activity: they are given back, but say nothing of whether somebody changed the ticket.
RESTLESS = ("last_activity", "waiting_since")


@dataclass
class Outcome:
    """What became of an act: how many tickets it changed, how many were so already, how many refused it and why."""

    done: int = 0
    unchanged: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    action: BulkAction | None = None


def run(
    name: str,
    ids: Sequence[int],
    rule: Callable[[Ticket], object],
    *,
    actor: Agent,
    begin: Callable[[], object] | None = None,
) -> Outcome:
    """Do one act to each of these tickets by its own rule, some at a time, and keep how to take it back.

    `begin` is called in each transaction, once its tickets are locked. A transaction for all of them would keep
    everybody else waiting for seconds. Where the database fails after some were done, the rest counts as refused: what
    was done can be taken back. Raises InvalidInput for more than `MAX_TICKETS`.
    """
    if len(ids) > MAX_TICKETS:
        raise InvalidInput(lazy("At most %(limit)s tickets are changed at once.", limit=MAX_TICKETS))
    outcome, failure, met = Outcome(), None, 0
    # One act, one mail to whom it concerns, however many tickets (RULES 10).
    with outbox_rows.noted() as mails, notifications.one_mail(actor=actor):
        for some in chunked(ids, AT_ONCE):
            try:
                outcome = twice_at_most(partial(_do_some, outcome, name, some, rule, actor, begin))
            except NotAllowed as error:
                # The agent's account was ended in between.
                outcome.refused[str(error)] = outcome.refused.get(str(error), 0) + len(some)
            except FAILURES as error:
                # What was done until now is stored: whom it concerns is told of it.
                failure = error
                break
            met += len(some)
    if outcome.action is not None and mails:
        with transaction():
            outcome.action.mails = mails
            outcome.action.save()
    if failure is not None:
        if not outcome.done:
            raise failure
        logger.error("The database failed amid an act on %d tickets", len(ids), exc_info=failure)
        outcome.refused[str(FAILED)] = len(ids) - met
    return outcome


def _do_some(
    earlier: Outcome,
    name: str,
    ids: Sequence[int],
    rule: Callable[[Ticket], object],
    actor: Agent,
    begin: Callable[[], object] | None,
) -> Outcome:
    outcome = Outcome(earlier.done, earlier.unchanged, dict(earlier.refused), earlier.action)
    with notifications.forgotten_on_failure(), transaction():
        hold_actor(actor)
        tickets = locked(Ticket.select(Ticket, Customer).join(Customer).where(Ticket.id.in_(ids)))
        if begin is not None:
            begin()
        _do(outcome, name, tickets, rule, actor)
    return outcome


def _do(outcome: Outcome, name: str, tickets: list[Ticket], rule: Callable[[Ticket], object], actor: Agent) -> None:
    act = ACTS[name]
    before, met = states(act, tickets), list[int]()
    for ticket in tickets:
        try:
            rule(ticket)
            met.append(ticket.id)
        except HelpdeskError as error:
            outcome.refused[str(error)] = outcome.refused.get(str(error), 0) + 1
    after = states(act, tickets)
    changed = [key for key in before if before[key] != after[key]]
    outcome.done += len(changed)
    outcome.unchanged += len(set(met) - set(changed))
    if changed:
        if outcome.action is None:
            outcome.action = BulkAction.create(agent=actor, act=name, created_at=clock.now())
        last = _last_events(changed)
        both = [(key, before[key], after[key], last.get(key, 0)) for key in changed]
        names, action = ("action", "ticket", "before", "after", "event"), outcome.action.id
        BulkChange.insert_many([dict(zip(names, (action, *row), strict=True)) for row in both]).execute()


def _last_events(ids: list[int]) -> dict[int, int]:
    query = TicketEvent.select(TicketEvent.ticket_id, fn.MAX(TicketEvent.id)).where(TicketEvent.ticket.in_(ids))
    return dict(query.group_by(TicketEvent.ticket_id).tuples())


def states(act: Act, tickets: list[Ticket]) -> dict[int, State]:
    """Return what the act may change, ticket by ticket, as it is kept."""
    columns = (*act.columns, *RESTLESS)
    states_of: dict[int, State] = {
        ticket.id: {name: plain(ticket.__data__[name]) for name in columns} for ticket in tickets
    }
    if act is SPAM:
        for ticket in tickets:
            states_of[ticket.id]["blocked"] = ticket.customer.blocked_at is not None
    if act is CUSTOMER:
        for key, hanging in customer_change.hangs_on(list(states_of)).items():
            states_of[key] |= hanging
    if act is MACRO:
        newest = Message.select(Message.ticket, fn.MAX(Message.id)).where(
            Message.ticket.in_(list(states_of)), Message.kind == REPLY
        )
        for ticket_id, reply in newest.group_by(Message.ticket).tuples():
            states_of[ticket_id]["reply"] = reply
    if act.has_tags:
        worn = TicketTag.select(TicketTag.ticket_id, TicketTag.tag_id).where(TicketTag.ticket.in_(list(states_of)))
        for ticket_id, tag_id in worn.tuples():
            states_of[ticket_id].setdefault("tags", []).append(tag_id)
    return states_of


def find(action_id: int, *, actor: Agent) -> BulkAction:
    """Return an act of this agent. Raises NotFound, also for an act of somebody else."""
    action = (
        BulkAction.get_or_none(BulkAction.id == action_id, BulkAction.agent == actor.id)
        if inputs.fits(action_id)
        else None
    )
    if action is None:
        raise NotFound(lazy("There is no such action."))
    return action


def purge() -> int:
    """Forget the acts that nobody can take back any more; return how many."""
    limit = clock.now() - timedelta(days=DAYS_KEPT)
    return int(BulkAction.delete().where(BulkAction.created_at < limit).execute())
