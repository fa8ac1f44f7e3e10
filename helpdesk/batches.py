"""One act on many tickets, and taking it back: nothing anybody changed since is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from peewee import DateTimeField, ModelSelect, chunked, fn

from helpdesk import access, catalogue, clock, envelopes, notifications
from helpdesk.access import Actor
from helpdesk.errors import HelpdeskError, InvalidInput, NotFound
from helpdesk.events import EventKind, assignee_name, record, transaction
from helpdesk.i18n import lazy
from helpdesk.tickets import untag
from helpdesk.tickets.changing import store
from models import Agent, Batch, BatchChange, OutgoingEmail, Tag, Ticket, TicketEvent, TicketTag

#: Tickets changed by one act at the most.
MAX_TICKETS = 1_000
#: Minutes in which an act may be taken back, and days after which it is forgotten.
UNDO_MINUTES = 10
DAYS_KEPT = 1

State = dict[str, Any]


@dataclass(frozen=True)
class Act:
    """What an act needs of the role, the columns it writes, and the events that change the same thing later."""

    verb: str
    columns: tuple[str, ...] = ()
    kinds: frozenset[EventKind] = frozenset()


_STATUS = Act(
    "set_status",
    ("status", "is_open", "closed_at", "closed_by_customer", "awaits_reply"),
    frozenset(
        {
            *(EventKind.STATUS, EventKind.CLOSED, EventKind.CLOSED_BY_CUSTOMER, EventKind.REOPENED),
            *(EventKind.REPLIED, EventKind.CUSTOMER_WROTE),
        }
    ),
)
_ASSIGNING = {EventKind.ASSIGNED, EventKind.TAKEN, EventKind.TRANSFERRED, EventKind.UNASSIGNED}
_WEIGHING = {EventKind.PRIORITY, EventKind.IMPORTANT, EventKind.NOT_IMPORTANT}
_SPAM = Act("spam", ("is_spam",), frozenset({EventKind.SPAM, EventKind.NOT_SPAM}))
_BIN = Act(
    "delete", ("in_bin", "binned_at", "hidden_from_customer"), frozenset({EventKind.DELETED, EventKind.RESTORED})
)

ACTS: dict[str, Act] = {
    "assign": Act("assign", ("assignee", "team"), frozenset(_ASSIGNING)),
    "status": _STATUS,
    "close": _STATUS,
    "priority": Act("set_priority", ("priority", "rank", "former_priority"), frozenset(_WEIGHING)),
    "tag": Act("tag"),
    "spam": _SPAM,
    "not-spam": _SPAM,
    "delete": _BIN,
    "restore": _BIN,
}
#: Columns that move with any activity: they are given back, but say nothing of whether somebody changed the ticket.
_RESTLESS = ("last_activity", "waiting_since")
_ROWS: dict[str, Callable[[int | None], Any]] = {
    "assignee": catalogue.agent,
    "team": catalogue.team,
    "status": catalogue.status,
    "priority": catalogue.priority,
    "former_priority": catalogue.priority,
}


@dataclass
class Outcome:
    """What became of an act: how many tickets it met, how many refused it and why."""

    done: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    batch: Batch | None = None


@dataclass
class Undone:
    """What was given back, what was not, and what became of the e-mails of the act."""

    back: int = 0
    kept: int = 0
    cancelled: int = 0
    gone: list[str] = field(default_factory=list)


# --- Doing --------------------------------------------------------------------------------------------------------


def run(name: str, tickets: Iterable[Ticket], rule: Callable[[Ticket], None], *, actor: Agent) -> Outcome:
    """Do one act to each of these tickets by its own rule, all in one transaction, and keep how to take it back."""
    outcome, act, met = Outcome(), ACTS[name], list(tickets)
    with transaction(), envelopes.noted() as mails:
        before = _states(act, met)
        # One act, one mail to whom it concerns, however many tickets (RULES 10).
        with notifications.one_mail(actor=actor):
            for ticket in met:
                try:
                    rule(ticket)
                    outcome.done += 1
                except HelpdeskError as error:
                    outcome.refused[str(error)] = outcome.refused.get(str(error), 0) + 1
        after = _states(act, met)
        changed: list[int] = [ticket.id for ticket in met if before[ticket.id] != after[ticket.id]]
        if changed:
            outcome.batch = Batch.create(agent=actor, act=name, mails=mails, created_at=clock.now())
            _keep(outcome.batch, changed, before, after)
    return outcome


def _keep(batch: Batch, changed: list[int], before: dict[int, State], after: dict[int, State]) -> None:
    last = _last_events(changed)
    rows = [
        {"batch": batch, "ticket": key, "before": before[key], "after": after[key], "event": last.get(key, 0)}
        for key in changed
    ]
    for some in chunked(rows, 200):
        BatchChange.insert_many(some).execute()


def _last_events(ids: list[int]) -> dict[int, int]:
    query = TicketEvent.select(TicketEvent.ticket_id, fn.MAX(TicketEvent.id)).where(TicketEvent.ticket.in_(ids))
    return dict(query.group_by(TicketEvent.ticket_id).tuples())


def _states(act: Act, tickets: list[Ticket]) -> dict[int, State]:
    """Return what the act may change, ticket by ticket, as it is kept."""
    columns = (*act.columns, *_RESTLESS)
    states: dict[int, State] = {
        ticket.id: {name: _plain(ticket.__data__[name]) for name in columns} for ticket in tickets
    }
    if act is _SPAM:
        for ticket in tickets:
            states[ticket.id]["blocked"] = ticket.customer.blocked_at is not None
    if act.verb == "tag":
        held = TicketTag.select(TicketTag.ticket_id, TicketTag.tag_id).where(TicketTag.ticket.in_(list(states)))
        for ticket_id, tag_id in held.tuples():
            states[ticket_id].setdefault("tags", []).append(tag_id)
    return states


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


# --- Taking back --------------------------------------------------------------------------------------------------


def find(batch_id: int, *, actor: Agent) -> Batch:
    """Return an act of this agent. Raises NotFound, also for an act of somebody else."""
    batch = Batch.get_or_none(Batch.id == batch_id, Batch.agent == actor.id) if batch_id < 2**63 else None
    if batch is None:
        raise NotFound(lazy("There is no such act."))
    return batch


def undo(batch: Batch, *, actor: Agent) -> Undone:
    """Give back what nobody changed since, and cancel the e-mails of the act that were not sent yet.

    Raises InvalidInput when it is too late or was done before, NotAllowed when the role no longer allows the act.
    """
    act, undone = ACTS[batch.act], Undone()
    access.require(actor, act.verb)
    if batch.created_at < clock.now() - timedelta(minutes=UNDO_MINUTES):
        raise InvalidInput(lazy("This can no longer be undone: it is more than ten minutes ago."))
    with transaction():
        mine = Batch.update(undone_at=clock.now()).where(Batch.id == batch.id, Batch.undone_at.is_null())
        if not mine.execute():
            raise InvalidInput(lazy("This was undone already."))
        changes = list(batch.changes.select(BatchChange, Ticket).join(Ticket).order_by(BatchChange.id))
        states, touched = _states(act, [change.ticket for change in changes]), _touched_since(act, changes)
        standing = 0
        for change in changes:
            as_left = change.ticket_id not in touched and _same(states[change.ticket_id], change.after)
            if as_left and _may_give_back(batch.act, change, actor):
                _give_back(batch.act, change, states[change.ticket_id], actor)
                undone.back += 1
            else:
                undone.kept += 1
                standing += as_left
        # Where something of the act still stands, its e-mail still tells the truth.
        if undone.back and not standing:
            _recall(batch.mails, undone)
    return undone


def _touched_since(act: Act, changes: list[BatchChange]) -> set[int]:
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
    return all(now.get(name) == value for name, value in then.items() if name not in (*_RESTLESS, "tags"))


def _may_give_back(name: str, change: BatchChange, actor: Agent) -> bool:
    """Tell whether what stood before is still there; assigning a ticket away may have ended one's sight of it."""
    if name != "assign" and not access.sees(actor, change.ticket):
        return False
    former = [(_ROWS[column](key), column) for column, key in change.before.items() if column in _ROWS and key]
    return all(row is not None and getattr(row, _ACTIVE.get(column, "id")) for row, column in former)


_ACTIVE = {"assignee": "active", "team": "enabled"}


def _give_back(name: str, change: BatchChange, now: State, actor: Agent) -> None:
    ticket, before, after = change.ticket, change.before, change.after
    columns = [*ACTS[name].columns, *(column for column in _RESTLESS if now[column] == after[column])]
    for key in set(after.get("tags", ())) - set(before.get("tags", ())):
        _untag(ticket, key, actor)
    if before.get("blocked") is False and after["blocked"]:
        ticket.customer.blocked_at = None
        ticket.customer.save()
    elif before.get("blocked") and not after["blocked"]:
        ticket.customer.blocked_at = clock.now()
        ticket.customer.save()
    store(ticket, **{column: _read(column, before[column]) for column in columns})
    if name != "tag":
        record(ticket, EventKind.UNDONE, actor=actor, **_said(name, before))


def _untag(ticket: Ticket, tag_id: int, actor: Actor) -> None:
    tag = Tag.get_or_none(Tag.id == tag_id)
    if tag is not None:
        untag(ticket, tag.name, actor=actor)


def _read(column: str, value: Any) -> Any:
    is_time = isinstance(Ticket._meta.fields[column], DateTimeField)
    return datetime.fromisoformat(value) if is_time and value else value


def _said(name: str, before: State) -> dict[str, Any]:
    """Return what the history says of it."""
    if name == "assign":
        whom = assignee_name(before["assignee"], before["team"])
        return {"why": "back-assign", "name": whom} if whom else {"why": "back-nobody"}
    if name in {"status", "close"}:
        return {"why": "back-status", "name": _ROWS["status"](before["status"]).label}
    if name == "priority":
        return {"why": "back-priority", "name": _ROWS["priority"](before["priority"]).label}
    return {"why": f"back-{name}"}


def _recall(mails: list[int], undone: Undone) -> None:
    """Cancel what was not sent yet; what is being sent has gone."""
    waiting = OutgoingEmail.update(state="cancelled").where(
        OutgoingEmail.id.in_(mails), OutgoingEmail.state == "pending"
    )
    undone.cancelled = waiting.execute() if mails else 0
    gone: ModelSelect = OutgoingEmail.select(OutgoingEmail.to_email).where(
        OutgoingEmail.id.in_(mails), OutgoingEmail.state.in_(["sending", "sent"])
    )
    undone.gone = sorted({row[0] for row in gone.tuples()}) if mails else []


def purge() -> int:
    """Forget the acts that nobody can take back any more; return how many."""
    limit = clock.now() - timedelta(days=DAYS_KEPT)
    return int(Batch.delete().where(Batch.created_at < limit).execute())
