"""Who works at the desk: roles, agents, what they may do where, and their teams."""

from __future__ import annotations

from peewee import SQL, BooleanField, CharField, Check, ForeignKeyField, TextField

from database import Cached, LabelField, UtcDateTimeField
from tables.services import Department, Service

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
    # Which mails about due times they want: before one, when one has passed, and the daily list.
    mail_on_warning = BooleanField(default=True, constraints=[SQL("DEFAULT TRUE")])
    mail_on_overdue = BooleanField(default=True, constraints=[SQL("DEFAULT TRUE")])
    mail_on_due_list = BooleanField(default=True, constraints=[SQL("DEFAULT TRUE")])
    # Whether they get tickets that are handed out in turn (`helpdesk.availability`).
    takes_tickets = BooleanField(default=True, constraints=[SQL("DEFAULT TRUE")])

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
