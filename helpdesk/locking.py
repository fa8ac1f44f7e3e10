"""One act on a ticket: who acts, who gets it and its row are read again and stay as they are until the act is stored.

All transactions lock in one order, so that none waits for another that waits for it: accounts and teams, then tickets
by their ids, then whose turn it is (`helpdesk.round_robin`), then the stamp of the small tables, then the counts of
rules. Whoever has a ticket already never waits for an account.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from peewee import ModelSelect

from database import is_sqlite
from helpdesk import access, events
from helpdesk.access import Actor
from helpdesk.errors import NotAllowed
from helpdesk.i18n import lazy
from helpdesk.lib.statements import Prepared, Slot
from models import Agent, Team, Ticket

Assignee = TypeVar("Assignee", Agent, Team)


@contextmanager
def act(ticket: Ticket, verb: str, *, actor: Actor, to: Agent | Team | None = None) -> Iterator[None]:
    """Run one verb in a transaction: the ticket is locked, then the actor's right to do this is checked.

    `to` is who gets the ticket: they stay as they are until all is stored. Raises NotFound, Merged, NotAllowed.
    """
    with events.transaction():
        if to is not None:
            hold_actor(actor)
            hold(to)
        lock(ticket, actor=actor)
        access.require(actor, verb, ticket)
        yield


def hold_actor(actor: Actor) -> None:
    """Let the account of the agent who acts stay as it is until the running transaction is stored.

    Raises NotAllowed when it was disabled or deleted since the page was asked for.
    """
    if isinstance(actor, Agent):
        row = hold(actor)
        if row is None or not row.active:
            raise NotAllowed(lazy("Your account has just been disabled or deleted: nothing was stored."))


def hold(row: Assignee) -> Assignee | None:
    """Return the agent or team as stored, which stays so until the running transaction is stored; None when it is gone.

    A transaction that has a ticket waits for nobody here: a row that is just being changed counts as gone.
    """
    held = events.held_rows.get()
    key = (type(row).__name__, row.id)
    if held is not None and key in held:
        return held[key]
    stored: Assignee | None = _held_row.first(isinstance(row, Team), not events.locked_tickets.get(), key=row.id)
    if held is not None:
        held[key] = stored
    return stored


@Prepared
def _held_row(is_team: bool, waits: bool) -> ModelSelect:
    table = Team if is_team else Agent
    query = table.select().where(table.id == Slot("key"))
    return query if is_sqlite() else query.for_update("FOR SHARE" if waits else "FOR SHARE SKIP LOCKED")


def lock_account(row: Agent | Team, *, actor: Actor | None = None) -> None:
    """Lock the row of an agent or a team before it changes: acts that rely on it end first, later ones wait.

    It comes before their tickets, so that whoever looks for those finds them all. The account of the agent who acts
    stays as it is, too; of two accounts the older is locked first. Raises NotAllowed when that account is gone.
    """
    is_own = isinstance(actor, Agent) and isinstance(row, Agent) and actor.id == row.id
    if isinstance(actor, Agent) and (isinstance(row, Team) or actor.id < row.id):
        hold_actor(actor)
    _lock_account(row)
    if actor is not None and not is_own:
        hold_actor(actor)


def _lock_account(row: Agent | Team) -> None:
    if not is_sqlite():
        table = type(row)
        list(table.select(table.id).where(table.id == row.id).for_update("FOR NO KEY UPDATE").tuples())


def lock(ticket: Ticket, *, actor: Actor) -> None:
    """Read the ticket's row again and lock it until the running transaction is stored.

    A page or a list read it some time ago: its values may be outdated. Every act begins here, so that two acts never
    deadlock on each other's rows. Raises NotFound when the ticket is gone, Merged when it is part of another, and
    NotAllowed when the account of the agent who acts is gone.
    """
    hold_actor(actor)
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
        events.note_before(ticket)


@Prepared
def _locked_row() -> ModelSelect:
    return for_update(Ticket.select().where(Ticket.id == Slot("ticket")))


def for_update(query: ModelSelect) -> ModelSelect:
    """Return the query with its ticket rows locked; on SQLite the one writer has the whole database locked."""
    return query if is_sqlite() else query.for_update("FOR UPDATE", of=Ticket)


def locked(tickets: ModelSelect) -> list[Ticket]:
    """Return these tickets by their ids, each locked and noted as by `mark_locked`."""
    rows = list(for_update(tickets.order_by(Ticket.id)))
    for row in rows:
        mark_locked(row)
    return rows


def lock_all(tickets: ModelSelect) -> None:
    """Lock all these tickets, before an act that changes them moves the stamp of the small tables.

    An act on one ticket locks it first and moves the stamp second (a new tag does): the other order would deadlock.
    """
    if not is_sqlite():
        for _row in for_update(tickets.select(Ticket.id).order_by(Ticket.id)).tuples().iterator():
            pass
