"""What happened: the history of each ticket, and the journal of the desk."""

from __future__ import annotations

from typing import Any

from peewee import SQL, CharField, ForeignKeyField, JSONField

from database import Base, LastingId, UtcDateTimeField
from tables.agents import Agent
from tables.customers import Customer
from tables.tickets import Ticket

#: Lines of the journal that say what was deleted: the same text stands in the index and in the queries.
DELETIONS = SQL("act IN ('deleted', 'purged', 'ticket', 'examples-removed')")
NOTE_DELETIONS = SQL("kind = 'note-deleted'")


class TicketEvent(Base):
    """One line of a ticket's history; `data` has the values of its sentence (``helpdesk.events``)."""

    id: Any = LastingId()
    ticket = ForeignKeyField(Ticket, backref="events", on_delete="CASCADE", index=False)
    kind = CharField(max_length=40)
    agent = ForeignKeyField(Agent, null=True, on_delete="SET NULL", index=False)
    customer = ForeignKeyField(Customer, null=True, on_delete="SET NULL", index=False)
    actor_name = CharField(max_length=254, default="")
    data = JSONField(default=dict)
    created_at = UtcDateTimeField()

    class Meta:
        # The last three are the journal's order.
        indexes = (
            (("ticket", "id"), False),
            (("created_at", "id"), False),
            (("agent", "created_at", "id"), False),
            (("customer", "created_at", "id"), False),
        )


# Who acted, where the account is gone.
TicketEvent.add_index(
    TicketEvent.index(
        *(TicketEvent.actor_name, TicketEvent.created_at, TicketEvent.id),
        where=SQL("agent_id IS NULL AND customer_id IS NULL AND actor_name <> ''"),
        name="event_former_actor",
    )
)
TicketEvent.add_index(
    TicketEvent.index(TicketEvent.created_at, TicketEvent.id, where=NOTE_DELETIONS, name="event_note_deleted")
)


class JournalEntry(Base):
    """A line of the desk's journal: `act` chooses its sentence, `data` has the values of it (``helpdesk.journal``)."""

    kind = CharField(max_length=20)
    act = CharField(max_length=40)
    agent = ForeignKeyField(Agent, null=True, on_delete="SET NULL", index=False)
    actor_name = CharField(max_length=254, default="")
    subject = CharField(max_length=254, default="")
    data = JSONField(default=dict)
    network = CharField(max_length=64, default="")
    created_at = UtcDateTimeField()
    # Whom or what the line is about, folded, to be searched: a name, an address, the number of a ticket.
    about = CharField(max_length=254, default="", constraints=[SQL("DEFAULT ''")])

    class Meta:
        indexes = (
            (("created_at", "id"), False),
            (("kind", "created_at", "id"), False),
            (("agent", "created_at", "id"), False),
            (("agent", "kind", "created_at", "id"), False),
            (("about", "created_at", "id"), False),
        )


JournalEntry.add_index(
    JournalEntry.index(JournalEntry.created_at, JournalEntry.id, where=DELETIONS, name="journal_deleted")
)
JournalEntry.add_index(
    JournalEntry.index(
        *(JournalEntry.actor_name, JournalEntry.created_at, JournalEntry.id),
        where=SQL("agent_id IS NULL AND actor_name <> ''"),
        name="journal_former_actor",
    )
)
