"""How long things stay, what goes by that in announced batches, and which tickets are anonymised."""

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
from playhouse.migrate import SchemaMigrator


class LastingId(BigAutoField):
    def ddl(self, ctx):
        column = super().ddl(ctx)
        is_sqlite = isinstance(self.model._meta.database, SqliteDatabase)
        return NodeList((column, SQL("AUTOINCREMENT"))) if is_sqlite else column


class Frozen(Model):
    class Meta:
        legacy_table_names = False


class Service(Frozen):
    id = LastingId()


class Department(Frozen):
    id = LastingId()


class RetentionRule(Frozen):
    id = LastingId()
    service = ForeignKeyField(Service, backref="+", null=True, on_delete="CASCADE")
    department = ForeignKeyField(Department, backref="+", null=True, on_delete="CASCADE")
    files_months = IntegerField(null=True)
    anonymise_months = IntegerField(null=True)
    blanks_replies = BooleanField()
    delete_months = IntegerField(null=True)
    spam_months = IntegerField(null=True)
    customer_months = IntegerField(null=True)


class RetentionBatch(Frozen):
    id = LastingId()
    state = CharField(max_length=10)
    announced_at = DateTimeField()
    due_at = DateTimeField()
    ended_at = DateTimeField(null=True)
    cancelled_by = CharField(max_length=120)
    planned = JSONField()
    done = JSONField()
    paths = JSONField()

    class Meta:
        constraints = (Check("state IN ('announced', 'working', 'done', 'cancelled')", name="retention_batch_state"),)


class RetentionItem(Frozen):
    id = BigAutoField()
    batch = ForeignKeyField(RetentionBatch, backref="+", on_delete="CASCADE", index=False)
    act = CharField(max_length=10)
    target = BigIntegerField()
    since = DateTimeField()

    class Meta:
        indexes = ((("batch", "act", "since", "id"), False), (("act", "target"), True), (("since", "id"), False))


INDEXES = (
    'CREATE UNIQUE INDEX "retention_rule_place" ON "retention_rule" '
    "(COALESCE(service_id, 0), COALESCE(department_id, 0))",
    'CREATE INDEX "retention_batch_due" ON "retention_batch" ("due_at", "id") '
    "WHERE state IN ('announced', 'working')",
    'CREATE INDEX "retention_batch_recent" ON "retention_batch" ("announced_at", "id")',
    'CREATE INDEX "ticket_closed_of_service" ON "ticket" ("service_id", "is_anonymised", "closed_at", "id") '
    "WHERE NOT is_open AND NOT is_spam AND NOT in_bin",
    'CREATE INDEX "customer_age" ON "customer" ("created_at", "id") WHERE erased_at IS NULL',
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    kind = "INTEGER" if isinstance(db, SqliteDatabase) else "BOOLEAN"
    db.execute_sql(f'ALTER TABLE "ticket" ADD COLUMN "is_anonymised" {kind} NOT NULL DEFAULT FALSE')
    # Tickets of whoever was erased before.
    db.execute_sql(
        "UPDATE ticket SET is_anonymised = TRUE WHERE customer_id IN "
        "(SELECT id FROM customer WHERE erased_at IS NOT NULL)"
    )
    with db.bind_ctx((Service, Department, RetentionRule, RetentionBatch, RetentionItem)):
        db.create_tables([RetentionRule, RetentionBatch, RetentionItem])
    for index in INDEXES:
        db.execute_sql(index)
