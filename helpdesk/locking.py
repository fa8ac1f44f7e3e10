"""One act on a ticket: its row as it is now, kept from others until all of the act is stored."""

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
    """Hold one verb together: a transaction that holds the ticket, in which the actor may do this.

    Raises NotFound, Merged, NotAllowed.
    """
    with events.transaction():
        hold(ticket, actor=actor)
        access.require(actor, verb, ticket)
        yield


def hold(ticket: Ticket, *, actor: Actor) -> None:
    """Read the ticket's row anew and keep it from others until the running transaction is stored.

    A page or a list has read it some time ago: what it says may no longer hold. Every act begins here, so that two
    never wait for each other's rows crosswise. Raises NotFound when it is gone, Merged when it is part of another.
    """
    held = events.held.get()
    if held is not None and id(ticket) in held:
        return
    row = access.found(_held.first(ticket=ticket.id), ticket.number, actor)
    for name, value in row.__data__.items():
        if ticket.__data__.get(name) != value:
            ticket.__data__[name] = value
            ticket.__rel__.pop(name, None)
    ticket._dirty.clear()
    keep(ticket)


def keep(ticket: Ticket) -> None:
    """Note that the running transaction has this row to itself, as one that it has made."""
    held = events.held.get()
    if held is not None:
        held[id(ticket)] = ticket


@Prepared
def _held() -> ModelSelect:
    return locked(Ticket.select().where(Ticket.id == Slot("ticket")))


def locked(query: ModelSelect) -> ModelSelect:
    """Return the query, keeping its rows from others; on SQLite one who writes has all rows to themselves."""
    return query if is_sqlite() else query.for_update("FOR UPDATE", of=Ticket)


def keep_all(tickets: ModelSelect) -> None:
    """Keep these tickets from others, before an act that goes on to them takes what acts on a ticket may wait for.

    That is the stamp of the small tables: whoever puts a new tag on a ticket holds the ticket, then moves the stamp.
    """
    if not is_sqlite():
        for _row in locked(tickets.select(Ticket.id).order_by(Ticket.id)).tuples().iterator():
            pass
