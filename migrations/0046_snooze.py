"""Tickets that sleep until a moment."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

COLUMNS = (
    'is_snoozed" {boolean} NOT NULL DEFAULT FALSE',
    'snoozed_until" {moment}',
    'snoozed_by" {number}',
    'snooze_ignores_replies" {boolean} NOT NULL DEFAULT FALSE',
    'woken_at" {moment}',
)
SQLITE = {"boolean": "INTEGER", "moment": "DATETIME", "number": "INTEGER"}
POSTGRESQL = {"boolean": "BOOLEAN", "moment": "TIMESTAMP", "number": "BIGINT"}


def up(_migrator: SchemaMigrator, db: Database) -> None:
    kinds = SQLITE if isinstance(db, SqliteDatabase) else POSTGRESQL
    for column in COLUMNS:
        db.execute_sql(f'ALTER TABLE "ticket" ADD COLUMN "{column.format(**kinds)}')
