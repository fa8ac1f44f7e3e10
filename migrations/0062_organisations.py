"""Organisations of customers: their domains, their people, their tickets."""

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
from playhouse.migrate import SchemaMigrator

COLUMNS = (
    ("customer", '"organisation_id" {number}'),
    ("customer", '"organisation_by_hand" {boolean} NOT NULL DEFAULT FALSE'),
    ("customer", "\"organisation_role\" VARCHAR(11) NOT NULL DEFAULT ''"),
    ("customer", '"organisation_copies" {boolean} NOT NULL DEFAULT FALSE'),
    ("ticket", '"organisation_id" {number}'),
    ("ticket", '"is_private" {boolean} NOT NULL DEFAULT FALSE'),
    ("ticket_copy", '"organisation_id" {number}'),
)
SQLITE = {"boolean": "INTEGER", "number": "INTEGER"}
POSTGRESQL = {"boolean": "BOOLEAN", "number": "BIGINT"}
LIVE = "is_open AND NOT is_spam AND NOT in_bin AND NOT is_snoozed"
INDEXES = (
    'CREATE INDEX "customer_organisation_id" ON "customer" ("organisation_id")',
    'CREATE INDEX "ticket_organisation_recent" ON "ticket" ("organisation_id", "last_activity", "id") '
    "WHERE organisation_id IS NOT NULL",
    'CREATE INDEX "ticket_live_organisation" ON "ticket" ("organisation_id", "rank", "waiting_since", "id") '
    f"WHERE {LIVE} AND organisation_id IS NOT NULL",
)


class LastingId(BigAutoField):
    def ddl(self, ctx):
        column = super().ddl(ctx)
        is_sqlite = isinstance(self.model._meta.database, SqliteDatabase)
        return NodeList((column, SQL("AUTOINCREMENT"))) if is_sqlite else column


class Frozen(Model):
    id = LastingId()

    class Meta:
        legacy_table_names = False


class Priority(Frozen):
    pass


class Agent(Frozen):
    pass


class Team(Frozen):
    pass


class Organisation(Frozen):
    name = CharField(max_length=120)
    key = CharField(max_length=240, unique=True)
    note = CharField(max_length=500)
    pinned = TextField()
    priority = ForeignKeyField(Priority, backref="+", null=True, on_delete="SET NULL", index=False)
    assignee = ForeignKeyField(Agent, backref="+", null=True, on_delete="SET NULL", index=False)
    team = ForeignKeyField(Team, backref="+", null=True, on_delete="SET NULL", index=False)
    everybody_sees = BooleanField()
    enabled = BooleanField()
    blocked_at = DateTimeField(null=True)
    created_at = DateTimeField()

    class Meta:
        constraints = (Check("assignee_id IS NULL OR team_id IS NULL", name="organisation_one_assignee"),)


class OrganisationDomain(Frozen):
    organisation = ForeignKeyField(Organisation, backref="+", on_delete="CASCADE")
    domain = CharField(max_length=253, unique=True)


def up(_migrator: SchemaMigrator, db: Database) -> None:
    tables = (Organisation, OrganisationDomain)
    with db.bind_ctx((Priority, Agent, Team, *tables)):
        db.create_tables(tables)
    kinds = SQLITE if isinstance(db, SqliteDatabase) else POSTGRESQL
    for table, column in COLUMNS:
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN {column.format(**kinds)}')
    for index in INDEXES:
        db.execute_sql(index)
