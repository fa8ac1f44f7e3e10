"""The first tables: a frozen copy of what ``models.py`` declared then, with the full-text index of messages."""

from typing import Any

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    Database,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    NodeList,
    SqliteDatabase,
    TextField,
)
from playhouse.migrate import SchemaMigrator


class LastingId(BigAutoField):
    def ddl(self, ctx: Any) -> Any:
        column = super().ddl(ctx)
        on_sqlite = isinstance(self.model._meta.database, SqliteDatabase)
        return NodeList((column, SQL("AUTOINCREMENT"))) if on_sqlite else column


class Frozen(Model):
    id = BigAutoField()

    class Meta:
        legacy_table_names = False


def link(table: type[Model], **options: Any) -> ForeignKeyField:
    return ForeignKeyField(table, backref="+", **options)


class Stamp(Frozen):
    value = BigIntegerField()


class Setting(Frozen):
    key = CharField(max_length=80, unique=True)
    value = JSONField(null=True)
    changed_at = DateTimeField()


class Service(Frozen):
    name = TextField()
    enabled = BooleanField()
    position = IntegerField()


class Department(Frozen):
    service = link(Service, on_delete="RESTRICT")
    name = TextField()
    position = IntegerField()


class Role(Frozen):
    name = TextField()
    can_set_status = BooleanField()
    can_set_priority = BooleanField()
    can_tag = BooleanField()
    can_assign = BooleanField()
    can_delete = BooleanField()
    can_configure = BooleanField()


class Agent(Frozen):
    email = CharField(max_length=254, unique=True)
    name = CharField(max_length=120)
    password_hash = CharField(max_length=255, null=True)
    is_admin = BooleanField()
    role = link(Role, on_delete="RESTRICT")
    locale = CharField(max_length=8, null=True)
    timezone = CharField(max_length=64, null=True)
    active = BooleanField()
    shortcuts = BooleanField()
    created_at = DateTimeField()


class Permission(Frozen):
    agent = link(Agent, on_delete="CASCADE")
    service = link(Service, null=True, on_delete="CASCADE")
    department = link(Department, null=True, on_delete="CASCADE")
    signature = TextField()
    notify = BooleanField()

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


class Team(Frozen):
    label = TextField()
    email = CharField(max_length=254)
    manager = link(Agent, null=True, on_delete="SET NULL")
    enabled = BooleanField()


class TeamMember(Frozen):
    team = link(Team, on_delete="CASCADE")
    agent = link(Agent, on_delete="CASCADE")

    class Meta:
        indexes = ((("team", "agent"), True),)


class Status(Frozen):
    identifier = CharField(max_length=60, unique=True)
    label = TextField()
    text_color = CharField(max_length=24)
    background_color = CharField(max_length=24)
    category = CharField(max_length=10)
    enabled = BooleanField()
    position = IntegerField()

    class Meta:
        constraints = [Check("category IN ('open', 'pending', 'closed')", name="status_category")]


class Priority(Frozen):
    identifier = CharField(max_length=60, unique=True)
    label = TextField()
    text_color = CharField(max_length=24)
    background_color = CharField(max_length=24)
    weight = IntegerField()
    enabled = BooleanField()


class Tag(Frozen):
    name = CharField(max_length=40)
    key = CharField(max_length=40, unique=True)


class CannedResponse(Frozen):
    service = link(Service, null=True, on_delete="CASCADE")
    name = CharField(max_length=120)
    body = TextField()
    author = link(Agent, null=True, on_delete="SET NULL")
    position = IntegerField()


CannedResponse.add_index(
    CannedResponse.index(
        CannedResponse.service, CannedResponse.name, unique=True, where=SQL("service_id IS NOT NULL"), name="canned_own"
    )
)
CannedResponse.add_index(
    CannedResponse.index(CannedResponse.name, unique=True, where=SQL("service_id IS NULL"), name="canned_general")
)


class EmailText(Frozen):
    kind = CharField(max_length=40, unique=True)
    enabled = BooleanField()
    sender_email = CharField(max_length=254)
    sender_name = TextField()
    subject = TextField()
    body = TextField()


class Customer(Frozen):
    first_name = CharField(max_length=80)
    last_name = CharField(max_length=80)
    locale = CharField(max_length=8, null=True)
    password_hash = CharField(max_length=255, null=True)
    blocked_at = DateTimeField(null=True)
    created_at = DateTimeField()


class CustomerAddress(Frozen):
    customer = link(Customer, on_delete="CASCADE")
    email = CharField(max_length=254, unique=True)
    is_primary = BooleanField()
    origin = CharField(max_length=10)
    proven_at = DateTimeField(null=True)
    created_at = DateTimeField()

    class Meta:
        constraints = [Check("origin IN ('form', 'invited', 'imported')", name="address_origin")]


LIVE = SQL("is_open AND NOT is_spam AND NOT in_bin")


class Ticket(Frozen):
    id = LastingId()
    number = CharField(max_length=40, unique=True)
    subject = CharField(max_length=200)
    customer = link(Customer, on_delete="RESTRICT", index=False)
    address = link(CustomerAddress, null=True, on_delete="SET NULL", index=False)
    service = link(Service, on_delete="RESTRICT")
    department = link(Department, null=True, on_delete="RESTRICT")
    status = link(Status, on_delete="RESTRICT")
    priority = link(Priority, on_delete="RESTRICT")
    former_priority = link(Priority, null=True, on_delete="SET NULL", index=False)
    assignee = link(Agent, null=True, on_delete="SET NULL")
    team = link(Team, null=True, on_delete="SET NULL")
    locale = CharField(max_length=8)
    is_open = BooleanField()
    is_spam = BooleanField()
    in_bin = BooleanField()
    rank = IntegerField()
    waiting_since = DateTimeField()
    awaits_reply = BooleanField()
    last_activity = DateTimeField()
    created_at = DateTimeField()
    closed_at = DateTimeField(null=True)
    closed_by_customer = BooleanField()
    binned_at = DateTimeField(null=True)
    hidden_from_customer = BooleanField()
    form_key = CharField(max_length=64, null=True, unique=True)
    order_number = CharField(max_length=60)

    class Meta:
        constraints = [Check("assignee_id IS NULL OR team_id IS NULL", name="ticket_one_assignee")]


ORDER = (Ticket.rank, Ticket.waiting_since, Ticket.id)

for _name, _columns in {
    "ticket_live": (),
    "ticket_live_service": (Ticket.service,),
    "ticket_live_department": (Ticket.department,),
    "ticket_live_assignee": (Ticket.assignee,),
    "ticket_live_team": (Ticket.team,),
}.items():
    Ticket.add_index(Ticket.index(*_columns, *ORDER, where=LIVE, name=_name))
Ticket.add_index(
    Ticket.index(
        *ORDER,
        where=SQL("is_open AND NOT is_spam AND NOT in_bin AND assignee_id IS NULL AND team_id IS NULL"),
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
Ticket.add_index(Ticket.index(Ticket.id, where=LIVE, name="ticket_live_age"))
Ticket.add_index(Ticket.index(Ticket.last_activity, Ticket.id, where=SQL("is_spam AND NOT in_bin"), name="ticket_spam"))
Ticket.add_index(Ticket.index(Ticket.binned_at, Ticket.id, where=SQL("in_bin"), name="ticket_bin"))
Ticket.add_index(Ticket.index(Ticket.customer, Ticket.id, name="ticket_customer_recent"))
Ticket.add_index(Ticket.index(Ticket.last_activity, Ticket.id, name="ticket_recent"))
for _column in (Ticket.created_at, Ticket.closed_at):
    Ticket.add_index(
        Ticket.index(_column, where=SQL("NOT is_spam AND NOT in_bin"), name=f"ticket_by_{_column.column_name}")
    )
Ticket.add_index(
    Ticket.index(
        *(Ticket.waiting_since, Ticket.id),
        where=SQL("is_open AND NOT is_spam AND NOT in_bin AND awaits_reply"),
        name="ticket_live_waiting",
    )
)


class Message(Frozen):
    ticket = link(Ticket, on_delete="CASCADE", index=False)
    kind = CharField(max_length=10)
    agent = link(Agent, null=True, on_delete="SET NULL")
    customer = link(Customer, null=True, on_delete="SET NULL")
    author_name = CharField(max_length=254)
    body = TextField()
    signature = TextField()
    created_at = DateTimeField()
    deleted_at = DateTimeField(null=True)
    public_at = DateTimeField(null=True)
    form_key = CharField(max_length=64, null=True, unique=True)

    class Meta:
        indexes = ((("ticket", "id"), False),)
        constraints = [Check("kind IN ('customer', 'reply', 'note')", name="message_kind")]


class TicketTag(Frozen):
    ticket = link(Ticket, on_delete="CASCADE")
    tag = link(Tag, on_delete="CASCADE")

    class Meta:
        indexes = ((("ticket", "tag"), True),)


class TicketEvent(Frozen):
    ticket = link(Ticket, on_delete="CASCADE", index=False)
    kind = CharField(max_length=40)
    agent = link(Agent, null=True, on_delete="SET NULL")
    customer = link(Customer, null=True, on_delete="SET NULL")
    actor_name = CharField(max_length=254)
    data = JSONField()
    created_at = DateTimeField()

    class Meta:
        indexes = ((("ticket", "id"), False),)


class Filter(Frozen):
    name = CharField(max_length=120)
    enabled = BooleanField()
    mode = CharField(max_length=3)
    position = IntegerField()
    hits = BigIntegerField()
    last_hit_at = DateTimeField(null=True)

    class Meta:
        constraints = [Check("mode IN ('all', 'any')", name="filter_mode")]


class FilterCondition(Frozen):
    rule = link(Filter, on_delete="CASCADE")
    field = CharField(max_length=40)
    operator = CharField(max_length=40)
    value = CharField(max_length=500)


class FilterAction(Frozen):
    rule = link(Filter, on_delete="CASCADE")
    action = CharField(max_length=40)
    argument = CharField(max_length=200)


class OutgoingEmail(Frozen):
    kind = CharField(max_length=40)
    ticket = link(Ticket, null=True, on_delete="SET NULL")
    message = link(Message, null=True, on_delete="SET NULL")
    agent = link(Agent, null=True, on_delete="CASCADE")
    address = link(CustomerAddress, null=True, on_delete="CASCADE")
    to_email = CharField(max_length=254)
    from_email = CharField(max_length=254)
    from_name = CharField(max_length=120)
    locale = CharField(max_length=8)
    subject = CharField(max_length=255)
    body = TextField()
    link_kind = CharField(max_length=20)
    mail_id = CharField(max_length=200, unique=True)
    in_reply_to = CharField(max_length=200)
    references = TextField(column_name="reference_ids")
    automatic = CharField(max_length=20)
    state = CharField(max_length=10)
    attempts = IntegerField()
    due_at = DateTimeField()
    claimed_at = DateTimeField(null=True)
    sent_at = DateTimeField(null=True)
    last_error = TextField()
    created_at = DateTimeField()

    class Meta:
        constraints = [Check("state IN ('pending', 'sending', 'sent', 'failed', 'cancelled')", name="email_state")]


OutgoingEmail.add_index(
    OutgoingEmail.index(
        OutgoingEmail.due_at, OutgoingEmail.id, where=SQL("state IN ('pending', 'sending')"), name="email_due"
    )
)
OutgoingEmail.add_index(OutgoingEmail.index(OutgoingEmail.state, OutgoingEmail.id, name="email_by_state"))


class AccessLink(Frozen):
    kind = CharField(max_length=20)
    nonce = CharField(max_length=64)
    token_hash = CharField(max_length=64, unique=True)
    agent = link(Agent, null=True, on_delete="CASCADE")
    address = link(CustomerAddress, null=True, on_delete="CASCADE")
    ticket = link(Ticket, null=True, on_delete="CASCADE")
    created_at = DateTimeField()
    expires_at = DateTimeField()
    used_at = DateTimeField(null=True)

    class Meta:
        constraints = [Check("kind IN ('ticket', 'sign-in', 'invitation', 'reset')", name="link_kind")]


class SignIn(Frozen):
    token_hash = CharField(max_length=64, unique=True)
    agent = link(Agent, null=True, on_delete="CASCADE")
    customer = link(Customer, null=True, on_delete="CASCADE")
    device = CharField(max_length=200)
    by_link = BooleanField()
    created_at = DateTimeField()
    last_seen_at = DateTimeField()
    expires_at = DateTimeField(index=True)

    class Meta:
        constraints = [Check("(agent_id IS NULL) <> (customer_id IS NULL)", name="sign_in_person")]


class Throttle(Frozen):
    key = CharField(max_length=120, unique=True)
    count = IntegerField()
    since = DateTimeField()
    blocked_until = DateTimeField(null=True)


class SecurityCode(Frozen):
    token = CharField(max_length=64, unique=True)
    answer = CharField(max_length=12)
    expires_at = DateTimeField(index=True)
    used_at = DateTimeField(null=True)


class TimetableRun(Frozen):
    job = CharField(max_length=40)
    period = CharField(max_length=40)
    ran_at = DateTimeField()

    class Meta:
        indexes = ((("job", "period"), True),)


TABLES = (
    Stamp,
    Setting,
    Service,
    Department,
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
    Customer,
    CustomerAddress,
    Ticket,
    Message,
    TicketTag,
    TicketEvent,
    Filter,
    FilterCondition,
    FilterAction,
    OutgoingEmail,
    AccessLink,
    SignIn,
    Throttle,
    SecurityCode,
    TimetableRun,
)

SQLITE_SEARCH = ("CREATE VIRTUAL TABLE IF NOT EXISTS message_search USING fts5(subject, author, body)",)
POSTGRESQL_SEARCH = (
    """CREATE TABLE IF NOT EXISTS message_search (
        rowid BIGINT PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
        subject TEXT NOT NULL,
        author TEXT NOT NULL,
        body TEXT NOT NULL,
        tsv TSVECTOR GENERATED ALWAYS AS (to_tsvector('simple', subject || ' ' || author || ' ' || body)) STORED
    )""",
    "CREATE INDEX IF NOT EXISTS message_search_tsv ON message_search USING GIN (tsv)",
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES)
    for statement in SQLITE_SEARCH if isinstance(db, SqliteDatabase) else POSTGRESQL_SEARCH:
        db.execute_sql(statement)
