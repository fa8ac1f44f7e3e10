"""Tickets that are closed by themselves: a row for each place, and when the next thing is done to each ticket."""

from peewee import (
    SQL,
    BigAutoField,
    BooleanField,
    Database,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
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
    id = BigAutoField()


class Department(Frozen):
    id = BigAutoField()


class Status(Frozen):
    id = BigAutoField()


class AutomaticClosing(Frozen):
    id = LastingId()
    service = ForeignKeyField(Service, backref="+", null=True, on_delete="CASCADE", index=False)
    department = ForeignKeyField(Department, backref="+", null=True, on_delete="CASCADE", index=False)
    enabled = BooleanField()
    after_days = IntegerField()
    warning_days = IntegerField()
    acts_from = DateTimeField(null=True)
    includes_older = BooleanField()


class ClosingStatus(Frozen):
    id = LastingId()
    closing = ForeignKeyField(AutomaticClosing, backref="+", on_delete="CASCADE", index=False)
    status = ForeignKeyField(Status, backref="+", on_delete="CASCADE")

    class Meta:
        indexes = ((("closing", "status"), True),)


INDEXES = (
    'CREATE UNIQUE INDEX "automatic_closing_desk" ON "automatic_closing" ((service_id IS NULL)) '
    "WHERE service_id IS NULL",
    'CREATE UNIQUE INDEX "automatic_closing_service" ON "automatic_closing" ("service_id") '
    "WHERE department_id IS NULL AND service_id IS NOT NULL",
    'CREATE UNIQUE INDEX "automatic_closing_department" ON "automatic_closing" ("department_id") '
    "WHERE department_id IS NOT NULL",
    'CREATE INDEX "ticket_closing_step" ON "ticket" ("closing_step_at", "id") WHERE closing_step_at IS NOT NULL',
)


def up(_migrator: SchemaMigrator, db: Database) -> None:
    moment, boolean = ("DATETIME", "INTEGER") if isinstance(db, SqliteDatabase) else ("TIMESTAMP", "BOOLEAN")
    with db.bind_ctx((Service, Department, Status, AutomaticClosing, ClosingStatus)):
        db.create_tables((AutomaticClosing, ClosingStatus))
    for name in ("closes_at", "closing_step_at"):
        db.execute_sql(f'ALTER TABLE "ticket" ADD COLUMN "{name}" {moment}')
    db.execute_sql(f'ALTER TABLE "ticket" ADD COLUMN "stays_open" {boolean} NOT NULL DEFAULT FALSE')
    for index in INDEXES:
        db.execute_sql(index)
