"""Tickets, replies that wait to be sent, and drafts of an agent who leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from peewee import SQL, ModelSelect, Value, chunked, fn

from helpdesk import clock
from helpdesk.departures.holding import Move
from helpdesk.errors import HelpdeskError
from helpdesk.events import EventKind, actor_name
from helpdesk.notifications import owe, recipients
from helpdesk.notifications.causes import Cause, Occasion
from helpdesk.people import teams
from helpdesk.tickets import drafts, undo_send
from helpdesk.tickets.assignment import ASSIGNING
from models import UNRESOLVED, Agent, DepartureChange, Draft, ScheduledReply, Team, Ticket, TicketEvent

#: Tickets that the mail to whoever gets them lists.
LISTED = 50
#: Tickets that change hands by one statement: SQLite takes 32,766 values.
AT_ONCE = 2_000
NOT_OPEN = SQL(f"NOT ({UNRESOLVED.sql})")


# --- Replies that wait to be sent ---------------------------------------------------------------------------------


def count_replies(agent: Agent) -> int:
    """Return how many replies of the agent are not public yet."""
    return len(undo_send.waiting_of(agent))


def withdraw_replies(move: Move) -> int:
    """Take the replies back, so that each is a draft again; one that can no longer be taken back goes out."""
    count = 0
    for message in undo_send.waiting_of(move.agent):
        try:
            undo_send.withdraw_reply(message, actor=move.agent)
        except HelpdeskError:
            continue
        move.note(message.id)
        count += 1
    return count


def count_scheduled(agent: Agent) -> int:
    """Return how many replies of the agent leave at a moment to come."""
    waiting = ScheduledReply.select().where(ScheduledReply.agent == agent.id, ScheduledReply.stopped_at.is_null())
    return int(waiting.count())


# --- Tickets ------------------------------------------------------------------------------------------------------


def open_tickets(agent: Agent) -> ModelSelect:
    """Return the open tickets of the agent; for one that sleeps somebody must be there when it wakes."""
    return teams.assigned_to(agent).where(UNRESOLVED)


def other_tickets(agent: Agent) -> ModelSelect:
    """Return the tickets of the agent that are closed, spam or in the bin."""
    return teams.assigned_to(agent).where(NOT_OPEN)


def count_open(agent: Agent) -> int:
    """Return how many open tickets the agent has."""
    return int(open_tickets(agent).count())


def count_others(agent: Agent) -> int:
    """Return how many tickets of the agent are closed, spam or in the bin."""
    return int(other_tickets(agent).count())


def move_open(move: Move) -> int:
    """Hand over the open tickets, and mail whoever gets them."""
    listed = list(open_tickets(move.agent).order_by(Ticket.rank, Ticket.waiting_since, Ticket.id).limit(LISTED))
    count = _move(open_tickets(move.agent), move)
    if count:
        _mail(listed, count, move)
    return count


def move_others(move: Move) -> int:
    """Hand over the tickets that are closed, spam or in the bin; nobody is mailed."""
    return _move(other_tickets(move.agent), move)


def _move(tickets: ModelSelect, move: Move) -> int:
    """Give locked tickets to somebody: three statements for some thousand of them."""
    owner = {"assignee": None, "team": None, **_column(move.to)}
    kind = EventKind.UNASSIGNED if move.to is None else EventKind.ASSIGNED
    to: dict[str, Any] = {}
    if isinstance(move.to, Agent | Team):
        to = {"to": str(move.to), "agent" if isinstance(move.to, Agent) else "team": move.to.id}
    count = 0
    for keys in _parts(tickets.select(Ticket.id).order_by(Ticket.id)):
        some = Ticket.select().where(Ticket.id.in_(keys))
        _record(some, kind, move, why="agent-disabled", **to)
        _note(some, move, owner)
        count += int(Ticket.update(**owner).where(Ticket.id.in_(keys)).execute())
    return count


def _parts(ids: ModelSelect) -> Iterator[list[int]]:
    """Give these ids some thousand at a time: a statement about all of them would last too long."""
    for some in chunked([key for (key,) in ids.tuples()], AT_ONCE):
        yield list(some)


def _note(tickets: ModelSelect, move: Move, after: dict[str, Any]) -> None:
    """Remember of each of these tickets who has it now."""
    rows = tickets.select(Value(move.departure.id), Value(move.holding), Ticket.id, _json({}), _json(after))
    table = DepartureChange
    DepartureChange.insert_from(
        rows, (table.departure, table.holding, table.row_id, table.before, table.after)
    ).execute()


def _column(to: Any) -> dict[str, int]:
    if isinstance(to, Agent):
        return {"assignee": to.id}
    return {"team": to.id} if isinstance(to, Team) else {}


def _json(value: dict[str, Any]) -> Value:
    return Value(value, converter=DepartureChange.after.db_value)


def _record(tickets: ModelSelect, kind: EventKind, move: Move, **data: Any) -> None:
    """Write a line of history of each of these tickets; nothing listens to it."""
    now = TicketEvent.created_at.db_value(clock.now())
    values = (kind.value, move.actor.id, actor_name(move.actor), _json({**data, "name": move.agent.name}), now)
    lines = tickets.select(Ticket.id, *(value if isinstance(value, Value) else Value(value) for value in values))
    table = TicketEvent
    TicketEvent.insert_from(
        lines, (table.ticket, table.kind, table.agent, table.actor_name, table.data, table.created_at)
    ).execute()


def _mail(tickets: list[Ticket], count: int, move: Move) -> None:
    if not isinstance(move.to, Agent | Team):
        return
    data = {"agent" if isinstance(move.to, Agent) else "team": move.to.id}
    one = Cause(EventKind.ASSIGNED, move.actor, tickets[0], data=data)
    if count == 1:
        owe(one)
    else:
        people = tuple(dict.fromkeys(recipients.target(one)))
        several = Occasion.SEVERAL_ASSIGNED
        owe(Cause(several, move.actor, people=people, tickets=tuple(tickets), data={"count": count}))


def give_back(move: Move) -> int:
    """Give back the tickets whose assignee nobody has set since."""
    changes = (DepartureChange.departure == move.departure.id) & (DepartureChange.holding == move.holding)
    first = DepartureChange.select(DepartureChange.after).where(changes).first()
    if first is None:
        return 0
    later = TicketEvent.select(SQL("1")).where(
        TicketEvent.ticket == Ticket.id,
        TicketEvent.id > move.departure.last_event,
        TicketEvent.kind.in_([kind.value for kind in ASSIGNING]),
    )
    owner = first.after
    same = [_is(Ticket.assignee, owner["assignee"]), _is(Ticket.team, owner["team"]), ~fn.EXISTS(later)]
    count = 0
    for keys in _parts(DepartureChange.select(DepartureChange.row_id).where(changes).order_by(DepartureChange.row_id)):
        unchanged = Ticket.select(Ticket.id).where(Ticket.id.in_(keys), *same)
        back = [key for (key,) in unchanged.tuples()]
        some = Ticket.select().where(Ticket.id.in_(back))
        _record(some, EventKind.ASSIGNED, move, why="departure-undone", to=move.agent.name, agent=move.agent.id)
        count += int(Ticket.update(assignee=move.agent.id, team=None).where(Ticket.id.in_(back)).execute())
    return count


def _is(column: Any, key: int | None) -> Any:
    return column.is_null() if key is None else column == key


# --- Drafts -------------------------------------------------------------------------------------------------------


def count_drafts(agent: Agent) -> int:
    """Return how many drafts the agent has."""
    return int(Draft.select().where(Draft.agent == agent.id).count())


def move_drafts(move: Move) -> int:
    """Let somebody else go on with the drafts."""
    ids = drafts.hand_over(move.agent, move.heir)
    move.note_all(ids, after={"agent": move.heir.id})
    return len(ids)


def give_back_drafts(move: Move) -> int:
    """Give back the drafts that nobody changed since."""
    changes = list(move.changes())
    if not changes:
        return 0
    heir = changes[0].after["agent"]
    return drafts.give_back([change.row_id for change in changes], move.agent, heir, move.departure.created_at)
