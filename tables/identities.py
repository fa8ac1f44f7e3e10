"""Sign-in with an organisation's own account (OpenID Connect): the providers, and whom their accounts sign in."""

from __future__ import annotations

from peewee import SQL, BooleanField, CharField, Check, ForeignKeyField, TextField

from database import Base, Cached, LabelField, UtcDateTimeField
from tables.agents import Agent, Role
from tables.customers import Customer
from tables.services import Department, Service

#: What somebody new covers: nothing, the whole support, or the provider's service and department.
COVERS_NOTHING, COVERS_ALL, COVERS_PLACE = "nothing", "all", "place"


class IdentityProvider(Cached):
    """Where people of an organisation sign in: `issuer` is its name, by which it is asked what else it is.

    The secret is encrypted. `group` is what admits somebody new, whose account has `role` and covers `covers`.
    """

    label = LabelField()
    issuer = CharField(max_length=500)
    client_id = CharField(max_length=300)
    client_secret = TextField(default="")
    scopes = CharField(max_length=300, default="openid email profile")
    enabled = BooleanField(default=True)
    #: Whether its addresses are proven though it does not say so.
    assumes_verified = BooleanField(default=False)
    #: Whether it asks for a second factor itself: the desk then asks for none.
    vouches = BooleanField(default=False)
    for_members = BooleanField(default=False)
    admits = BooleanField(default=False)
    group_claim = CharField(max_length=100, default="groups")
    group = CharField(max_length=200, default="")
    role = ForeignKeyField(Role, backref="+", null=True, on_delete="SET NULL")
    covers = CharField(max_length=10, default=COVERS_NOTHING)
    service = ForeignKeyField(Service, backref="+", null=True, on_delete="SET NULL")
    department = ForeignKeyField(Department, backref="+", null=True, on_delete="SET NULL")
    #: Whether agents sign in by it; `for_members`: whether customers do.
    for_agents = BooleanField(default=True, constraints=[SQL("DEFAULT TRUE")])

    class Meta:
        constraints = [Check("covers IN ('nothing', 'all', 'place')", name="identity_provider_covers")]

    def __str__(self) -> str:
        return str(self.label)


class Identity(Base):
    """An account at a provider, known by `sub`, and whom it signs in here: an agent or a customer.

    `email` is what the provider last called their address, to be shown; nobody is found by it.
    """

    provider = ForeignKeyField(IdentityProvider, backref="+", on_delete="CASCADE", index=False)
    sub = CharField(max_length=255)
    agent = ForeignKeyField(Agent, backref="+", null=True, on_delete="CASCADE")
    customer = ForeignKeyField(Customer, backref="+", null=True, on_delete="CASCADE")
    email = CharField(max_length=254, default="")
    #: Whether the account here was made when they came by a group: it ends with the group.
    by_group = BooleanField(default=False)
    linked_at = UtcDateTimeField()
    last_used_at = UtcDateTimeField(null=True)

    class Meta:
        indexes = ((("provider", "sub"), True),)
        constraints = [Check("(agent_id IS NULL) <> (customer_id IS NULL)", name="identity_person")]
