"""Erasures that a second administrator confirms."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Database) -> None:
    kind = "INTEGER" if isinstance(db, SqliteDatabase) else "BOOLEAN"
    for column in (
        f'"needs_second" {kind} NOT NULL DEFAULT FALSE',
        '"requested_by" BIGINT',
        "\"confirmed_by\" VARCHAR(120) NOT NULL DEFAULT ''",
    ):
        db.execute_sql(f'ALTER TABLE "erasure" ADD COLUMN {column}')
