"""The history of a ticket: what happened, who did it, and the sentence that says so.

`record` runs the listeners of an event (filters, notifications), which ``helpdesk.wiring`` registers; `transaction`
runs the hooks that must wait until everything is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import Any, TypeVar

from peewee import DatabaseError

from database import Label, database
from engines import is_collision
from helpdesk import clock
from helpdesk.access import Actor, System, TicketGuest
from helpdesk.i18n import _, lazy
from helpdesk.lib import delivery_status
from helpdesk.lib.statements import insert
from helpdesk.settings import lookups
from models import Agent, Customer, Message, Team, Ticket, TicketEvent

T = TypeVar("T")


class EventKind(StrEnum):
    """Everything that can happen to a ticket."""

    OPENED = "opened"
    CUSTOMER_WROTE = "customer-wrote"
    REPLIED = "replied"
    NOTE_ADDED = "note-added"
    NOTE_DELETED = "note-deleted"
    NAMED = "named"
    STATUS = "status"
    PRIORITY = "priority"
    IMPORTANT = "important"
    NOT_IMPORTANT = "not-important"
    ASSIGNED = "assigned"
    TAKEN = "taken"
    TRANSFERRED = "transferred"
    UNASSIGNED = "unassigned"
    MOVED = "moved"
    TAGGED = "tagged"
    UNTAGGED = "untagged"
    CLOSED = "closed"
    CLOSED_BY_CUSTOMER = "closed-by-customer"
    REOPENED = "reopened"
    SPAM = "spam"
    NOT_SPAM = "not-spam"
    DELETED = "deleted"
    RESTORED = "restored"
    COPY_ADDED = "copy-added"
    COPY_DROPPED = "copy-dropped"
    COPY_LEFT = "copy-left"
    FILTERED = "filtered"
    FILTER_SKIPPED = "filter-skipped"
    UNDONE = "undone"
    WITHDRAWN = "withdrawn"
    RATED_GOOD = "rated-good"
    RATED_BAD = "rated-bad"
    RENAMED = "renamed"
    MERGED = "merged"
    STRANGER_WROTE = "stranger-wrote"
    SENT_ELSEWHERE = "sent-elsewhere"
    AUTOMATIC = "automatic"
    RELATED = "related"
    SPLIT = "split"
    BOUNCED = "bounced"
    DELAYED = "delayed"
    NOT_ANSWERED = "not-answered"
    ADDRESS_CORRECTED = "address-corrected"


#: Kinds that the thread shows as messages, not as lines of the history.
SHOWN_AS_MESSAGE = frozenset(
    map(EventKind, ("customer-wrote", "replied", "note-added", "stranger-wrote", "sent-elsewhere"))
)

Listener = Callable[[TicketEvent, Actor], None]

#: What runs at each kind, in order: filled by ``helpdesk.wiring``.
listeners: dict[EventKind, tuple[Listener, ...]] = {}
#: What runs once the act is stored.
after_commit: list[Callable[[], None]] = []
#: The tickets that the running transaction has locked, by identity (``tickets.lock``).
locked_tickets: ContextVar[dict[int, Ticket] | None] = ContextVar("locked_tickets", default=None)
#: The agents and teams that the running transaction holds as they are, by table and id (``locking.hold``).
held_rows: ContextVar[dict[tuple[str, int], Agent | Team | None] | None] = ContextVar("held_rows", default=None)


@contextmanager
def transaction() -> Iterator[None]:
    """Store all of one rule or nothing; wake the deliverer once the outermost act is stored."""
    if database.transaction_depth():
        with _locks_of_nested(), database.atomic():
            yield
        return
    before, held_before = locked_tickets.set({}), held_rows.set({})
    try:
        with database.atomic():
            yield
    finally:
        locked_tickets.reset(before)
        held_rows.reset(held_before)
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
    """Forget what a nested transaction locked when it is rolled back: its locks go with it."""
    notes: list[Any] = [locked_tickets.get(), held_rows.get()]
    before = [dict(note) if note else {} for note in notes]
    try:
        yield
    except BaseException:
        for note, earlier in zip(notes, before, strict=True):
            if note is not None:
                note.clear()
                note.update(earlier)
        raise


_filter_name: ContextVar[str] = ContextVar("filter_name", default="")


@contextmanager
def by_filter(name: str) -> Iterator[None]:
    """Let the history say that what the program does inside is done by this filter."""
    token = _filter_name.set(name)
    try:
        yield
    finally:
        _filter_name.reset(token)


def record(ticket: Ticket, kind: EventKind, *, actor: Actor, about: Message | None = None, **data: Any) -> TicketEvent:
    """Write a line of the ticket's history and run its listeners, in the caller's transaction.

    `about` is the message that caused the event, so that listeners need not read it again.
    """
    if isinstance(actor, System) and _filter_name.get():
        data = {**data, "by_filter": _filter_name.get()}
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


_SENTENCES: dict[EventKind, Any] = {
    EventKind.OPENED: lazy("%(who)s opened the ticket"),
    EventKind.CUSTOMER_WROTE: lazy("%(who)s wrote"),
    EventKind.REPLIED: lazy("%(who)s replied"),
    EventKind.NOTE_ADDED: lazy("%(who)s added an internal note"),
    EventKind.NOTE_DELETED: lazy("%(who)s deleted an internal note"),
    EventKind.NAMED: lazy("%(who)s named %(to)s in a note"),
    EventKind.STATUS: lazy("%(who)s changed the status from %(old)s to %(new)s"),
    EventKind.PRIORITY: lazy("%(who)s changed the priority from %(old)s to %(new)s"),
    EventKind.IMPORTANT: lazy("%(who)s marked the ticket as important"),
    EventKind.NOT_IMPORTANT: lazy("%(who)s unmarked the ticket as important"),
    EventKind.ASSIGNED: lazy("%(who)s assigned the ticket to %(to)s"),
    EventKind.TAKEN: lazy("%(who)s took the ticket"),
    EventKind.TRANSFERRED: lazy("%(who)s transferred the ticket to %(to)s"),
    EventKind.UNASSIGNED: lazy("%(who)s unassigned the ticket"),
    EventKind.MOVED: lazy("%(who)s moved the ticket from %(old)s to %(new)s"),
    EventKind.TAGGED: lazy("%(who)s added the tag %(tag)s"),
    EventKind.UNTAGGED: lazy("%(who)s removed the tag %(tag)s"),
    EventKind.CLOSED: lazy("%(who)s closed the ticket"),
    EventKind.CLOSED_BY_CUSTOMER: lazy("%(who)s closed the ticket from their account"),
    EventKind.REOPENED: lazy("%(who)s reopened the ticket"),
    EventKind.SPAM: lazy("%(who)s marked the ticket as spam"),
    EventKind.NOT_SPAM: lazy("%(who)s marked the ticket as not spam"),
    EventKind.DELETED: lazy("%(who)s moved the ticket to the bin"),
    EventKind.RESTORED: lazy("%(who)s restored the ticket from the bin"),
    EventKind.COPY_ADDED: lazy("%(who)s put %(email)s in copy"),
    EventKind.COPY_DROPPED: lazy("%(who)s took %(email)s out of copy"),
    EventKind.COPY_LEFT: lazy("%(email)s wants to be in copy no more"),
    EventKind.FILTERED: lazy("The filter “%(name)s” applied"),
    EventKind.UNDONE: lazy("%(who)s undid a change made from the list"),
    EventKind.RATED_GOOD: lazy("%(who)s is satisfied"),
    EventKind.RATED_BAD: lazy("%(who)s is not satisfied"),
    EventKind.WITHDRAWN: lazy("%(who)s took a reply back before it went out"),
    EventKind.RENAMED: lazy("%(who)s changed the subject from “%(old)s” to “%(new)s”"),
    EventKind.MERGED: lazy("%(who)s merged ticket %(former)s, “%(subject)s”, into this one"),
    EventKind.STRANGER_WROTE: lazy("%(email)s wrote, who does not belong to this ticket"),
    EventKind.SENT_ELSEWHERE: lazy("A reply was sent from %(email)s with another program"),
    EventKind.AUTOMATIC: lazy("An automatic e-mail of %(email)s came in: “%(subject)s”"),
    EventKind.RELATED: lazy("The e-mail answers ticket %(number)s"),
    EventKind.SPLIT: lazy("%(who)s made ticket %(number)s of a message"),
    EventKind.BOUNCED: lazy("An e-mail to %(email)s was not delivered"),
    EventKind.DELAYED: lazy("An e-mail to %(email)s is late; its server goes on trying"),
    EventKind.NOT_ANSWERED: lazy("No more automatic answers go to %(email)s for a while: there were too many"),
    EventKind.ADDRESS_CORRECTED: lazy("%(who)s corrected the address %(old)s to %(new)s"),
    EventKind.FILTER_SKIPPED: lazy("An action of the filter “%(name)s” was skipped: %(reason)s"),
}

#: How an agent came to open a ticket for somebody, and the sentence that says so.
OPENED_FOR: dict[str, Any] = {
    "phone": lazy("%(who)s opened the ticket for %(customer)s, who phoned"),
    "visit": lazy("%(who)s opened the ticket for %(customer)s, who came in"),
    "email": lazy("%(who)s opened the ticket for %(customer)s, who wrote an e-mail"),
}

#: How the opening of a ticket reads in the one it was merged into.
OPENED_APART = lazy("%(who)s opened ticket %(former)s, “%(subject)s”, which is part of this one now")

#: Why a ticket lost its assignee (RULES 7): the reason stands after the sentence.
REASONS: dict[str, Any] = {
    "agent-disabled": lazy("%(name)s was disabled"),
    "agent-deleted": lazy("%(name)s was deleted"),
    "departure-undone": lazy("the departure of %(name)s was undone"),
    "team-disabled": lazy("the team %(name)s was disabled"),
    "team-deleted": lazy("the team %(name)s was deleted"),
    "left-team": lazy("%(name)s left the team"),
    "no-access": lazy("%(name)s no longer covers it"),
    "back-assign": lazy("assigned to %(name)s again"),
    "back-nobody": lazy("assigned to nobody again"),
    "back-status": lazy("the status is %(name)s again"),
    "back-priority": lazy("the priority is %(name)s again"),
    "back-spam": lazy("no longer spam"),
    "back-not-spam": lazy("spam again"),
    "back-delete": lazy("out of the bin again"),
    "back-restore": lazy("in the bin again"),
}


#: What sentences may hold; a line says nothing for what it does not have.
_VALUES = ("old", "new", "to", "tag", "former", "subject", "email", "number", "name", "reason")


def describe(event: TicketEvent) -> str:
    """Return the sentence of an event in the reader's language."""
    kind = EventKind(event.kind)
    data = {key: _as_text(value) for key, value in event.data.items()}
    rule = data.pop("by_filter", "")
    who = event.actor_name or (_("The filter “%(name)s”", name=rule) if rule else _("The desk"))
    usual = OPENED_APART if kind is EventKind.OPENED and "former" in data else _SENTENCES[kind]
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
    return str(Label(value)) if isinstance(value, dict) else str(value)


def assignee_name(agent_id: int | None, team_id: int | None) -> str:
    """Return the name of an assignee as the history stores it; empty for nobody."""
    row = lookups.agent(agent_id) if agent_id else lookups.team(team_id)
    return str(row) if row is not None else ""
