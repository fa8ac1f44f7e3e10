"""Every table of the desk: fields, constraints, indexes, predicates and query methods.

This module imports peewee only. Rules live in ``helpdesk/``; a model knows what a row *is*, never what happens to it.
Times are naive UTC datetimes. Labels that an owner writes hold one text per language (`LabelField`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from peewee import (
    SQL,
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    DateField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    TextField,
)

from database import (
    Base,
    Cached,
    Label,
    LabelField,
    LastingId,
    Stamp,
    UtcDateTimeField,
)

# --- The organisation ---------------------------------------------------------------------------------------------


class Setting(Base):
    """A stored setting that differs from its declared default (``helpdesk.settings``)."""

    key = CharField(max_length=80, unique=True)
    value = JSONField(null=True)
    changed_at = UtcDateTimeField()


class Service(Cached):
    """What visitors choose first; it has departments, or takes tickets itself when it has none."""

    name = LabelField()
    enabled = BooleanField(default=True)
    position = IntegerField(default=0)

    def __str__(self) -> str:
        return str(self.name)


class Department(Cached):
    """A part of a service."""

    service = ForeignKeyField(Service, backref="departments", on_delete="RESTRICT")
    name = LabelField()
    position = IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.service.name}, {self.name}"


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WHOLE_DESK = Label(en="The whole desk", fr="Tout le support")


class OpeningHours(Cached):
    """When the desk, or one of its services, is open: the hours of each day as `written_hours` writes them."""

    service = ForeignKeyField(Service, backref="opening_hours", null=True, on_delete="CASCADE", unique=True)
    timezone = CharField(max_length=64, null=True)
    monday = CharField(max_length=120, default="")
    tuesday = CharField(max_length=120, default="")
    wednesday = CharField(max_length=120, default="")
    thursday = CharField(max_length=120, default="")
    friday = CharField(max_length=120, default="")
    saturday = CharField(max_length=120, default="")
    sunday = CharField(max_length=120, default="")

    def __str__(self) -> str:
        return str(self.service if self.service_id is not None else WHOLE_DESK)


# Rows without a service are all different to a unique index: the desk has one, too.
OpeningHours.add_index(
    OpeningHours.index(
        SQL("(service_id IS NULL)"), unique=True, where=SQL("service_id IS NULL"), name="opening_hours_of_desk"
    )
)


class ClosedDay(Cached):
    """A day, or several, on which these hours (none named: all) do not hold; a half day has hours of its own."""

    opening_hours = ForeignKeyField(OpeningHours, backref="closed_days", null=True, on_delete="CASCADE")
    name = LabelField()
    first_day = DateField()
    # None for a single day.
    last_day = DateField(null=True)
    open_at = CharField(max_length=120, default="")
    # The country or region whose public holiday it is, as `public_holidays` calls it.
    region = CharField(max_length=20, default="")

    def __str__(self) -> str:
        return str(self.name)


ClosedDay.add_index(
    ClosedDay.index(
        ClosedDay.region,
        ClosedDay.first_day,
        unique=True,
        where=SQL("opening_hours_id IS NULL AND region <> ''"),
        name="closed_day_holiday_of_all",
    )
)
ClosedDay.add_index(
    ClosedDay.index(
        ClosedDay.opening_hours,
        ClosedDay.region,
        ClosedDay.first_day,
        unique=True,
        where=SQL("opening_hours_id IS NOT NULL AND region <> ''"),
        name="closed_day_holiday",
    )
)


CAPABILITIES = ("set_status", "set_priority", "tag", "assign", "delete", "configure")


class Role(Cached):
    """A named set of capabilities: one `can_…` column for each of `CAPABILITIES`."""

    name = LabelField()
    can_set_status = BooleanField(default=True)
    can_set_priority = BooleanField(default=True)
    can_tag = BooleanField(default=True)
    can_assign = BooleanField(default=True)
    can_delete = BooleanField(default=True)
    can_configure = BooleanField(default=False)
    #: Whether who has it must have a second factor.
    requires_second_factor = BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.name)


#: How high the rows of a list are, and what is shown after an act that ends one's work on a ticket.
COMFORTABLE, DENSE = "comfortable", "dense"
STAY, NEXT, BACK = "stay", "next", "list"


class Agent(Cached):
    """A member of the support, or (`is_admin`) one of its administrators."""

    email = CharField(max_length=254, unique=True)
    name = CharField(max_length=120)
    password_hash = CharField(max_length=255, null=True)
    is_admin = BooleanField(default=False)
    role = ForeignKeyField(Role, backref="agents", on_delete="RESTRICT")
    locale = CharField(max_length=8, null=True)
    timezone = CharField(max_length=64, null=True)
    active = BooleanField(default=True)
    # Whether single keys are shortcuts: they disturb speech input (WCAG 2.1.4).
    shortcuts = BooleanField(default=True)
    created_at = UtcDateTimeField()
    # How lists look (`helpdesk.lists.display`; no columns named: the shipped ones), and where an act on a ticket leads.
    list_rows = CharField(max_length=12, default=COMFORTABLE, constraints=[SQL("DEFAULT 'comfortable'")])
    list_columns = CharField(max_length=120, default="", constraints=[SQL("DEFAULT ''")])
    after_act = CharField(max_length=12, default=STAY, constraints=[SQL("DEFAULT 'stay'")])
    # Whether answers to notifications go out in their name, where the desk lets agents answer by e-mail.
    answers_by_mail = BooleanField(default=True)
    # Until when a second factor must be set up; null where none is missing (`people.required_second_factor`).
    second_factor_due_at = UtcDateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Permission(Cached):
    """What an agent covers: the whole support, a service, or one department of it (RULES 2)."""

    agent = ForeignKeyField(Agent, backref="permissions", on_delete="CASCADE")
    service = ForeignKeyField(Service, backref="permissions", null=True, on_delete="CASCADE")
    department = ForeignKeyField(Department, backref="permissions", null=True, on_delete="CASCADE")
    signature = TextField(default="")
    notify = BooleanField(default=False)

    class Meta:
        constraints = [Check("department_id IS NULL OR service_id IS NOT NULL", name="permission_scope")]


Permission.add_index(
    Permission.index(Permission.agent, unique=True, where=SQL("service_id IS NULL"), name="permission_all")
)
Permission.add_index(
    Permission.index(
        Permission.agent,
        Permission.service,
        unique=True,
        where=SQL("service_id IS NOT NULL AND department_id IS NULL"),
        name="permission_service",
    )
)
Permission.add_index(
    Permission.index(
        Permission.agent,
        Permission.department,
        unique=True,
        where=SQL("department_id IS NOT NULL"),
        name="permission_department",
    )
)


class Team(Cached):
    """Agents who share tickets; its manager sees and assigns every ticket while the team is enabled."""

    label = LabelField()
    email = CharField(max_length=254, default="")
    manager = ForeignKeyField(Agent, backref="managed_teams", null=True, on_delete="SET NULL")
    enabled = BooleanField(default=True)

    def __str__(self) -> str:
        return str(self.label)


class TeamMember(Cached):
    """One agent in one team."""

    team = ForeignKeyField(Team, backref="memberships", on_delete="CASCADE")
    agent = ForeignKeyField(Agent, backref="memberships", on_delete="CASCADE")

    class Meta:
        indexes = ((("team", "agent"), True),)


OPEN, PENDING, CLOSED = "open", "pending", "closed"
CATEGORIES = (OPEN, PENDING, CLOSED)


class Status(Cached):
    """A step in the life of a ticket; rules read its category, never its label."""

    identifier = CharField(max_length=60, unique=True)
    label = LabelField()
    text_color = CharField(max_length=24, default="#ffffff")
    background_color = CharField(max_length=24, default="#574f55")
    category = CharField(max_length=10, default=OPEN)
    enabled = BooleanField(default=True)
    position = IntegerField(default=0)

    class Meta:
        constraints = [Check("category IN ('open', 'pending', 'closed')", name="status_category")]

    def __str__(self) -> str:
        return str(self.label)


class Priority(Cached):
    """How much a ticket weighs: the heaviest stands first."""

    identifier = CharField(max_length=60, unique=True)
    label = LabelField()
    text_color = CharField(max_length=24, default="#ffffff")
    background_color = CharField(max_length=24, default="#574f55")
    weight = IntegerField(default=0)
    enabled = BooleanField(default=True)

    def __str__(self) -> str:
        return str(self.label)


class Tag(Cached):
    """A tag of tickets; `key` is its folded name, so that Stage and stâge are one tag.

    `label` is what it is called in each language, where that differs from its name.
    """

    name = CharField(max_length=40)
    key = CharField(max_length=40, unique=True)
    label = LabelField(default=Label)

    def __str__(self) -> str:
        return self.label.get(Label.languages()[0]) or self.name

    @property
    def all_names(self) -> str:
        """Its name, and what it is called in each language."""
        return " ".join([self.name, *self.label.values()])


class CannedResponse(Cached):
    """A canned response of one service or (no service) of all, in each language; the body is HTML."""

    service = ForeignKeyField(Service, backref="canned_responses", null=True, on_delete="CASCADE")
    name = LabelField()
    body = LabelField()
    author = ForeignKeyField(Agent, null=True, on_delete="SET NULL")
    position = IntegerField(default=0)

    def __str__(self) -> str:
        return str(self.name)


CannedResponse.add_index(
    CannedResponse.index(
        CannedResponse.service, CannedResponse.name, unique=True, where=SQL("service_id IS NOT NULL"), name="canned_own"
    )
)
CannedResponse.add_index(
    CannedResponse.index(CannedResponse.name, unique=True, where=SQL("service_id IS NULL"), name="canned_general")
)


class EmailText(Cached):
    """The owner's text of one kind of e-mail; an empty sender means the default e-mail of the desk."""

    kind = CharField(max_length=40, unique=True)
    enabled = BooleanField(default=True)
    sender_email = CharField(max_length=254, default="")
    sender_name = LabelField(default=Label)
    subject = LabelField(default=Label)
    body = LabelField(default=Label)


# --- Customers ----------------------------------------------------------------------------------------------------


class DueTime(Cached):
    """How long a reply and the end may take, in open minutes; the first row that fits a place and priority holds."""

    service = ForeignKeyField(Service, backref="due_times", null=True, on_delete="CASCADE")
    department = ForeignKeyField(Department, backref="due_times", null=True, on_delete="CASCADE")
    priority = ForeignKeyField(Priority, backref="due_times", null=True, on_delete="CASCADE")
    first_reply = IntegerField(null=True)
    next_reply = IntegerField(null=True)
    resolution = IntegerField(null=True)
    position = IntegerField(default=0)

    def __str__(self) -> str:
        rows = (self.department or self.service, self.priority)
        return " · ".join(str(row) for row in rows if row is not None) or str(WHOLE_DESK)


#: What `Ticket.due_at` holds where nothing is due: it comes last in each order, and needs no case of its own.
NO_DUE_TIME = datetime(9999, 12, 31)


class Customer(Base):
    """A person who opens tickets; a member when one of the addresses is proven, invited or imported (RULES 23)."""

    id: Any = LastingId()
    first_name = CharField(max_length=80, default="")
    last_name = CharField(max_length=80, default="")
    locale = CharField(max_length=8, null=True)
    password_hash = CharField(max_length=255, null=True)
    blocked_at = UtcDateTimeField(null=True)
    created_at = UtcDateTimeField()
    #: Until when an automatic answer says that they are away, and its words for it.
    absent_until = UtcDateTimeField(null=True)
    absent_words = CharField(max_length=80, null=True)

    @property
    def full_name(self) -> str:
        """First and last name, as far as stored."""
        return " ".join(part for part in (self.first_name, self.last_name) if part)

    @property
    def primary_address(self) -> CustomerAddress:
        """The address to which mails are sent."""
        return self.addresses.order_by(CustomerAddress.is_primary.desc(), CustomerAddress.id).get()

    @property
    def writing_address(self) -> CustomerAddress:
        """The address with which new tickets are opened: a proven one, or the customer could not read them."""
        order = (CustomerAddress.proven_at.is_null(), CustomerAddress.is_primary.desc(), CustomerAddress.id)
        return self.addresses.order_by(*order).get()

    @property
    def display_name(self) -> str:
        """The name, or the address when no name is stored."""
        return self.full_name or self.primary_address.email

    def __str__(self) -> str:
        return self.display_name


class CustomerAddress(Base):
    """An e-mail address of a customer; proven when its holder used a link mailed to it."""

    id: Any = LastingId()
    customer = ForeignKeyField(Customer, backref="addresses", on_delete="CASCADE")
    email = CharField(max_length=254, unique=True)
    is_primary = BooleanField(default=True)
    origin = CharField(max_length=10, default="form")
    proven_at = UtcDateTimeField(null=True)
    created_at = UtcDateTimeField()
    #: Since when mails that came back say that nothing arrives there.
    undeliverable_at = UtcDateTimeField(null=True)

    class Meta:
        constraints = [Check("origin IN ('form', 'invited', 'imported')", name="address_origin")]

    @property
    def is_proven(self) -> bool:
        """Whether its holder has used a link mailed to it."""
        return self.proven_at is not None

    @property
    def is_member(self) -> bool:
        """Whether the address makes its customer a member."""
        return self.is_proven or self.origin != "form"

    def __str__(self) -> str:
        return self.email


# --- Tickets ------------------------------------------------------------------------------------------------------

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
Ticket.add_index(Ticket.index(Ticket.id, where=LIVE, name="ticket_live_age"))
Ticket.add_index(Ticket.index(Ticket.waiting_since, Ticket.id, where=LIVE, name="ticket_live_longest"))
Ticket.add_index(Ticket.index(Ticket.last_activity, Ticket.id, where=SQL("is_spam AND NOT in_bin"), name="ticket_spam"))
Ticket.add_index(Ticket.index(Ticket.binned_at, Ticket.id, where=SQL("in_bin"), name="ticket_bin"))
Ticket.add_index(Ticket.index(Ticket.customer, Ticket.id, name="ticket_customer_recent"))
Ticket.add_index(Ticket.index(Ticket.last_activity, Ticket.id, name="ticket_recent"))
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
# What wakes next, and the list of what sleeps.
Ticket.add_index(Ticket.index(Ticket.snoozed_until, Ticket.id, where=SQL("is_snoozed"), name="ticket_snoozed"))

#: Types of files that a page shows as pictures, up to so many pixels: more of them stop a browser.
IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
MOST_PIXELS = 25_000_000

CUSTOMER_MESSAGE, REPLY, NOTE = "customer", "reply", "note"


class Message(Base):
    """A message in a ticket: of the customer, of an agent (reply), or of an agent for the team only (note)."""

    id: Any = LastingId()
    ticket = ForeignKeyField(Ticket, backref="messages", on_delete="CASCADE", index=False)
    kind = CharField(max_length=10)
    agent = ForeignKeyField(Agent, null=True, on_delete="SET NULL")
    customer = ForeignKeyField(Customer, null=True, on_delete="SET NULL")
    author_name = CharField(max_length=254)
    body = TextField()
    signature = TextField(default="")
    created_at = UtcDateTimeField()
    deleted_at = UtcDateTimeField(null=True)
    # Until then the customer does not see it, and its author may withdraw it; null: public at once.
    public_at = UtcDateTimeField(null=True)
    form_key = CharField(max_length=64, null=True, unique=True)

    class Meta:
        indexes = ((("ticket", "id"), False),)
        constraints = [Check("kind IN ('customer', 'reply', 'note')", name="message_kind")]

    @property
    def is_note(self) -> bool:
        """Whether only the team may read it."""
        return self.kind == NOTE


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

    class Meta:
        table_name = "ticket_copy"
        indexes = ((("ticket", "address"), True),)
        constraints = [Check("added_by IN ('agent', 'customer')", name="copy_added_by")]


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


class Draft(Base):
    """The message an agent is writing in a ticket: nobody else sees it, and sending deletes it."""

    ticket = ForeignKeyField(Ticket, backref="drafts", on_delete="CASCADE", index=False)
    agent = ForeignKeyField(Agent, backref="drafts", on_delete="CASCADE")
    kind = CharField(max_length=10, default=REPLY)
    body = TextField()
    close = BooleanField(default=False)
    save_as = BooleanField(default=False)
    canned_name = CharField(max_length=120, default="")
    updated_at = UtcDateTimeField(index=True)

    class Meta:
        indexes = ((("ticket", "agent"), True),)
        constraints = [Check("kind IN ('reply', 'note')", name="draft_kind")]


class Presence(Base):
    """An agent who was writing in a ticket seconds ago (``helpdesk.tickets.presence``)."""

    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE", index=False)
    agent = ForeignKeyField(Agent, backref="+", on_delete="CASCADE")
    seen_at = UtcDateTimeField()

    class Meta:
        indexes = ((("ticket", "agent"), True),)


class SavedView(Cached):
    """A list of tickets saved under a name, its owner's or (`shared`) everybody's; `query` is its query string."""

    owner = ForeignKeyField(Agent, backref="saved_views", on_delete="CASCADE")
    name = CharField(max_length=80)
    query = CharField(max_length=400)
    shared = BooleanField(default=False)
    position = IntegerField(default=0)

    class Meta:
        indexes = ((("owner", "name"), True),)

    def __str__(self) -> str:
        return self.name


class BulkAction(Base):
    """One act on many tickets, kept while its author may undo it; `mails` are the ids of the e-mails it wrote."""

    id: Any = LastingId()
    agent = ForeignKeyField(Agent, backref="bulk_actions", on_delete="CASCADE")
    act = CharField(max_length=20)
    mails = JSONField(default=list)
    created_at = UtcDateTimeField(index=True)
    undone_at = UtcDateTimeField(null=True)

    class Meta:
        table_name = "batch"


class BulkChange(Base):
    """What a bulk action changed on one ticket: its columns before and after, and the id of its last event then."""

    action = ForeignKeyField(BulkAction, backref="changes", on_delete="CASCADE", column_name="batch_id")
    ticket = ForeignKeyField(Ticket, backref="bulk_changes", on_delete="CASCADE")
    before = JSONField()
    after = JSONField()
    event = BigIntegerField(default=0)

    class Meta:
        table_name = "batch_change"


class Departure(Base):
    """An agent who left, and what became of all they had (`moves`), stored while an administrator may undo it.

    `last_event` is the id of the newest line of all histories then, `mails` are the ids of the e-mails it wrote.
    """

    id: Any = LastingId()
    agent = ForeignKeyField(Agent, backref="departures", on_delete="CASCADE")
    actor_name = CharField(max_length=254)
    was_active = BooleanField()
    moves = JSONField(default=list)
    mails = JSONField(default=list)
    last_event = BigIntegerField(default=0)
    created_at = UtcDateTimeField(index=True)
    undone_at = UtcDateTimeField(null=True)


class DepartureChange(Base):
    """A row that changed when an agent left: what it is (`holding`), its id, and its values before and after."""

    departure = ForeignKeyField(Departure, backref="changes", on_delete="CASCADE", index=False)
    holding = CharField(max_length=20)
    row_id = BigIntegerField()
    before = JSONField(default=dict)
    after = JSONField(default=dict)

    class Meta:
        indexes = ((("departure", "holding", "row_id"), True),)


class StoredPicture:
    """What files of messages and files of forms know of themselves as pictures."""

    media_type: Any
    pixels: Any

    @property
    def is_image(self) -> bool:
        """Whether it is a picture that a page may show."""
        return self.media_type in IMAGES and (self.pixels is None or 0 < self.pixels <= MOST_PIXELS)


class Attachment(StoredPicture, Base):
    """A file of a message: `name` is its sender's, `path` is relative to the data folder."""

    message = ForeignKeyField(Message, backref="attachments", on_delete="CASCADE")
    name = CharField(max_length=255)
    media_type = CharField(max_length=100)
    size = BigIntegerField()
    sha256 = CharField(max_length=64)
    path = CharField(max_length=300, unique=True)
    created_at = UtcDateTimeField()
    #: Of a picture; 0 for one that cannot be measured, None for one that was not measured yet.
    pixels = BigIntegerField(null=True)


class Upload(StoredPicture, Base):
    """A file chosen in a form that is not sent yet; it expires after an hour."""

    form_key = CharField(max_length=64, index=True)
    owner = CharField(max_length=40)
    name = CharField(max_length=255)
    media_type = CharField(max_length=100)
    size = BigIntegerField()
    sha256 = CharField(max_length=64)
    path = CharField(max_length=300, unique=True)
    expires_at = UtcDateTimeField(index=True)
    pixels = BigIntegerField(null=True)


class ReadMark(Base):
    """The last message of a ticket that an agent has read (``helpdesk.tickets.unread``).

    `message` is an id, even when that message was deleted.
    """

    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE", index=False)
    agent = ForeignKeyField(Agent, backref="+", on_delete="CASCADE")
    message = BigIntegerField()

    class Meta:
        table_name = "reading_mark"
        indexes = ((("ticket", "agent"), True),)


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


# --- Filters ------------------------------------------------------------------------------------------------------


class Filter(Cached):
    """A filter: conditions on a new ticket and the actions when they match, applied in the order of positions.

    `author_id` is the agent who saved it last: it acts on the tickets they see. It outlives them.
    """

    name = CharField(max_length=120)
    enabled = BooleanField(default=True)
    mode = CharField(max_length=3, default="all")
    position = IntegerField(default=0)
    hits = BigIntegerField(default=0)
    last_hit_at = UtcDateTimeField(null=True)
    author_id = BigIntegerField(null=True)

    class Meta:
        constraints = [Check("mode IN ('all', 'any')", name="filter_mode")]

    def __str__(self) -> str:
        return self.name


class FilterCondition(Cached):
    """A condition of a filter: a field of the ticket, an operator, a value (registries in ``helpdesk.filters``)."""

    rule = ForeignKeyField(Filter, backref="conditions", on_delete="CASCADE")
    field = CharField(max_length=40)
    operator = CharField(max_length=40)
    value = CharField(max_length=500, default="")


class FilterAction(Cached):
    """One action of a filter; `argument` is the id or text the action needs."""

    rule = ForeignKeyField(Filter, backref="actions", on_delete="CASCADE")
    action = CharField(max_length=40)
    argument = CharField(max_length=200, default="")


# --- Mail, sign-ins, upkeep ---------------------------------------------------------------------------------------

EMAIL_STATES = ("pending", "sending", "sent", "failed", "cancelled")


class OutgoingEmail(Base):
    """An outgoing e-mail: written in the transaction of the act that causes it, sent afterwards.

    `link_kind` and its target say which private link the mail carries: the link is made when the mail is sent,
    so that no token rests in the database.
    """

    id: Any = LastingId()
    kind = CharField(max_length=40)
    ticket = ForeignKeyField(Ticket, backref="emails", null=True, on_delete="SET NULL")
    message = ForeignKeyField(Message, backref="emails", null=True, on_delete="SET NULL")
    agent = ForeignKeyField(Agent, null=True, on_delete="CASCADE")
    address = ForeignKeyField(CustomerAddress, null=True, on_delete="CASCADE")
    to_email = CharField(max_length=254)
    from_email = CharField(max_length=254)
    from_name = CharField(max_length=120, default="")
    locale = CharField(max_length=8)
    subject = CharField(max_length=255)
    body = TextField()
    link_kind = CharField(max_length=20, default="")
    mail_id = CharField(max_length=200, unique=True)
    in_reply_to = CharField(max_length=200, default="")
    references = TextField(default="", column_name="reference_ids")
    automatic = CharField(max_length=20, default="auto-generated")
    state = CharField(max_length=10, default="pending")
    attempts = IntegerField(default=0)
    due_at = UtcDateTimeField()
    claimed_at = UtcDateTimeField(null=True)
    sent_at = UtcDateTimeField(null=True)
    #: Why it could not be sent (`helpdesk.settings.mail_failures` writes and reads it).
    last_error = TextField(default="")
    created_at = UtcDateTimeField()
    #: The process that is sending it.
    claimed_by = CharField(max_length=100, null=True)
    #: Since when the mail server has put it off.
    deferred_since = UtcDateTimeField(null=True)
    #: When a mail server reported that it did not arrive, and what it said: a status code (RFC 3463), then its words.
    bounced_at = UtcDateTimeField(null=True)
    bounce_reason = TextField(null=True)
    #: Why it was cancelled before anybody tried to send it.
    withheld = CharField(max_length=20, null=True)
    #: What became of its copy for the folder of sent e-mails: due, tried, stored or refused; none for most.
    sent_copy = CharField(max_length=10, null=True)

    class Meta:
        constraints = [
            Check("state IN ('pending', 'sending', 'sent', 'failed', 'cancelled')", name="email_state"),
        ]


# Whole, not of the live ones only: SQLite takes a partial index where its condition stands in the statement, and
# then prefers the other one, which makes it sort all that waits.
OutgoingEmail.add_index(
    OutgoingEmail.index(OutgoingEmail.state, OutgoingEmail.due_at, OutgoingEmail.id, name="email_due")
)
OutgoingEmail.add_index(OutgoingEmail.index(OutgoingEmail.state, OutgoingEmail.id, name="email_by_state"))
OutgoingEmail.add_index(
    OutgoingEmail.index(OutgoingEmail.bounced_at, where=SQL("bounced_at IS NOT NULL"), name="email_bounced")
)
OutgoingEmail.add_index(
    OutgoingEmail.index(OutgoingEmail.id, where=SQL("sent_copy IN ('due', 'tried')"), name="email_to_copy")
)


class AccessLink(Base):
    """A private link: the token is derived from `nonce` and the secret key; only its hash is stored."""

    kind = CharField(max_length=20)
    nonce = CharField(max_length=64)
    token_hash = CharField(max_length=64, unique=True)
    agent = ForeignKeyField(Agent, null=True, on_delete="CASCADE")
    address = ForeignKeyField(CustomerAddress, null=True, on_delete="CASCADE")
    ticket = ForeignKeyField(Ticket, null=True, on_delete="CASCADE")
    created_at = UtcDateTimeField()
    expires_at = UtcDateTimeField()
    used_at = UtcDateTimeField(null=True)

    class Meta:
        constraints = [Check("kind IN ('ticket', 'sign-in', 'invitation', 'reset')", name="link_kind")]


class GuestPass(Base):
    """A ticket that a browser opens without signing in: its cookie has a random token, this row the token's hash.

    `link` brought it there, and takes it along; `ticket_id` may be that of a ticket which is part of another one now.
    `is_proven`: the browser came by a mailed link, which only the holder of the address has.
    """

    token_hash = CharField(max_length=64)
    ticket_id = BigIntegerField()
    address = ForeignKeyField(CustomerAddress, backref="+", on_delete="CASCADE")
    link = ForeignKeyField(AccessLink, backref="+", null=True, on_delete="CASCADE")
    is_proven = BooleanField(default=False)
    expires_at = UtcDateTimeField(index=True)

    class Meta:
        indexes = ((("token_hash", "ticket_id"), True),)


class SignIn(Base):
    """A signed-in browser: its cookie has a random token, this row the token's hash. Deleting the row signs out."""

    token_hash = CharField(max_length=64, unique=True)
    agent = ForeignKeyField(Agent, backref="sign_ins", null=True, on_delete="CASCADE")
    customer = ForeignKeyField(Customer, backref="sign_ins", null=True, on_delete="CASCADE")
    device = CharField(max_length=200, default="")
    by_link = BooleanField(default=False)
    created_at = UtcDateTimeField()
    last_seen_at = UtcDateTimeField()
    expires_at = UtcDateTimeField(index=True)
    #: When the password, and the code where there is one, were last given once more (`two_factor.step_up`).
    confirmed_at = UtcDateTimeField(null=True)

    class Meta:
        constraints = [Check("(agent_id IS NULL) <> (customer_id IS NULL)", name="sign_in_person")]


class SecondFactor(Base):
    """The application on a telephone that makes an agent's codes; `confirmed_at` is null until one was given.

    Its secret is encrypted. `pending_secret` belongs to another telephone that is just being set up. Codes of
    `last_step` (30 seconds each, counted from 1970) and of those before are used up.
    """

    agent = ForeignKeyField(Agent, backref="+", unique=True, on_delete="CASCADE")
    secret = TextField(default="")
    last_step = BigIntegerField(default=0)
    confirmed_at = UtcDateTimeField(null=True)
    pending_secret = TextField(default="")
    pending_since = UtcDateTimeField(null=True)


class RecoveryCode(Base):
    """A code for whoever has lost the telephone: its hash, good for one sign-in."""

    agent = ForeignKeyField(Agent, backref="+", on_delete="CASCADE")
    code_hash = CharField(max_length=64, unique=True)
    used_at = UtcDateTimeField(null=True)


class PendingSignIn(Base):
    """A browser whose password was right and whose second factor is still to come: it opens nothing."""

    token_hash = CharField(max_length=64, unique=True)
    agent = ForeignKeyField(Agent, backref="+", on_delete="CASCADE")
    expires_at = UtcDateTimeField(index=True)


class Throttle(Base):
    """The number of tries under one key since `since`, counted for all processes of the desk together."""

    key = CharField(max_length=120, unique=True)
    count = IntegerField(default=0)
    since = UtcDateTimeField()
    blocked_until = UtcDateTimeField(null=True)


class SecurityCode(Base):
    """A security code: the answer a visitor must type, used once."""

    token = CharField(max_length=64, unique=True)
    answer = CharField(max_length=12)
    expires_at = UtcDateTimeField(index=True)
    used_at = UtcDateTimeField(null=True)


class TimetableRun(Base):
    """The last run of a job of the timetable: its period, and the process that is at it."""

    job = CharField(max_length=40, unique=True)
    period = CharField(max_length=40)
    ran_at = UtcDateTimeField()
    claimed_by = CharField(max_length=100, null=True)
    #: When it last ended well.
    ended_at = UtcDateTimeField(null=True)


class Worker(Base):
    """A process that carries the loop: alive while its beat goes on."""

    name = CharField(max_length=100, unique=True)
    host = CharField(max_length=60)
    beat = BigIntegerField()
    started_at = UtcDateTimeField()
    seen_at = UtcDateTimeField()


class UnconfirmedRequest(Base):
    """A ticket requested without the security code: it waits until its author uses the link mailed to the address."""

    nonce = CharField(max_length=64)
    token_hash = CharField(max_length=64, unique=True)
    request = JSONField(default=dict)
    mail = ForeignKeyField(OutgoingEmail, null=True, on_delete="SET NULL")
    ticket = ForeignKeyField(Ticket, null=True, on_delete="CASCADE")
    created_at = UtcDateTimeField()
    expires_at = UtcDateTimeField(index=True)
    used_at = UtcDateTimeField(null=True)

    class Meta:
        # The table keeps its first name.
        table_name = "held_request"


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


# --- Orders and the programs that push them -----------------------------------------------------------------------


class Order(Base):
    """An order in a shop; it has no customer until its e-mail address is a customer's.

    `total` and the prices of the lines count the smallest unit of `currency`: cents of a euro, whole yen.
    """

    shop = CharField(max_length=60)
    number = CharField(max_length=60)
    email = CharField(max_length=254)
    customer = ForeignKeyField(Customer, backref="orders", null=True, on_delete="SET NULL", index=False)
    placed_at = UtcDateTimeField()
    total = BigIntegerField()
    currency = CharField(max_length=3)
    status = CharField(max_length=60, default="")
    url = CharField(max_length=1000, default="")
    updated_at = UtcDateTimeField()

    class Meta:
        # "order" is a word of SQL.
        table_name = "shop_order"
        indexes = ((("shop", "number"), True),)

    def __str__(self) -> str:
        return self.number


Order.add_index(Order.index(Order.customer, Order.placed_at, Order.id, name="order_customer_recent"))
Order.add_index(Order.index(Order.email, name="order_email"))
Order.add_index(Order.index(Order.placed_at, Order.id, name="order_recent"))


class OrderLine(Base):
    """One line of an order: `price` is that of one piece."""

    order = ForeignKeyField(Order, backref="lines", on_delete="CASCADE", index=False)
    position = IntegerField()
    name = CharField(max_length=200)
    quantity = IntegerField()
    price = BigIntegerField()

    class Meta:
        indexes = ((("order", "position"), True),)


class ApiKey(Base):
    """A key with which another program sends orders: its hash is stored, and its first characters to recognise it."""

    name = CharField(max_length=80)
    prefix = CharField(max_length=16)
    token_hash = CharField(max_length=64, unique=True)
    created_by = ForeignKeyField(Agent, null=True, on_delete="SET NULL", index=False)
    created_at = UtcDateTimeField()
    last_used_at = UtcDateTimeField(null=True)
    revoked_at = UtcDateTimeField(null=True)
    #: The one shop whose orders it sends and reads; None: of every shop.
    shop = CharField(max_length=60, null=True)

    def __str__(self) -> str:
        return self.name


ApiKey.add_index(ApiKey.index(ApiKey.name, unique=True, where=SQL("revoked_at IS NULL"), name="api_key_name"))


# --- Mail that comes in -------------------------------------------------------------------------------------------


class Mailbox(Cached):
    """An address whose mail the desk takes: from a folder on a mail server, or from the standard input of ``receive``.

    The columns from `uid_validity` on say how far it has been read and what went wrong; nobody edits them.
    """

    #: How it is called here: its address, unless somebody names it.
    name = CharField(max_length=120, default="")
    address = CharField(max_length=254, unique=True)
    aliases = TextField(default="")
    kind = CharField(max_length=10, default="imap")
    host = CharField(max_length=253, default="")
    port = IntegerField(default=993)
    security = CharField(max_length=10, default="tls")
    auth = CharField(max_length=10, default="password")
    username = CharField(max_length=254, default="")
    secret = TextField(default="")
    folder = CharField(max_length=200, default="INBOX")
    other_folders = TextField(default="")
    held_folders = TextField(default="")
    sent_folder = CharField(max_length=200, default="")
    service = ForeignKeyField(Service, backref="+", on_delete="RESTRICT")
    department = ForeignKeyField(Department, backref="+", null=True, on_delete="RESTRICT")
    locale = CharField(max_length=8, null=True)
    copies = CharField(max_length=10, default="propose")
    hold_lists = BooleanField(default=False)
    begin = CharField(max_length=10, default="new")
    after = CharField(max_length=10, default="leave")
    after_days = IntegerField(default=30)
    after_folder = CharField(max_length=200, default="")
    idle = BooleanField(default=False)
    sub_addresses = BooleanField(default=False)
    trusted_server = CharField(max_length=253, default="")
    enabled = BooleanField(default=True)
    position = IntegerField(default=0)
    last_success_at = UtcDateTimeField(null=True)
    failing_since = UtcDateTimeField(null=True)
    #: Why it cannot be read (`helpdesk.settings.mail_failures` writes and reads it).
    last_error = TextField(default="")
    #: The application of the owner at Google or Microsoft, and what they gave for a sign-in there (both encrypted).
    client_id = CharField(max_length=200, default="")
    client_secret = TextField(default="")
    tenant = CharField(max_length=100, default="")
    tokens = TextField(default="")
    #: The process that is connected and waits for what comes.
    watched_by = CharField(max_length=100, null=True)
    copy_sent = BooleanField(default=False)
    #: How many ``Received`` stand above what `trusted_server` writes; what the last test e-mail showed of both.
    trusted_hops = IntegerField(default=0)
    seen_server = CharField(max_length=253, default="")
    seen_hops = IntegerField(default=0)
    #: Whether what lies in the folder of sent e-mails is taken, too: answers that other programs sent.
    read_sent = BooleanField(default=False)
    #: Whether the owner’s application at Microsoft opens it by itself, without a person who signs in.
    as_application = BooleanField(default=False)
    #: Since when it is read as it is set up now: what arrived before is history where `begin` is "new".
    begins_at = UtcDateTimeField(null=True)

    class Meta:
        constraints = [
            Check("kind IN ('imap', 'pipe')", name="mailbox_kind"),
            Check("security IN ('tls', 'starttls', 'none')", name="mailbox_security"),
            Check("auth IN ('password', 'google', 'microsoft')", name="mailbox_auth"),
            Check("copies IN ('propose', 'add')", name="mailbox_copies"),
            Check("begin IN ('new', 'week', 'all')", name="mailbox_begin"),
            Check("after IN ('leave', 'move', 'delete')", name="mailbox_after"),
        ]

    def __str__(self) -> str:
        return self.name


class MailFolder(Base):
    """How far one folder of a mailbox has been read: the last UID, under the validity its server named.

    Up to `silent_until` it is history, for which no mail goes out; up to `rescan_until` what is known comes again.
    """

    mailbox = ForeignKeyField(Mailbox, backref="folders", on_delete="CASCADE", index=False)
    name = CharField(max_length=200)
    uid_validity = BigIntegerField(default=0)
    last_uid = BigIntegerField(default=0)
    silent_until = BigIntegerField(default=0)
    rescan_until = BigIntegerField(default=0)

    class Meta:
        indexes = ((("mailbox", "name"), True),)


#: What can become of a mail that came in; the first two are not decided yet.
MAIL_STATES = (
    *("stored", "working", "new", "message", "reply", "note"),
    *("bounce", "automatic", "ignored", "held"),
)


class IncomingMail(Base):
    """A mail that came in: its bytes lie at `path`, `state` and `reason` say what became of it, `explanation` why."""

    id: Any = LastingId()
    mailbox = ForeignKeyField(Mailbox, backref="mails", on_delete="RESTRICT", index=False)
    folder = CharField(max_length=200, default="")
    uid_validity = BigIntegerField(null=True)
    uid = BigIntegerField(null=True)
    sha256 = CharField(max_length=64)
    body_hash = CharField(max_length=64, default="")
    mail_id = CharField(max_length=200, default="")
    size = BigIntegerField()
    path = CharField(max_length=300, null=True, unique=True)
    silent = BooleanField(default=False)
    state = CharField(max_length=10, default="stored")
    reason = CharField(max_length=40, default="")
    from_email = CharField(max_length=254, default="")
    from_name = CharField(max_length=120, default="")
    subject = CharField(max_length=200, default="")
    explanation = JSONField(default=dict)
    ticket = ForeignKeyField(Ticket, backref="incoming_mails", null=True, on_delete="SET NULL")
    message = ForeignKeyField(Message, backref="incoming_mails", null=True, on_delete="SET NULL")
    attempts = IntegerField(default=0)
    claimed_at = UtcDateTimeField(null=True)
    received_at = UtcDateTimeField()
    decided_at = UtcDateTimeField(null=True)
    #: When its server was done with: moved there, deleted there, or gone before.
    tidied_at = UtcDateTimeField(null=True)
    #: Whether its headers alone are here: it was too large, and whole it is on its server alone.
    headers_only = BooleanField(default=False)
    #: Whether a program wrote it, as it says of itself.
    automatic = BooleanField(default=False)
    #: Whether it lies in the folder of sent e-mails: the team wrote it with another program.
    is_sent = BooleanField(default=False)

    class Meta:
        indexes = ((("mailbox", "folder", "uid_validity", "uid"), True), (("mailbox", "sha256"), False))
        constraints = [
            Check(
                "state IN ('stored', 'working', 'new', 'message', 'reply', 'note', 'bounce', 'automatic', 'ignored', "
                "'held')",
                name="incoming_mail_state",
            ),
        ]

    def __str__(self) -> str:
        return self.subject or self.from_email or f"#{self.id}"


IncomingMail.add_index(
    IncomingMail.index(
        IncomingMail.state,
        IncomingMail.id,
        where=SQL("state IN ('stored', 'working', 'held')"),
        name="incoming_mail_waiting",
    )
)
IncomingMail.add_index(IncomingMail.index(IncomingMail.mail_id, where=SQL("mail_id <> ''"), name="incoming_mail_by_id"))
IncomingMail.add_index(
    IncomingMail.index(
        IncomingMail.mailbox,
        IncomingMail.id,
        where=SQL("tidied_at IS NULL AND uid IS NOT NULL"),
        name="incoming_mail_on_server",
    )
)
IncomingMail.add_index(IncomingMail.index(IncomingMail.from_email, IncomingMail.id, name="incoming_mail_by_sender"))
IncomingMail.add_index(IncomingMail.index(IncomingMail.received_at, IncomingMail.id, name="incoming_mail_recent"))
IncomingMail.add_index(IncomingMail.index(IncomingMail.mailbox, IncomingMail.id, name="incoming_mail_of_mailbox"))
IncomingMail.add_index(IncomingMail.index(IncomingMail.id, where=SQL("automatic"), name="incoming_mail_automatic"))
#: Bytes from which on a mail is large enough to be sought for its size.
LARGE_MAIL = 1 << 20
IncomingMail.add_index(
    IncomingMail.index(
        IncomingMail.id, IncomingMail.size, where=SQL(f"size >= {LARGE_MAIL}"), name="incoming_mail_large"
    )
)


class MailRecipient(Base):
    """Somebody to whom a mail was written or delivered, by their address in lower case."""

    mail = ForeignKeyField(IncomingMail, backref="recipients", on_delete="CASCADE", index=False)
    email = CharField(max_length=254)

    class Meta:
        indexes = ((("mail", "email"), True), (("email", "mail"), False))


class MailedMessage(Base):
    """What a message that came by mail has beyond others: what it quotes (`rest`), what is doubtful of its author."""

    message = ForeignKeyField(Message, backref="+", on_delete="CASCADE", unique=True)
    sender = CharField(max_length=254)
    mailbox = CharField(max_length=254)
    evidence = CharField(max_length=20, default="")
    doubt = CharField(max_length=20, default="")
    rest = TextField(default="")
    notes = JSONField(default=list)
    #: What the author’s mail program puts below each mail.
    mail_signature = TextField(default="")


class MailId(Base):
    """The id of an e-mail that has left the outbox: an answer to it finds its ticket for as long as that lives."""

    mail_id = CharField(max_length=200, index=True)
    ticket = ForeignKeyField(Ticket, backref="mail_ids", on_delete="CASCADE")
    address = ForeignKeyField(CustomerAddress, backref="+", null=True, on_delete="SET NULL", index=False)
    agent = ForeignKeyField(Agent, backref="+", null=True, on_delete="SET NULL", index=False)


class SenderRule(Cached):
    """What is done with the mail of an address, or of a domain: with its sub-domains when it begins with a dot."""

    pattern = CharField(max_length=254, unique=True)
    does = CharField(max_length=12, default="hold")
    note = CharField(max_length=200, default="")
    hits = BigIntegerField(default=0)
    last_hit_at = UtcDateTimeField(null=True)

    class Meta:
        constraints = [Check("does IN ('accept', 'never_answer', 'hold', 'ignore')", name="sender_rule_does")]

    def __str__(self) -> str:
        return self.pattern


#: Every table, parents first: the order in which they are created, copied and restored.
TABLES: tuple[type[Base], ...] = (
    Stamp,
    Setting,
    Service,
    Department,
    OpeningHours,
    ClosedDay,
    Role,
    Agent,
    Permission,
    Team,
    TeamMember,
    Status,
    Priority,
    Tag,
    CannedResponse,
    EmailText,
    DueTime,
    Customer,
    CustomerAddress,
    Ticket,
    Message,
    TicketTag,
    TicketCc,
    TicketEvent,
    Attachment,
    Upload,
    Draft,
    Presence,
    SavedView,
    BulkAction,
    BulkChange,
    Departure,
    DepartureChange,
    ReadMark,
    Rating,
    FormerNumber,
    Filter,
    FilterCondition,
    FilterAction,
    OutgoingEmail,
    AccessLink,
    GuestPass,
    SignIn,
    SecondFactor,
    RecoveryCode,
    PendingSignIn,
    Throttle,
    SecurityCode,
    TimetableRun,
    Worker,
    UnconfirmedRequest,
    JournalEntry,
    Order,
    OrderLine,
    ApiKey,
    Mailbox,
    MailFolder,
    IncomingMail,
    MailRecipient,
    MailedMessage,
    SenderRule,
    MailId,
)
