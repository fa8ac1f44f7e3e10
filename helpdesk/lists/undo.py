"""Taking back an act on many tickets: nothing that anybody changed since is touched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from peewee import chunked, fn

from helpdesk import access, clock
from helpdesk.access import Actor
from helpdesk.due_times import overdue
from helpdesk.errors import HelpdeskError, InvalidInput
from helpdesk.events import EventKind, assignee_name, quietly, record, transaction, twice_at_most
from helpdesk.i18n import lazy
from helpdesk.lists.bulk import ACTS, AT_ONCE, FAILURES, RESTLESS, Act, State, states
from helpdesk.locking import for_update, hold, hold_actor, mark_locked
from helpdesk.people import former_customers
from helpdesk.settings import lookups
from helpdesk.tickets import customer_change, tag, undo_send, untag
from helpdesk.tickets.derived_columns import store
from helpdesk.tickets.ticket_state import read
from models import Agent, BulkAction, BulkChange, Customer, Message, OutgoingEmail, Tag, Ticket, TicketEvent

#: Minutes in which an act may be taken back.
UNDO_MINUTES = 10

#: What is kept beside the columns, and may have changed since without anybody deciding otherwise.
LOOSE = ("tags", "blocked", "copies", "mails", "failed", "rank", "reply")

_ROWS: dict[str, Callable[[int | None], Any]] = {
    "assignee": lookups.agent,
    "team": lookups.team,
    "status": lookups.status,
    "priority": lookups.priority,
    "former_priority": lookups.priority,
}


@dataclass
class Undone:
    """What was given back, what was not, and what became of the e-mails of the act."""

    back: int = 0
    left_alone: int = 0
    #: Replies that had left, or been answered, and stay with all that was done with them.
    sent: int = 0
    cancelled: int = 0
    gone: list[str] = field(default_factory=list)


def undo(action: BulkAction, *, actor: Agent) -> Undone:
    """Give back what nobody changed since, and cancel the e-mails of the act that were not sent yet.

    Raises InvalidInput when it is too late or was done before, NotAllowed when the role no longer allows the act.
    """
    act, undone = ACTS[action.act], Undone()
    access.require(actor, act.verb)
    if action.created_at < clock.now() - timedelta(minutes=UNDO_MINUTES):
        raise InvalidInput(lazy("This can no longer be undone: it is more than ten minutes ago."))
    with transaction():
        mine = BulkAction.update(undone_at=clock.now()).where(
            BulkAction.id == action.id, BulkAction.undone_at.is_null()
        )
        if not mine.execute():
            raise InvalidInput(lazy("This was undone already."))
    try:
        _undo_all(action, undone, actor)
    except FAILURES:
        # Done once more, it gives back what still stands.
        with transaction():
            BulkAction.update(undone_at=None).where(BulkAction.id == action.id).execute()
        raise
    return undone


def _undo_all(action: BulkAction, undone: Undone, actor: Agent) -> None:
    """Give back the changes of an act, some at a time, and cancel its e-mails where nothing of it stands any more."""
    standing, ids = 0, [row[0] for row in action.changes.select(BulkChange.id).order_by(BulkChange.id).tuples()]
    for some in chunked(ids, AT_ONCE):
        part, stood = twice_at_most(partial(_undo_some, action.act, some, actor))
        undone.back, undone.left_alone = undone.back + part.back, undone.left_alone + part.left_alone
        undone.sent += part.sent
        standing += stood
    # Where something of the act still stands, its e-mail still tells the truth.
    if undone.back and not standing:
        _recall(action.mails, undone)


def _undo_some(name: str, ids: Sequence[int], actor: Agent) -> tuple[Undone, int]:
    undone = Undone()
    with transaction():
        return undone, _undo(undone, name, ids, actor)


def _undo(undone: Undone, name: str, ids: Sequence[int], actor: Agent) -> int:
    """Give back some changes; return how many of them stand although nobody touched them."""
    act, standing = ACTS[name], 0
    hold_actor(actor)
    rows = BulkChange.select(BulkChange, Ticket, Customer).join(Ticket).join(Customer)
    changes = list(for_update(rows.where(BulkChange.id.in_(ids)).order_by(BulkChange.ticket)))
    for change in changes:
        mark_locked(change.ticket)
    now, touched = states(act, [change.ticket for change in changes]), _touched_since(act, changes)
    for change in changes:
        if change.after.get("reply") != change.before.get("reply"):
            is_back = _withdraw(change.after["reply"], actor)
            undone.back += is_back
            undone.sent += not is_back
            standing += not is_back
            continue
        as_left = change.ticket_id not in touched and _same(now[change.ticket_id], change.after)
        if as_left and _may_give_back(name, change, actor):
            with quietly():
                _give_back(name, change, now[change.ticket_id], actor)
            undone.back += 1
        else:
            undone.left_alone += 1
            standing += as_left
    return standing


def _withdraw(message_id: int, actor: Agent) -> bool:
    """Take the reply back that a macro has sent to one of many tickets; whether it had not left yet."""
    message = Message.get_or_none(Message.id == message_id)
    try:
        if message is not None:
            undo_send.withdraw_reply(message, actor=actor, keeps_text=False)
    except HelpdeskError:
        return False
    return True


def _touched_since(act: Act, changes: list[BulkChange]) -> set[int]:
    """Return the tickets whose history goes on with an event of the same kind."""
    latest = {change.ticket_id: change.event for change in changes}
    if not latest or not act.kinds:
        return set()
    query = TicketEvent.select(TicketEvent.ticket_id, fn.MAX(TicketEvent.id)).where(
        TicketEvent.ticket.in_(list(latest)), TicketEvent.id > min(latest.values()), TicketEvent.kind.in_(act.kinds)
    )
    return {key for key, event in query.group_by(TicketEvent.ticket_id).tuples() if event > latest[key]}


def _same(now: State, then: State) -> bool:
    if not set(then.get("tags", ())) <= set(now.get("tags", ())):
        return False
    # An address goes with its customer: of whom they are part by now does not matter.
    loose = (*RESTLESS, *LOOSE, *(["customer"] if then.get("address") is not None else []))
    return all(now.get(name) == value for name, value in then.items() if name not in loose)


def _may_give_back(name: str, change: BulkChange, actor: Agent) -> bool:
    """Whether the actor sees the ticket and what stood before is still there."""
    if not (access.sees(actor, change.ticket) or (name in {"assign", "in-turn", "macro"} and _saw(actor, change))):
        return False
    if name == "macro" and not all(access.can(actor, verb) for verb in _verbs(change, actor)):
        return False
    if name == "customer" and not customer_change.may_return(change.before):
        return False
    former = [(_ROWS[column](key), column) for column, key in change.before.items() if column in _ROWS and key]
    return all(row is not None and _is_there(row, column) for row, column in former)


#: What an act that gives several things back must be allowed to do, by what differs.
_VERBS = {
    "status": "set_status",
    "priority": "set_priority",
    "assignee": "assign",
    "team": "assign",
    "is_snoozed": "snooze",
    "tags": "tag",
}


def _verbs(change: BulkChange, actor: Agent) -> set[str]:
    """Return what an agent must be allowed to do for this change to be given back; a ticket one took needs nothing."""
    before, after = change.before, change.after
    verbs = {verb for name, verb in _VERBS.items() if before.get(name) != after.get(name)}
    is_taken = after["assignee"] == actor.id
    return verbs - {"assign"} if is_taken else verbs


def _is_there(row: Any, column: str) -> bool:
    """Whether a former value may come back; who gets a ticket stays as they are until that is stored."""
    if column not in _ACTIVE:
        return True
    stored = hold(row)
    return stored is not None and bool(getattr(stored, _ACTIVE[column]))


def _saw(actor: Actor, change: BulkChange) -> bool:
    """Whether the actor would see the ticket as it was: assigning it away may have ended that, nothing else."""
    former = {column: change.before[column] for column in ("assignee", "team")}
    return access.sees(actor, Ticket(**{**change.ticket.__data__, **former}))


_ACTIVE = {"assignee": "active", "team": "enabled"}


def _give_back(name: str, change: BulkChange, now: State, actor: Agent) -> None:
    ticket, before, after = change.ticket, change.before, change.after
    columns = [*ACTS[name].columns, *(column for column in RESTLESS if now[column] == after[column])]
    for key in set(after.get("tags", ())) - set(before.get("tags", ())):
        _untag(ticket, key, actor)
    for key in set(before.get("tags", ())) - set(after.get("tags", ())):
        _tag_again(ticket, key, actor)
    # The author is the same for many tickets: who unblocked or blocked them meanwhile has the last word.
    if "blocked" in before and before["blocked"] != after["blocked"] == now["blocked"]:
        ticket.customer.blocked_at = clock.now() if before["blocked"] else None
        ticket.customer.save()
    values = {column: read(Ticket, column, before[column]) for column in columns}
    if "customer" in values:
        values["customer"] = former_customers.owner_of(before)
    if "rank" in values:
        # As the priority weighs now: it, or how ranks are counted, may have changed since.
        values["rank"] = overdue.rank(_ROWS["priority"](before["priority"]))
    store(ticket, **values)
    if name == "customer":
        customer_change.give_back(ticket, before, after, actor=actor)
    if name != "tag":
        sleep = {"asleep": ticket.is_snoozed} if "is_snoozed" in before else {}
        record(ticket, EventKind.UNDONE, actor=actor, **_event_data(name, before, after), **sleep)


def _untag(ticket: Ticket, tag_id: int, actor: Actor) -> None:
    row = Tag.get_or_none(Tag.id == tag_id)
    if row is not None:
        untag(ticket, row.name, actor=actor)


def _tag_again(ticket: Ticket, tag_id: int, actor: Actor) -> None:
    row = Tag.get_or_none(Tag.id == tag_id)
    if row is not None:
        tag(ticket, row.name, actor=actor)


def _event_data(name: str, before: State, after: State) -> dict[str, Any]:
    """Return what the history says of it."""
    if name in {"assign", "in-turn"}:
        whom = assignee_name(before["assignee"], before["team"])
        return {"why": "back-assign", "name": whom} if whom else {"why": "back-nobody"}
    if name in {"status", "close"}:
        status = _ROWS["status"](before["status"])
        return {"why": "back-status", "name": status.label, "category": status.category}
    if name == "customer":
        return {"why": "back-customer", "name": Customer.get_by_id(former_customers.owner_of(before)).display_name}
    if name == "priority":
        return {"why": "back-priority", "name": _ROWS["priority"](before["priority"]).label}
    if name == "macro":
        status = _ROWS["status"](before["status"])
        is_held = bool(before["assignee"] or before["team"])
        same = (before["assignee"], before["team"]) == (after["assignee"], after["team"])
        holder = {} if same else {"holder": "back-assign" if is_held else "back-nobody"}
        return {"why": "back-macro", "category": status.category, **holder}
    return {"why": f"back-{name}"}


def _recall(mails: list[int], undone: Undone) -> None:
    """Cancel what was not sent yet; what is being sent has gone."""
    waiting = OutgoingEmail.update(state="cancelled").where(
        OutgoingEmail.id.in_(mails), OutgoingEmail.state == "pending"
    )
    undone.cancelled = waiting.execute() if mails else 0
    gone = OutgoingEmail.select(OutgoingEmail.to_email).where(
        OutgoingEmail.id.in_(mails), OutgoingEmail.state.in_(["sending", "sent"])
    )
    undone.gone = sorted({row[0] for row in gone.tuples()}) if mails else []
