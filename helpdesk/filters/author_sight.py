"""Whose a filter is: it acts only on tickets that who saved it last may see when it runs (RULES 49)."""

from __future__ import annotations

from helpdesk import access
from helpdesk.settings import lookups
from models import Filter, Ticket


def may_act(rule: Filter, ticket: Ticket) -> bool:
    """Whether the author of this filter sees this ticket now."""
    author = lookups.agent(rule.author_id)
    return author is not None and access.sees(author, ticket)


def rests(rule: Filter) -> bool:
    """Whether this filter acts on no ticket of any place, because its author is gone or sees none any more."""
    author = lookups.agent(rule.author_id)
    return author is None or not author.active or access.has_no_place(author)
