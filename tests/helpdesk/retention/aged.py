"""Tickets and people of long ago, and the nights that carry a batch out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import time_machine

from helpdesk import clock, tickets
from helpdesk.erasing import carrying_out
from helpdesk.retention import batches, periods
from models import Agent, Customer, JournalEntry, Message, RetentionBatch, RetentionRule, Ticket

NAMES = [f"{act}_months" for act in periods.ACTS]


def rule(actor: Agent, **values: Any) -> RetentionRule:
    """Set periods: of the whole desk unless a place is named."""
    return periods.save(RetentionRule(), {**dict.fromkeys(NAMES), **values}, actor=actor)


def close(ticket: Ticket, *, days: int, actor: Agent) -> Ticket:
    """Close a ticket, and let all of it be so many days ago."""
    if not Ticket.get_by_id(ticket.id).is_closed:
        tickets.close(ticket, actor=actor)
    moment = clock.now() - timedelta(days=days)
    Ticket.update(closed_at=moment, last_activity=moment, created_at=moment).where(Ticket.id == ticket.id).execute()
    Message.update(created_at=moment).where(Message.ticket == ticket.id).execute()
    return Ticket.get_by_id(ticket.id)


def age(customer: Customer, *, days: int) -> None:
    """Let a customer be known for so many days, and signed in nowhere."""
    Customer.update(created_at=clock.now() - timedelta(days=days)).where(Customer.id == customer.id).execute()


def at(moment: datetime) -> Any:
    """Be at a moment."""
    return time_machine.travel(moment, tick=False)


def week_later() -> Any:
    """Be a week and an hour later."""
    return at(clock.now() + timedelta(days=7, hours=1))


def carry_out(nights: int = 1) -> RetentionBatch:
    """Announce what is due, wait until its day, and let it go in so many nights; return the batch."""
    batch = batches.announce()
    assert batch is not None
    for night in range(nights):
        with at(batch.due_at + timedelta(days=night, hours=1)):
            batches.run()
            carrying_out.run_due()
    return RetentionBatch.get_by_id(batch.id)


def live_on(days: int) -> None:
    """Let so many nights pass."""
    begun = clock.now()
    for day in range(days):
        with at(begun + timedelta(days=day)):
            batches.run()
            carrying_out.run_due()


def lines(act: str) -> list[JournalEntry]:
    """Return the lines of the journal about this."""
    return list(JournalEntry.select().where(JournalEntry.act == act).order_by(JournalEntry.id))
