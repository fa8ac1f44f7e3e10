"""What erasing a person would do, in numbers, and what of it somebody must read: before anything happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from helpdesk.erasing.carrying_out import keeping_tags
from helpdesk.folding import fold
from helpdesk.lib import richtext
from helpdesk.search import WORD
from models import CUSTOMER_MESSAGE, Attachment, Customer, CustomerAddress, Message, Tag, Ticket

#: Messages of the team that are read for the name of the person, the newest first; those that are listed.
LOOKED_AT, LISTED = 2_000, 50
#: Letters from which a part of a name is looked for.
SHORTEST_NAME = 2


@dataclass(frozen=True)
class NamingMessage:
    """A reply or note that holds a name or an address of the person."""

    number: str
    message_id: int
    author: str
    is_note: bool
    written_at: datetime


@dataclass(frozen=True)
class Preview:
    """What is there: `others` are messages of other customers in the person's tickets, `team` replies and notes."""

    tickets: int
    open: int
    others: int
    team: int
    team_files: int
    naming: tuple[NamingMessage, ...]
    #: Whether there may be more than those listed.
    is_cut: bool
    keeping: tuple[tuple[str, Tag], ...]


def preview(customer: Customer) -> Preview:
    """Return what erasing this person would meet."""
    theirs = Ticket.customer == customer.id
    inside = Message.select().join(Ticket).where(theirs)
    team = inside.where(Message.kind != CUSTOMER_MESSAGE)
    others = inside.where(Message.kind == CUSTOMER_MESSAGE, Message.customer != customer.id)
    files = Attachment.select().join(Message).join(Ticket).where(theirs, Message.kind != CUSTOMER_MESSAGE)
    naming, written = _naming(customer), team.count()
    return Preview(
        tickets=Ticket.select().where(theirs).count(),
        open=Ticket.select().where(theirs, Ticket.is_open, ~Ticket.in_bin).count(),
        others=others.count(),
        team=written,
        team_files=files.count(),
        naming=tuple(naming[:LISTED]),
        is_cut=len(naming) > LISTED or written > LOOKED_AT,
        keeping=tuple(keeping_tags(customer.id)),
    )


def _naming(customer: Customer) -> list[NamingMessage]:
    """Return the newest messages of the team in the person's tickets that hold a name or an address of theirs."""
    parts = WORD.findall(fold(customer.full_name))
    names = {part for part in parts if len(part) >= SHORTEST_NAME}
    addresses = CustomerAddress.select(CustomerAddress.email).where(CustomerAddress.customer == customer.id)
    emails = [fold(email) for (email,) in addresses.tuples()]
    query = Message.select(Message, Ticket).join(Ticket).where(
        Ticket.customer == customer.id, Message.kind != CUSTOMER_MESSAGE, Message.deleted_at.is_null()
    )  # fmt: skip
    found = []
    for row in query.order_by(Message.id.desc()).limit(LOOKED_AT).iterator():
        text = fold(richtext.to_text(row.body))
        if names & set(WORD.findall(text)) or any(email in text for email in emails):
            found.append(NamingMessage(row.ticket.number, row.id, row.author_name, row.is_note, row.created_at))
            if len(found) > LISTED:
                break
    return found
