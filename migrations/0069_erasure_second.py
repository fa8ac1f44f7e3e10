"""Erasures that a second administrator confirms."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Database) -> None:
    boolean, number = ("INTEGER", "INTEGER") if isinstance(db, SqliteDatabase) else ("BOOLEAN", "BIGINT")
    for column in (
        f'"needs_second" {boolean} NOT NULL DEFAULT FALSE',
        f'"requested_by" {number}',
        "\"confirmed_by\" VARCHAR(120) NOT NULL DEFAULT ''",
    ):
        db.execute_sql(f'ALTER TABLE "erasure" ADD COLUMN {column}')
