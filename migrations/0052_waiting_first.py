"""Within one priority, tickets that wait stand before the others, whose time lies a thousand years later."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

LIVE = "is_open AND NOT is_spam AND NOT in_bin AND NOT is_snoozed"


def up(_migrator: SchemaMigrator, db: Database) -> None:
    later = (
        "date(substr(waiting_since, 1, 10), '+365242 days') || substr(waiting_since, 11)"
        if isinstance(db, SqliteDatabase)
        else "waiting_since + interval '365242 days'"
    )
    db.execute_sql(f"UPDATE ticket SET waiting_since = {later} WHERE is_open AND NOT awaits_reply")
    db.execute_sql(f'CREATE INDEX "ticket_live_longest" ON "ticket" ("waiting_since", "id") WHERE {LIVE}')
