"""Persons who are to be erased, or were; tags that keep a ticket's customer from it."""

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


class Customer(Frozen):
    id = LastingId()


class Erasure(Frozen):
    id = LastingId()
    customer = ForeignKeyField(Customer, backref="+", null=True, on_delete="SET NULL")
    kind = CharField(max_length=10)
    blanks_replies = BooleanField()
    state = CharField(max_length=12)
    by_customer = BooleanField()
    actor_name = CharField(max_length=120)
    requested_at = DateTimeField()
    due_at = DateTimeField(null=True)
    begun_at = DateTimeField(null=True)
    ended_at = DateTimeField(null=True)
    cancelled_by = CharField(max_length=120)
    counts = JSONField()
    person = JSONField()
    step = IntegerField()
    cursor = BigIntegerField()

    class Meta:
        constraints = (
            Check("kind IN ('anonymise', 'delete')", name="erasure_kind"),
            Check("state IN ('unconfirmed', 'waiting', 'working', 'done', 'cancelled')", name="erasure_state"),
        )


INDEXES = (
    'CREATE UNIQUE INDEX "erasure_pending" ON "erasure" ("customer_id") '
    "WHERE state IN ('unconfirmed', 'waiting', 'working')",
    'CREATE INDEX "erasure_due" ON "erasure" ("due_at", "id") WHERE state IN (\'waiting\', \'working\')',
    'CREATE INDEX "erasure_recent" ON "erasure" ("requested_at", "id")',
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Customer, Erasure)):
        db.create_tables([Erasure])
    for index in INDEXES:
        db.execute_sql(index)
    migrate(migrator.add_column("customer", "erased_at", DateTimeField(null=True)))
    kind = "INTEGER" if isinstance(db, SqliteDatabase) else "BOOLEAN"
    db.execute_sql(f'ALTER TABLE "tag" ADD COLUMN "keeps" {kind} NOT NULL DEFAULT FALSE')
