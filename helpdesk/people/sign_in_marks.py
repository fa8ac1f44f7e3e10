"""What is remembered of sign-ins: when a customer was there last, and by whom passwords were needed."""

from __future__ import annotations

from datetime import datetime

from helpdesk import settings
from helpdesk.settings import environment
from models import Agent, Customer, SignIn


def keep(person: Agent | Customer, now: datetime) -> None:
    """Remember when a customer last signed in: retention counts it as a sign of life, when it is over, too."""
    if isinstance(person, Customer):
        Customer.update(signed_in_at=now).where(Customer.id == person.id).execute()


def needs_passwords(person: Agent | Customer, provider: str) -> bool:
    """Whether an agent comes in by no provider at a desk that is set to take no passwords: the machine opens them."""
    is_closed = isinstance(person, Agent) and not provider and bool(settings.get("single_sign_on_only"))
    return is_closed and environment.current().passwords


def is_over(row: SignIn, person: Agent | Customer) -> bool:
    """Whether a sign-in ended: of a disabled agent, or because the machine opens passwords no more."""
    is_disabled = isinstance(person, Agent) and not person.active
    return is_disabled or (bool(row.needs_passwords) and not environment.current().passwords)
