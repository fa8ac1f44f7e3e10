"""Tickets, and what is stored of a ticket once: its tags, the people in copy, its rating, its former numbers."""

from __future__ import annotations

from typing import Any

from peewee import SQL, BigIntegerField, BooleanField, CharField, Check, ForeignKeyField, IntegerField

from database import Base, LastingId, UtcDateTimeField
from tables.agents import Agent, Team
from tables.customers import Customer, CustomerAddress
from tables.due_times import NO_DUE_TIME
from tables.services import Department, Service
from tables.setup import Priority, Status, Tag

#: Open tickets, awake or asleep.
UNRESOLVED = SQL("is_open AND NOT is_spam AND NOT in_bin")
#: Open tickets that nobody has snoozed: the same text stands in the partial indexes and in the queries. A bound
#: parameter instead of this literal makes SQLite re-read each row (reference: 0.45 ms becomes 19 ms at a million).
LIVE = SQL(f"{UNRESOLVED.sql} AND NOT is_snoozed")


class Ticket(Base):
    """A ticket. The rules keep `rank`, `is_open` and `waiting_since` up to date for the lists."""

    # The number contains the id, and old numbers keep working (RULES 26).
    id: Any = LastingId()
    number = CharField(max_length=40, unique=True)
    subject = CharField(max_length=200)
    customer = ForeignKeyField(Customer, backref="tickets", on_delete="RESTRICT", index=False)
    address = ForeignKeyField(CustomerAddress, null=True, on_delete="SET NULL", index=False)
    service = ForeignKeyField(Service, backref="tickets", on_delete="RESTRICT")
    department = ForeignKeyField(Department, backref="tickets", null=True, on_delete="RESTRICT")
    status = ForeignKeyField(Status, backref="tickets", on_delete="RESTRICT", index=False)
    priority = ForeignKeyField(Priority, backref="tickets", on_delete="RESTRICT", index=False)
    former_priority = ForeignKeyField(Priority, null=True, on_delete="SET NULL", backref="+", index=False)
    assignee = ForeignKeyField(Agent, backref="assigned_tickets", null=True, on_delete="SET NULL")
    team = ForeignKeyField(Team, backref="assigned_tickets", null=True, on_delete="SET NULL")
    locale = CharField(max_length=8, default="en")
    is_open = BooleanField(default=True)
    is_spam = BooleanField(default=False)
    in_bin = BooleanField(default=False)
    rank = IntegerField(default=0)
    waiting_since = UtcDateTimeField()
    awaits_reply = BooleanField(default=True)
    last_activity = UtcDateTimeField()
    created_at = UtcDateTimeField()
    closed_at = UtcDateTimeField(null=True)
    closed_by_customer = BooleanField(default=False)
    binned_at = UtcDateTimeField(null=True)
    hidden_from_customer = BooleanField(default=False)
    form_key = CharField(max_length=64, null=True, unique=True)
    order_number = CharField(max_length=60, default="")
    # The first words of the newest message that is no note, and the id of the agent who wrote it.
    excerpt = CharField(max_length=120, default="", constraints=[SQL("DEFAULT ''")])
    excerpt_by = BigIntegerField(null=True)
    # Seconds from its opening to the first response of a person; none yet: null.
    first_response = BigIntegerField(null=True)
    # Until when a ticket is out of the lists of what is open, who put it to sleep (the id of an agent), and whether it
    # sleeps on when its customer writes. Woken by a customer, it keeps these for the offer to snooze it again.
    is_snoozed = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])
    snoozed_until = UtcDateTimeField(null=True)
    snoozed_by = BigIntegerField(null=True)
    snooze_ignores_replies = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])
    woken_at = UtcDateTimeField(null=True)
    # When the earliest of what is owed is due (`helpdesk.due_times`).
    due_at = UtcDateTimeField(default=NO_DUE_TIME, constraints=[SQL("DEFAULT '9999-12-31 00:00:00'")])

    # When somebody hears of a due time next, and what was told already (`helpdesk.due_times.alerts`).
    alert_at = UtcDateTimeField(default=NO_DUE_TIME, constraints=[SQL("DEFAULT '9999-12-31 00:00:00'")])
    alerts = CharField(max_length=200, default="", constraints=[SQL("DEFAULT ''")])
    # The organisation its customer belonged to when it was opened, and whether its customer keeps it from colleagues.
    organisation_id = BigIntegerField(null=True)
    is_private = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])
    # Whether nothing of its customer is left in it (`helpdesk.erasing`, `helpdesk.retention`).
    is_anonymised = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])
    # When the ticket is closed by itself, and when the program does the next thing to that end: announce it, or close
    # it; none where it is not (`helpdesk.automatic_closing`). `stays_open`: somebody of the team does not want it.
    closes_at = UtcDateTimeField(null=True)
    closing_step_at = UtcDateTimeField(null=True)
    stays_open = BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])

    class Meta:
        constraints = [Check("assignee_id IS NULL OR team_id IS NULL", name="ticket_one_assignee")]

    @property
    def is_important(self) -> bool:
        """Whether the ticket was marked as important (its former priority is stored)."""
        return self.former_priority_id is not None

    @property
    def is_closed(self) -> bool:
        """Whether the ticket's status is of the category closed."""
        return not self.is_open

    @property
    def is_unresolved(self) -> bool:
        """Whether the ticket is open, awake or asleep: neither closed, nor spam, nor in the bin."""
        return bool(self.is_open and not self.is_spam and not self.in_bin)

    @property
    def is_due(self) -> bool:
        """Whether something is due in the ticket at some time."""
        return self.due_at != NO_DUE_TIME

    @property
    def is_assigned(self) -> bool:
        """Whether an agent or a team has the ticket."""
        return self.assignee_id is not None or self.team_id is not None

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"


#: The heaviest first, then those that wait (the others' `waiting_since` lies 1,000 years later), the longest first.
ORDER = (Ticket.rank, Ticket.waiting_since, Ticket.id)

for _name, _columns in {
    "ticket_live": (),
    "ticket_live_service": (Ticket.service,),
    "ticket_live_department": (Ticket.department,),
    "ticket_live_assignee": (Ticket.assignee,),
    "ticket_live_team": (Ticket.team,),
    "ticket_live_status": (Ticket.status,),
}.items():
    Ticket.add_index(Ticket.index(*_columns, *ORDER, where=LIVE, name=_name))
Ticket.add_index(
    Ticket.index(
        *ORDER,
        where=SQL(f"{LIVE.sql} AND assignee_id IS NULL AND team_id IS NULL"),
        name="ticket_live_unassigned",
    )
)
Ticket.add_index(
    Ticket.index(
        *(Ticket.service, Ticket.department, Ticket.assignee, Ticket.team, Ticket.awaits_reply),
        where=LIVE,
        name="ticket_live_counts",
    )
)
Ticket.add_index(Ticket.index(Ticket.last_activity, Ticket.id, where=LIVE, name="ticket_live_recent"))
Ticket.add_index(Ticket.index(Ticket.due_at, Ticket.id, where=LIVE, name="ticket_live_due"))
Ticket.add_index(Ticket.index(Ticket.alert_at, Ticket.id, where=LIVE, name="ticket_live_alert"))
Ticket.add_index(Ticket.index(Ticket.id, where=LIVE, name="ticket_live_age"))
Ticket.add_index(Ticket.index(Ticket.waiting_since, Ticket.id, where=LIVE, name="ticket_live_longest"))
Ticket.add_index(Ticket.index(Ticket.last_activity, Ticket.id, where=SQL("is_spam AND NOT in_bin"), name="ticket_spam"))
Ticket.add_index(Ticket.index(Ticket.binned_at, Ticket.id, where=SQL("in_bin"), name="ticket_bin"))
Ticket.add_index(Ticket.index(Ticket.customer, Ticket.id, name="ticket_customer_recent"))
Ticket.add_index(Ticket.index(Ticket.last_activity, Ticket.id, name="ticket_recent"))
# Who else names the same order (`helpdesk.joining.duplicates`).
Ticket.add_index(
    Ticket.index(Ticket.order_number, Ticket.customer, where=SQL("order_number <> ''"), name="ticket_order_number")
)
# Without them a filter that meets nothing walks the order of the list to its end.
Ticket.add_index(Ticket.index(Ticket.status, Ticket.last_activity, Ticket.id, name="ticket_status_recent"))
Ticket.add_index(Ticket.index(Ticket.priority, Ticket.last_activity, Ticket.id, name="ticket_priority_recent"))
# The figures of a period read these alone: SQLite wants what the condition names among them, PostgreSQL the id.
_COUNTED_BY = (Ticket.service, Ticket.department, Ticket.team, Ticket.assignee, Ticket.first_response)
for _column, _other in ((Ticket.created_at, Ticket.closed_at), (Ticket.closed_at, Ticket.created_at)):
    Ticket.add_index(
        Ticket.index(
            *(_column, _other, *_COUNTED_BY, Ticket.is_spam, Ticket.in_bin, Ticket.id),
            where=SQL("NOT is_spam AND NOT in_bin"),
            name=f"ticket_by_{_column.column_name}",
        )
    )
Ticket.add_index(
    Ticket.index(
        *(Ticket.waiting_since, Ticket.id),
        where=SQL(f"{LIVE.sql} AND awaits_reply"),
        name="ticket_live_waiting",
    )
)
# The tickets of an organisation, and those of them that are open.
_OF_ORGANISATION = "organisation_id IS NOT NULL"
Ticket.add_index(
    Ticket.index(
        *(Ticket.organisation_id, Ticket.last_activity, Ticket.id),
        where=SQL(_OF_ORGANISATION),
        name="ticket_organisation_recent",
    )
)
Ticket.add_index(
    Ticket.index(
        *(Ticket.organisation_id, *ORDER),
        where=SQL(f"{LIVE.sql} AND {_OF_ORGANISATION}"),
        name="ticket_live_organisation",
    )
)
_CLOSED = "NOT is_open AND NOT is_spam AND NOT in_bin"
# What is due by the periods of retention: the oldest closed tickets of a service.
Ticket.add_index(
    Ticket.index(
        *(Ticket.service, Ticket.is_anonymised, Ticket.closed_at, Ticket.id),
        where=SQL(_CLOSED),
        name="ticket_closed_of_service",
    )
)
# The closed tickets of an assignee or a team, and those that wait: none, which is known without reading them all.
for _column in (Ticket.assignee, Ticket.team):
    Ticket.add_index(
        Ticket.index(
            *(_column, Ticket.last_activity, Ticket.id),
            where=SQL(f"{_CLOSED} AND {_column.column_name} IS NOT NULL"),
            name=f"ticket_closed_{_column.name}",
        )
    )
Ticket.add_index(
    Ticket.index(
        *(Ticket.last_activity, Ticket.id), where=SQL(f"{_CLOSED} AND awaits_reply"), name="ticket_closed_waiting"
    )
)
# What wakes next, and the list of what sleeps.
Ticket.add_index(Ticket.index(Ticket.snoozed_until, Ticket.id, where=SQL("is_snoozed"), name="ticket_snoozed"))
# What is announced or closed next; most tickets are not in it.
Ticket.add_index(
    Ticket.index(
        *(Ticket.closing_step_at, Ticket.id), where=SQL("closing_step_at IS NOT NULL"), name="ticket_closing_step"
    )
)


class TicketTag(Base):
    """One tag on one ticket."""

    ticket = ForeignKeyField(Ticket, backref="ticket_tags", on_delete="CASCADE")
    tag = ForeignKeyField(Tag, backref="ticket_tags", on_delete="CASCADE")

    class Meta:
        indexes = ((("ticket", "tag"), True),)


class TicketCc(Base):
    """A customer's address in copy of a ticket; it `waits` while the ticket's author has not proven their own."""

    ticket = ForeignKeyField(Ticket, backref="copies", on_delete="CASCADE", index=False)
    address = ForeignKeyField(CustomerAddress, backref="copies", on_delete="CASCADE")
    added_by = CharField(max_length=10)
    waits = BooleanField(default=False)
    created_at = UtcDateTimeField()
    #: The organisation that is the reason: who belongs to it no more is in copy no more.
    organisation_id = BigIntegerField(null=True)

    class Meta:
        table_name = "ticket_copy"
        indexes = ((("ticket", "address"), True),)
        constraints = [Check("added_by IN ('agent', 'customer')", name="copy_added_by")]


class Rating(Base):
    """Whether the customer of a closed ticket was satisfied (``helpdesk.reports.satisfaction``)."""

    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE", unique=True)
    score = CharField(max_length=4)
    comment = CharField(max_length=1000, default="")
    rated_at = UtcDateTimeField(index=True)

    class Meta:
        constraints = [Check("score IN ('good', 'bad')", name="rating_score")]


class FormerNumber(Base):
    """The number of a ticket that was merged into `ticket`, to which it leads; `former_id` was its id."""

    number = CharField(max_length=40, unique=True)
    ticket = ForeignKeyField(Ticket, backref="former_numbers", on_delete="CASCADE")
    former_id = BigIntegerField(index=True)
    merged_at = UtcDateTimeField()
