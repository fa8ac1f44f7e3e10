"""The number of a ticket: the prefix of Configuration and its id, stored and unique (RULES 26)."""

from __future__ import annotations

import re
from itertools import chain

from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.settings.values import get
from models import FormerNumber, Ticket


def number_of(ticket_id: int) -> str:
    """Return the number that a new ticket with this id gets."""
    return f"{get('ticket_prefix')}{ticket_id}"


def clean_prefix(text: str) -> str:
    """Return a prefix in its stored form. Raises InvalidInput, also when a later ticket would repeat a number."""
    prefix = text.strip()
    if not re.fullmatch(r"[A-Za-z0-9-]{0,20}", prefix):
        raise InvalidInput(lazy("Use up to 20 letters, digits or hyphens."))
    _refuse_collision(prefix)
    return prefix


def _refuse_collision(prefix: str) -> None:
    """Raise InvalidInput when a later ticket would get the number of an old one with this prefix (RULES 26)."""
    last_id = Ticket.select(Ticket.id).order_by(Ticket.id.desc()).limit(1).scalar() or 0
    numbers = (
        table.select(table.number).where(table.number.startswith(prefix)).tuples().iterator()
        for table in (Ticket, FormerNumber)
    )
    for (number,) in chain.from_iterable(numbers):
        rest = number[len(prefix) :]
        if rest.isascii() and rest.isdigit() and not rest.startswith("0") and int(rest) > last_id:
            raise InvalidInput(
                lazy("With this prefix a later ticket would get the number %(number)s, which is taken.", number=number)
            )
