"""What the box that finds anything finds by a few letters: tickets and customers one may see, organisations, tags."""

from __future__ import annotations

from helpdesk import access, folding, search
from helpdesk.settings import lookups
from models import Agent, Customer, CustomerAddress, Organisation, Tag, Ticket

#: Lines of a kind; the tickets looked at for their authors.
LINES, LOOKED_AT = 8, 100


def tickets(agent: Agent, text: str) -> list[Ticket]:
    """Return the newest tickets whose number or subject holds these words, with their customers."""
    ids = search.ticket_ids(text, "subject")
    if ids is None:
        return []
    query = access.visible_tickets(agent).select(Ticket, Customer).join(Customer)
    query = query.where(Ticket.id.in_(ids), ~Ticket.in_bin)
    return list(query.order_by(Ticket.id.desc()).limit(LINES))


def customers(agent: Agent, text: str) -> list[CustomerAddress]:
    """Return the addresses, with their customers, of the newest tickets whose author has these words."""
    ids = search.ticket_ids(text, "author")
    if ids is None:
        return []
    seen = access.visible_tickets(agent).where(Ticket.id.in_(ids), ~Ticket.in_bin, Ticket.address.is_null(False))
    newest = seen.select(Ticket.address_id).order_by(Ticket.id.desc()).limit(LOOKED_AT).tuples()
    keys = list(dict.fromkeys(key for (key,) in newest))[:LINES]
    rows = CustomerAddress.select(CustomerAddress, Customer).join(Customer).where(CustomerAddress.id.in_(keys))
    by_key = {row.id: row for row in rows} if keys else {}
    return [by_key[key] for key in keys if key in by_key]


def _is_called(row: Tag, words: list[str]) -> bool:
    return any(all(word in key for word in words) for key in lookups.tag_keys(row))


def tags(text: str) -> list[Tag]:
    """Return the tags whose name holds all words; none for no word."""
    words = folding.fold(text).split()
    return [row for row in lookups.tags() if words and _is_called(row, words)][:LINES]


def organisations(text: str) -> list[Organisation]:
    """Return the organisations whose name holds all words; none for no word."""
    words = folding.fold(text).split()
    return [row for row in lookups.organisations() if words and all(word in row.key for word in words)][:LINES]
