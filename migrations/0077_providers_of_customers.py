"""Providers for customers alone, and sign-ins that end when the machine opens passwords no more."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Database) -> None:
    boolean = "INTEGER" if isinstance(db, SqliteDatabase) else "BOOLEAN"
    db.execute_sql(f'ALTER TABLE "identity_provider" ADD COLUMN "for_agents" {boolean} NOT NULL DEFAULT TRUE')
    db.execute_sql(f'ALTER TABLE "sign_in" ADD COLUMN "needs_passwords" {boolean} NOT NULL DEFAULT FALSE')
