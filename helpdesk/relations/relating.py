"""Linking two tickets and taking a link away, and what a ticket's page shows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peewee import IntegrityError, ModelSelect

from database import database
from helpdesk import access, clock
from helpdesk.access import Actor
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.events import EventKind, record, transaction
from helpdesk.i18n import lazy
from helpdesk.lib import inputs
from helpdesk.lib.statements import Prepared, Slot
from helpdesk.locking import hold_actor, lock, lock_all
from models import BLOCKS, FOLLOWS, SAME, Agent, Relation, Ticket

#: Links of one ticket.
MOST = 200


@dataclass(frozen=True)
class Way:
    """A link as seen from one of its two tickets: how it is called there, its kind, and whether that is the first."""

    label: Any
    kind: str
    is_first: bool = True


#: What one may choose, in this order.
WAYS: dict[str, Way] = {
    "same": Way(lazy("Same subject as"), SAME),
    "blocks": Way(lazy("Blocks"), BLOCKS),
    "blocked": Way(lazy("Blocked by"), BLOCKS, is_first=False),
    "follows": Way(lazy("Follow-up of"), FOLLOWS),
    "followed": Way(lazy("Followed by"), FOLLOWS, is_first=False),
}
#: The same link from its other side.
OPPOSITE = {"same": "same", "blocks": "blocked", "blocked": "blocks", "follows": "followed", "followed": "follows"}


@dataclass(frozen=True)
class Linked:
    """A link on the page of a ticket; `ticket` is None for who does not see the other one."""

    key: int
    way: str
    ticket: Ticket | None

    @property
    def label(self) -> Any:
        """What it is called here."""
        return WAYS[self.way].label


def relate(ticket: Ticket, other: Ticket, way: str, *, actor: Agent) -> Relation:
    """Link a ticket with another one; linking them again the same way changes nothing.

    Raises InvalidInput at ``way`` or ``number``, NotFound where the actor does not see both.
    """
    if way not in WAYS:
        raise InvalidInput(lazy("Choose one from the list."), field="way")
    if ticket.id == other.id:
        raise InvalidInput(lazy("This is the same ticket. Choose another one."), field="number")
    with transaction():
        hold_actor(actor)
        # The lower id first, as in every act on two tickets.
        for row in sorted((ticket, other), key=lambda one: one.id):
            lock(row, actor=actor)
            access.require(actor, "note", row)
        first, second = _ordered(ticket, other, way)
        present = _between(ticket, other)
        if (
            present is not None
            and present.kind == WAYS[way].kind
            and present.ticket_id in ((first.id, second.id) if way == "same" else (first.id,))
        ):
            return present
        if present is not None:
            text = lazy("They are linked already, another way: take that link away first.")
            raise InvalidInput(text, field="number")
        for row in (ticket, other):
            if _mine(row.id).count() >= MOST:
                raise InvalidInput(lazy("A ticket has at most %(limit)s links.", limit=MOST), field="number")
        made = store(first, second, WAYS[way].kind, actor=actor)
        record(ticket, EventKind.LINKED, actor=actor, number=other.number, way=way)
        record(other, EventKind.LINKED, actor=actor, number=ticket.number, way=OPPOSITE[way])
    return made


def store(first: Ticket, second: Ticket, kind: str, *, actor: Actor) -> Relation:
    """Write a link, in the caller's transaction, where there is none between the two."""
    row: Relation = Relation.create(
        kind=kind, ticket=first.id, other=second.id, agent=actor if isinstance(actor, Agent) else None,
        created_at=clock.now(),
    )  # fmt: skip
    return row


def _ordered(ticket: Ticket, other: Ticket, way: str) -> tuple[Ticket, Ticket]:
    if WAYS[way].kind == SAME:
        first, second = sorted((ticket, other), key=lambda row: row.id)
        return first, second
    return (ticket, other) if WAYS[way].is_first else (other, ticket)


def _between(ticket: Ticket, other: Ticket) -> Relation | None:
    either = ((Relation.ticket == ticket.id) & (Relation.other == other.id)) | (
        (Relation.ticket == other.id) & (Relation.other == ticket.id)
    )
    row: Relation | None = Relation.select().where(either).first()
    return row


def _mine(ticket_id: int) -> ModelSelect:
    return Relation.select().where((Relation.ticket == ticket_id) | (Relation.other == ticket_id))


def unrelate(ticket: Ticket, key: int, *, actor: Agent) -> None:
    """Take a link of a ticket away. Twice changes nothing. Raises NotFound for a link of other tickets."""
    row = Relation.get_or_none(Relation.id == key) if inputs.fits(key) else None
    if row is None:
        return
    if ticket.id not in (row.ticket_id, row.other_id):
        raise NotFound(lazy("There is no such link."))
    far = row.other if row.ticket_id == ticket.id else row.ticket
    with transaction():
        hold_actor(actor)
        # Whoever sees one side alone takes the link away from both: the other side is locked and not looked at.
        lock_all(Ticket.select().where(Ticket.id.in_((ticket.id, far.id))))
        lock(ticket, actor=actor)
        access.require(actor, "note", ticket)
        if Relation.delete().where(Relation.id == row.id).execute():
            record(ticket, EventKind.UNLINKED, actor=actor, number=far.number)
            record(far, EventKind.UNLINKED, actor=actor, number=ticket.number)


def of_ticket(ticket: Ticket, agent: Agent) -> list[Linked]:
    """Return the links of a ticket: those that block it first, then by kind and age."""
    rows = list(_of_ticket(ticket=ticket.id))
    ids = {row.other_id if row.ticket_id == ticket.id else row.ticket_id for row in rows}
    seen = {row.id: row for row in access.visible_tickets(agent).where(Ticket.id.in_(ids))} if ids else {}
    linked = [
        Linked(row.id, _way_of(row, ticket), seen.get(row.other_id if row.ticket_id == ticket.id else row.ticket_id))
        for row in rows
    ]
    order = ("blocked", "blocks", "same", "follows", "followed")
    return sorted(linked, key=lambda one: (order.index(one.way), one.key))


@Prepared
def _of_ticket() -> ModelSelect:
    mine = (Relation.ticket == Slot("ticket")) | (Relation.other == Slot("ticket"))
    return Relation.select().where(mine).order_by(Relation.id).limit(MOST)


def _way_of(row: Relation, ticket: Ticket) -> str:
    if row.kind == SAME:
        return "same"
    is_first = row.ticket_id == ticket.id
    return next(name for name, way in WAYS.items() if (way.kind, way.is_first) == (row.kind, is_first))


def try_store(first: Ticket, second: Ticket, kind: str, *, actor: Actor) -> None:
    """Write a link unless there is one, in the caller's transaction."""
    if first.id == second.id or _between(first, second) is not None:
        return
    try:
        with database.atomic():
            store(first, second, kind, actor=actor)
    except IntegrityError:
        return


def tickets_of(links: Sequence[Linked]) -> list[Ticket]:
    """Return the tickets on the other side that the reader sees."""
    return [one.ticket for one in links if one.ticket is not None]
