"""When a second administrator confirmed an erasure."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Database) -> None:
    kind = "DATETIME" if isinstance(db, SqliteDatabase) else "TIMESTAMP"
    db.execute_sql(f'ALTER TABLE "erasure" ADD COLUMN "confirmed_at" {kind}')
