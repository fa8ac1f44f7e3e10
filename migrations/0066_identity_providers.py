"""Providers of the organisation's own accounts, and whose account of one is whose."""

from peewee import (
    SQL,
    BigAutoField,
    BooleanField,
    CharField,
    Check,
    Database,
    DateTimeField,
    ForeignKeyField,
    Model,
    NodeList,
    SqliteDatabase,
    TextField,
)
from playhouse.migrate import SchemaMigrator, migrate


class LastingId(BigAutoField):
    def ddl(self, ctx):
        column = super().ddl(ctx)
        is_sqlite = isinstance(self.model._meta.database, SqliteDatabase)
        return NodeList((column, SQL("AUTOINCREMENT"))) if is_sqlite else column


class Frozen(Model):
    class Meta:
        legacy_table_names = False


class Agent(Frozen):
    id = BigAutoField()


class Role(Frozen):
    id = BigAutoField()


class Customer(Frozen):
    id = BigAutoField()


class Service(Frozen):
    id = BigAutoField()


class Department(Frozen):
    id = BigAutoField()


class IdentityProvider(Frozen):
    id = LastingId()
    label = TextField()
    issuer = CharField(max_length=500)
    client_id = CharField(max_length=300)
    client_secret = TextField()
    scopes = CharField(max_length=300)
    enabled = BooleanField()
    assumes_verified = BooleanField()
    vouches = BooleanField()
    for_members = BooleanField()
    admits = BooleanField()
    group_claim = CharField(max_length=100)
    group = CharField(max_length=200)
    role = ForeignKeyField(Role, backref="+", null=True, on_delete="SET NULL")
    covers = CharField(max_length=10)
    service = ForeignKeyField(Service, backref="+", null=True, on_delete="SET NULL")
    department = ForeignKeyField(Department, backref="+", null=True, on_delete="SET NULL")

    class Meta:
        constraints = [Check("covers IN ('nothing', 'all', 'place')", name="identity_provider_covers")]


class Identity(Frozen):
    id = BigAutoField()
    provider = ForeignKeyField(IdentityProvider, backref="+", on_delete="CASCADE", index=False)
    sub = CharField(max_length=255)
    agent = ForeignKeyField(Agent, backref="+", null=True, on_delete="CASCADE")
    customer = ForeignKeyField(Customer, backref="+", null=True, on_delete="CASCADE")
    email = CharField(max_length=254)
    by_group = BooleanField()
    linked_at = DateTimeField()
    last_used_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("provider", "sub"), True),)
        constraints = [Check("(agent_id IS NULL) <> (customer_id IS NULL)", name="identity_person")]


def up(migrator: SchemaMigrator, db: Database) -> None:
    tables = [IdentityProvider, Identity]
    with db.bind_ctx((Agent, Role, Customer, Service, Department, *tables)):
        db.create_tables(tables)
    migrate(migrator.add_column("sign_in", "vouched", BooleanField(default=False)))
