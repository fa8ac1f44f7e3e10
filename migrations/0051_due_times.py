"""Rules of due times, and when each ticket is due: at no time, until the rules are worked out."""

from peewee import (
    SQL,
    BigAutoField,
    Database,
    ForeignKeyField,
    IntegerField,
    Model,
    NodeList,
    SqliteDatabase,
)
from playhouse.migrate import SchemaMigrator

LIVE = "is_open AND NOT is_spam AND NOT in_bin AND NOT is_snoozed"


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


class Priority(Frozen):
    id = BigAutoField()


class DueTime(Frozen):
    id = LastingId()
    service = ForeignKeyField(Service, backref="+", null=True, on_delete="CASCADE")
    department = ForeignKeyField(Department, backref="+", null=True, on_delete="CASCADE")
    priority = ForeignKeyField(Priority, backref="+", null=True, on_delete="CASCADE")
    first_reply = IntegerField(null=True)
    next_reply = IntegerField(null=True)
    resolution = IntegerField(null=True)
    position = IntegerField()


def up(_migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Service, Department, Priority, DueTime)):
        db.create_tables([DueTime])
    kind = "DATETIME" if isinstance(db, SqliteDatabase) else "TIMESTAMP"
    db.execute_sql(f"""ALTER TABLE "ticket" ADD COLUMN "due_at" {kind} NOT NULL DEFAULT '9999-12-31 00:00:00'""")
    db.execute_sql(f'CREATE INDEX "ticket_live_due" ON "ticket" ("due_at", "id") WHERE {LIVE}')
