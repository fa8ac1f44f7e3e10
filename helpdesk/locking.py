"""One act on a ticket: its row is read again and locked until all of the act is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from peewee import ModelSelect

from database import is_sqlite
from helpdesk import access, events
from helpdesk.access import Actor
from helpdesk.lib.statements import Prepared, Slot
from models import Ticket


@contextmanager
def act(ticket: Ticket, verb: str, *, actor: Actor) -> Iterator[None]:
    """Run one verb in a transaction: the ticket is locked, then the actor's right to do this is checked.

    Raises NotFound, Merged, NotAllowed.
    """
    with events.transaction():
        lock(ticket, actor=actor)
        access.require(actor, verb, ticket)
        yield


def lock(ticket: Ticket, *, actor: Actor) -> None:
    """Read the ticket's row again and lock it until the running transaction is stored.

    A page or a list read it some time ago: its values may be outdated. Every act begins here, so that two acts never
    deadlock on each other's rows. Raises NotFound when the ticket is gone, Merged when it is part of another.
    """
    tickets = events.locked_tickets.get()
    if tickets is not None and id(ticket) in tickets:
        return
    row = access.require_ticket(_locked_row.first(ticket=ticket.id), ticket.number, actor)
    for name, value in row.__data__.items():
        if ticket.__data__.get(name) != value:
            ticket.__data__[name] = value
            ticket.__rel__.pop(name, None)
    ticket._dirty.clear()
    mark_locked(ticket)


def mark_locked(ticket: Ticket) -> None:
    """Note that the running transaction has locked this row, or has made it."""
    tickets = events.locked_tickets.get()
    if tickets is not None:
        tickets[id(ticket)] = ticket


@Prepared
def _locked_row() -> ModelSelect:
    return for_update(Ticket.select().where(Ticket.id == Slot("ticket")))


def for_update(query: ModelSelect) -> ModelSelect:
    """Return the query with its ticket rows locked; on SQLite the one writer has the whole database locked."""
    return query if is_sqlite() else query.for_update("FOR UPDATE", of=Ticket)


def lock_all(tickets: ModelSelect) -> None:
    """Lock all these tickets, before an act that changes them moves the stamp of the small tables.

    An act on one ticket locks it first and moves the stamp second (a new tag does): the other order would deadlock.
    """
    if not is_sqlite():
        for _row in for_update(tickets.select(Ticket.id).order_by(Ticket.id)).tuples().iterator():
            pass
