"""Customers who are away, as their automatic answers say: shown to who writes to them, and over by itself."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from helpdesk import clock, settings
from helpdesk.access import Actor
from helpdesk.lib.periods import Period
from models import Customer, TicketEvent


def today() -> date:
    """Return the day it is where the desk is."""
    return clock.today(_zone())


def note(customer_id: int, last: date, words: str) -> None:
    """Note that a customer is away up to this day, and their words for it."""
    until = Period(last, last, _zone()).end
    Customer.update(absent_until=until, absent_words=words).where(Customer.id == customer_id).execute()


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.get("timezone"))


def words_of(customer: Customer) -> str:
    """Return the words of a customer who is away now; an empty text for any other."""
    until = customer.absent_until
    return str(customer.absent_words or "") if until is not None and clock.now() < until else ""


def follow(event: TicketEvent, _actor: Actor) -> None:
    """Forget the absence of a customer in whose ticket somebody of theirs has just written."""
    customer = event.ticket.customer
    if customer.absent_until is not None:
        customer.absent_until = customer.absent_words = None
        Customer.update(absent_until=None, absent_words=None).where(Customer.id == customer.id).execute()
