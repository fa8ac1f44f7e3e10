"""The history of a ticket: what happened, who did it, and the sentence that says so.

`record` runs the listeners of an event (filters, notifications), which ``helpdesk.wiring`` registers; `transaction`
runs the hooks that must wait until everything is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, TypeVar

from peewee import DatabaseError

from database import Label, database
from engines import is_collision
from helpdesk import clock
from helpdesk.access import Actor, System, TicketGuest
from helpdesk.event_texts import (
    ASSIGNED_IN_TURN,
    LINKED_AS,
    NAMELESS,
    OPENED_APART,
    OPENED_FOR,
    REASONS,
    SENTENCES,
    EventKind,
)
from helpdesk.i18n import _, when
from helpdesk.lib import delivery_status
from helpdesk.lib.statements import insert
from helpdesk.settings import lookups
from models import Agent, Customer, Message, Team, Ticket, TicketEvent

__all__ = [
    "SHOWN_AS_MESSAGE",
    "EventKind",
    "Listener",
    "actor_name",
    "after_commit",
    "assignee_name",
    "before_commit",
    "by_filter",
    "columns_before",
    "customer_of",
    "describe",
    "held_rows",
    "listeners",
    "locked_tickets",
    "note_before",
    "other_number",
    "quietly",
    "record",
    "recorded",
    "rule_name",
    "transaction",
    "twice_at_most",
]

T = TypeVar("T")

#: Kinds that the thread shows as messages, not as lines of the history.
SHOWN_AS_MESSAGE = frozenset(
    map(EventKind, ("customer-wrote", "replied", "note-added", "stranger-wrote", "sent-elsewhere"))
)

Listener = Callable[[TicketEvent, Actor], None]

#: What runs at each kind, in order: filled by ``helpdesk.wiring``.
listeners: dict[EventKind, tuple[Listener, ...]] = {}
#: What runs at the end of an act's transaction, with what it wrote in the histories: kinds by the ids of their tickets.
before_commit: list[Callable[[Mapping[int, set[EventKind]]], None]] = []
#: What runs once the act is stored.
after_commit: list[Callable[[], None]] = []
#: The tickets that the running transaction has locked, by identity (``tickets.lock``).
locked_tickets: ContextVar[dict[int, Ticket] | None] = ContextVar("locked_tickets", default=None)
#: The agents and teams that the running transaction holds as they are, by table and id (``locking.hold``).
held_rows: ContextVar[dict[tuple[str, int], Agent | Team | None] | None] = ContextVar("held_rows", default=None)
#: What the running transaction has written in histories: kinds by the ids of their tickets.
_noted: ContextVar[dict[int, set[EventKind]] | None] = ContextVar("noted", default=None)
#: The same, line by line, without what was rolled back.
_lines: ContextVar[list[TicketEvent] | None] = ContextVar("lines", default=None)
#: What the tickets that the running transaction has locked were like before it, by their ids.
_before: ContextVar[dict[int, dict[str, Any]] | None] = ContextVar("before", default=None)
_BEGINNING_EMPTY: tuple[ContextVar[Any], ...] = (locked_tickets, held_rows, _noted, _before)


@contextmanager
def transaction() -> Iterator[None]:
    """Store all of one rule or nothing; wake the deliverer once the outermost act is stored."""
    if database.transaction_depth():
        with _locks_of_nested(), database.atomic():
            yield
        return
    tokens: list[tuple[ContextVar[Any], Any]] = [(variable, variable.set({})) for variable in _BEGINNING_EMPTY]
    tokens.append((_lines, _lines.set([])))
    try:
        with database.atomic():
            yield
            if noted := _noted.get():
                for follow in before_commit:
                    follow(noted)
    finally:
        for variable, token in tokens:
            variable.reset(token)
    for hook in after_commit:
        hook()


def twice_at_most(act: Callable[[], T]) -> T:
    """Run an act that is a transaction of its own; run it once more when it collided with another (``engines``)."""
    try:
        return act()
    except DatabaseError as error:
        if database.transaction_depth() or not is_collision(error):
            raise
    return act()


@contextmanager
def _locks_of_nested() -> Iterator[None]:
    """Forget what a nested transaction locked and wrote in histories when it is rolled back: it goes with it."""
    notes: list[Any] = [locked_tickets.get(), held_rows.get()]
    before = [dict(note) if note else {} for note in notes]
    lines = _lines.get()
    count = len(lines or ())
    try:
        yield
    except BaseException:
        if lines is not None:
            del lines[count:]
        for note, earlier in zip(notes, before, strict=True):
            if note is not None:
                note.clear()
                note.update(earlier)
        raise


def recorded() -> list[TicketEvent]:
    """Return what the running transaction has written in histories and not rolled back, in order."""
    return list(_lines.get() or ())


def note_before(ticket: Ticket) -> None:
    """Remember what a ticket is like that the running transaction has just locked, unless it was locked before."""
    before = _before.get()
    if before is not None and ticket.id not in before:
        before[ticket.id] = dict(ticket.__data__)


def columns_before(ticket: Ticket) -> Mapping[str, Any]:
    """Return the columns of a ticket before the running transaction; none for one that it has not locked."""
    return (_before.get() or {}).get(ticket.id, {})


#: The rule that is at work: how the history calls it ("by_filter", "by_rule"), and its name.
_rule: ContextVar[tuple[str, str]] = ContextVar("rule", default=("", ""))
#: Whether what happens sets off no rule.
_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


@contextmanager
def by_filter(name: str, key: str = "by_filter") -> Iterator[None]:
    """Let the history say that what the program does inside is done by this filter, or another rule ("by_rule")."""
    token = _rule.set((key, name))
    try:
        yield
    finally:
        _rule.reset(token)


@contextmanager
def quietly() -> Iterator[None]:
    """Let what is done inside set off no rule: an undo."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def rule_name() -> str:
    """Return the name of the filter or rule at work; empty where none is."""
    return _rule.get()[1]


def record(ticket: Ticket, kind: EventKind, *, actor: Actor, about: Message | None = None, **data: Any) -> TicketEvent:
    """Write a line of the ticket's history and run its listeners, in the caller's transaction.

    `about` is the message that caused the event, so that listeners need not read it again.
    """
    key, name = _rule.get()
    if isinstance(actor, System) and key:
        data = {**data, key: name}
    event = TicketEvent(
        ticket=ticket,
        kind=kind.value,
        agent=actor if isinstance(actor, Agent) else None,
        customer=customer_of(actor),
        actor_name=actor_name(actor),
        data=data,
        created_at=clock.now(),
    )
    insert(event)
    event.about = about
    if (noted := _noted.get()) is not None and (lines := _lines.get()) is not None:
        noted.setdefault(ticket.id, set()).add(kind)
        event.is_quiet = bool(name) or _quiet.get()
        lines.append(event)
    for listener in listeners.get(kind, ()):
        listener(event, actor)
    return event


def customer_of(actor: Actor) -> Customer | None:
    """Return the customer behind an actor; None for an agent or the program."""
    if isinstance(actor, TicketGuest):
        return actor.customer
    return actor if isinstance(actor, Customer) else None


def actor_name(actor: Actor) -> str:
    """Return the name to store with what the actor did; empty for the program itself."""
    if isinstance(actor, Agent):
        return actor.name
    customer = customer_of(actor)
    return customer.display_name if customer is not None else ""


#: What sentences may hold; a line says nothing for what it does not have.
_VALUES = ("old", "new", "to", "tag", "former", "subject", "email", "number", "name", "reason", "until")


def other_number(event: TicketEvent) -> str:
    """Return the number of another ticket that the sentence of an event names; empty where it names none."""
    return str(event.data.get("former") or event.data.get("number") or "") if event.kind in NAMELESS else ""


def describe(event: TicketEvent, *, is_nameless: bool = False) -> str:
    """Return the sentence of an event in the reader's language; without naming the other ticket, if any."""
    kind = EventKind(event.kind)
    data = {key: _as_text(value) for key, value in event.data.items()}
    if "until" in data:
        data["until"] = when(datetime.fromisoformat(data["until"]))
    filter_name, rule = data.pop("by_filter", ""), data.pop("by_rule", "")
    who = event.actor_name or _("The desk")
    if filter_name and not event.actor_name:
        who = _("The filter “%(name)s”", name=filter_name)
    elif rule and not event.actor_name:
        who = _("The rule “%(name)s”", name=rule)
    usual = OPENED_APART if kind is EventKind.OPENED and "former" in data else SENTENCES[kind]
    usual = ASSIGNED_IN_TURN if kind is EventKind.ASSIGNED and "open_tickets" in data else usual
    usual = LINKED_AS.get(data.pop("way", ""), usual)
    usual = NAMELESS[kind] if is_nameless else usual
    sentence = str(OPENED_FOR.get(event.data.get("source", ""), usual)) % {
        **dict.fromkeys(_VALUES, ""),
        **data,
        "who": who,
    }
    if comment := event.data.get("comment", ""):
        sentence = f"{sentence}{_(': ')}{comment}"
    if code := event.data.get("code", ""):
        sentence = f"{sentence}{_(': ')}{delivery_status.words(code)}"
    reason = REASONS.get(event.data.get("why", ""))
    return f"{sentence}{_(': ')}{reason % {'name': data.get('name', '')}}" if reason is not None else sentence


def _as_text(value: Any) -> str:
    is_label = isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
    return str(Label(value)) if is_label else str(value)


def assignee_name(agent_id: int | None, team_id: int | None) -> str:
    """Return the name of an assignee as the history stores it; empty for nobody."""
    row = lookups.agent(agent_id) if agent_id else lookups.team(team_id)
    return str(row) if row is not None else ""
