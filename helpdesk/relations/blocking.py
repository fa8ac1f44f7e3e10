"""A ticket that is blocked is not closed by oversight: people are asked, rules leave it as it is and say so."""

from __future__ import annotations

from collections.abc import Iterable

from peewee import ModelSelect

from helpdesk import access
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib.statements import Prepared, Slot
from models import BLOCKS, Agent, Relation, Ticket

#: Tickets that are named.
NAMED = 5
#: Why a ticket is not closed, for what others read, too: they may not see the one that blocks it.
NAMELESS = lazy("Another ticket that is not closed blocks this one.")


class Blocked(InvalidInput):
    """The ticket is blocked by one that is not closed: it is closed only by who was asked."""


def blockers(ticket: Ticket) -> list[Ticket]:
    """Return the tickets that block this one and are not closed; those in the bin or under Spam block nothing."""
    return list(_blockers(ticket=ticket.id))


@Prepared
def _blockers() -> ModelSelect:
    blocking = Relation.select(Relation.ticket).where(Relation.other == Slot("ticket"), Relation.kind == BLOCKS)
    return Ticket.select().where(Ticket.id.in_(blocking), Ticket.is_open, ~Ticket.is_spam, ~Ticket.in_bin).limit(NAMED)


def blocked_among(ids: Iterable[int]) -> set[int]:
    """Return which of these tickets (ids) are open and blocked."""
    blocking, blocked = Ticket.alias(), Ticket.alias()
    query = Relation.select(Relation.other).join(blocking, on=(Relation.ticket == blocking.id))
    query = query.switch(Relation).join(blocked, on=(Relation.other == blocked.id))
    query = query.where(Relation.other.in_(list(ids)), Relation.kind == BLOCKS, blocking.is_open, blocked.is_open)
    return {key for (key,) in query.where(~blocking.is_spam, ~blocking.in_bin).tuples()}


def require_free(ticket: Ticket, *, actor: Actor, even_blocked: bool = False) -> None:
    """Raise Blocked at ``blocked`` where a ticket that is not closed blocks this open one.

    Not where the actor was asked and wants it `even_blocked`; a customer knows of no other ticket.
    """
    if even_blocked or ticket.is_closed or not isinstance(actor, Agent | access.System):
        return
    if rows := blockers(ticket):
        raise Blocked(sentence(rows, actor), field="blocked")


def sentence(rows: Iterable[Ticket], actor: Actor) -> object:
    """Return why a ticket is not closed, naming the tickets that the reader sees."""
    numbers = [row.number for row in rows if isinstance(actor, Agent) and access.sees(actor, row)]
    if not numbers:
        return NAMELESS
    return lazy("This ticket is blocked by ticket %(numbers)s, which is not closed.", numbers=", ".join(numbers))
