"""A person who was erased: nothing is left of them but the row their tickets need."""

from __future__ import annotations

from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from models import Customer


def require_present(customer: Customer) -> None:
    """Raise InvalidInput for an erased person: there is nobody to be written to, blocked or changed."""
    if customer.erased_at is not None:
        raise InvalidInput(lazy("This person has been erased already."))
