"""What an agent sees of a customer on one page: how many tickets, of which kind, within the agent's sight."""

from __future__ import annotations

from dataclasses import dataclass

from peewee import Case, fn

from helpdesk import access
from helpdesk.people import customers
from models import Agent, Customer, Ticket


@dataclass(frozen=True)
class TicketCounts:
    """How many tickets of a customer an agent sees: those not in the bin, those still open, those they are in copy of.

    `unseen` says whether there are others.
    """

    total: int
    open: int
    copied: int
    unseen: bool


def ticket_counts(customer: Customer, agent: Agent) -> TicketCounts:
    """Return how many tickets of this customer the agent sees."""
    theirs = Ticket.customer == customer.id
    is_live = Ticket.is_open & ~Ticket.is_spam
    columns = (fn.COUNT(Ticket.id), fn.COALESCE(fn.SUM(Case(None, [(is_live, 1)], 0)), 0))
    total, live = access.visible_tickets(agent).select(*columns).where(theirs, ~Ticket.in_bin).tuples().get()
    copied = access.visible_tickets(agent).where(customers.is_copied(customer.id), ~Ticket.in_bin).count()
    every = total if access.sees_all(agent) else Ticket.select().where(theirs, ~Ticket.in_bin).count()
    return TicketCounts(total, int(live), copied, unseen=every > total)
