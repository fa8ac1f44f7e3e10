"""Addresses that are no longer kept, and erasures that put those of a person among them."""

from peewee import SQL, BigAutoField, BooleanField, CharField, Database, DateTimeField, Model, NodeList, SqliteDatabase
from playhouse.migrate import SchemaMigrator


class LastingId(BigAutoField):
    def ddl(self, ctx):
        column = super().ddl(ctx)
        is_sqlite = isinstance(self.model._meta.database, SqliteDatabase)
        return NodeList((column, SQL("AUTOINCREMENT"))) if is_sqlite else column


class SuppressedAddress(Model):
    id = LastingId()
    digest = CharField(max_length=64, unique=True)
    suppressed_at = DateTimeField()
    actor_name = CharField(max_length=120)
    by_erasure = BooleanField()

    class Meta:
        legacy_table_names = False


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((SuppressedAddress,)):
        db.create_tables([SuppressedAddress])
    boolean = "INTEGER" if isinstance(db, SqliteDatabase) else "BOOLEAN"
    db.execute_sql(f'ALTER TABLE "erasure" ADD COLUMN "suppresses" {boolean} NOT NULL DEFAULT FALSE')
