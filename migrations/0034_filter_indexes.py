"""A list filtered by status or priority has an index in its order; it takes the place of the one without an order."""

from peewee import Database
from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    'DROP INDEX "ticket_status_id"',
    'DROP INDEX "ticket_priority_id"',
    'CREATE INDEX "ticket_status_recent" ON "ticket" ("status_id", "last_activity", "id")',
    'CREATE INDEX "ticket_priority_recent" ON "ticket" ("priority_id", "last_activity", "id")',
    'CREATE INDEX "ticket_live_status" ON "ticket" ("status_id", "rank", "waiting_since", "id")'
    " WHERE is_open AND NOT is_spam AND NOT in_bin",
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
