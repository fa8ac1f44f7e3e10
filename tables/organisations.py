"""The organisations of customers, by whose domains their people belong to them; never the desk's own."""

from __future__ import annotations

from peewee import BooleanField, CharField, Check, ForeignKeyField, TextField

from database import Cached, UtcDateTimeField
from tables.agents import Agent, Team
from tables.setup import Priority

#: What a customer is in their organisation: named by the team, and confirmed by an administrator.
PROPOSED, RESPONSIBLE = "proposed", "responsible"


class Organisation(Cached):
    """A company, an association, a public body whose people write to the desk."""

    name = CharField(max_length=120)
    #: The name folded, by which it is found: no two are called the same.
    key = CharField(max_length=240, unique=True)
    note = CharField(max_length=500, default="")
    #: What agents read beside its tickets (HTML).
    pinned = TextField(default="")
    #: What a new ticket of its people gets.
    priority = ForeignKeyField(Priority, backref="+", null=True, on_delete="SET NULL", index=False)
    assignee = ForeignKeyField(Agent, backref="+", null=True, on_delete="SET NULL", index=False)
    team = ForeignKeyField(Team, backref="+", null=True, on_delete="SET NULL", index=False)
    #: Whether all its people read each other's tickets, not only who is responsible.
    everybody_sees = BooleanField(default=False)
    enabled = BooleanField(default=True)
    #: Since when what its people open goes to Spam.
    blocked_at = UtcDateTimeField(null=True)
    created_at = UtcDateTimeField()

    class Meta:
        constraints = [Check("assignee_id IS NULL OR team_id IS NULL", name="organisation_one_assignee")]

    def __str__(self) -> str:
        return self.name


class OrganisationDomain(Cached):
    """A domain of an organisation: whoever has an address there, or below it, belongs to it."""

    # Its rows are not called `domains`: a form would take them for the field of that name.
    organisation = ForeignKeyField(Organisation, backref="+", on_delete="CASCADE")
    domain = CharField(max_length=253, unique=True)

    def __str__(self) -> str:
        return self.domain
