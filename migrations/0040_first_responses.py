"""How long each ticket waited for its first response, and the indexes by which the figures of a period are counted."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

COUNTED_BY = '"service_id", "department_id", "team_id", "assignee_id", "first_response", "is_spam", "in_bin", "id"'
INDEXES = {
    "ticket_by_created_at": f'"created_at", "closed_at", {COUNTED_BY}',
    "ticket_by_closed_at": f'"closed_at", "created_at", {COUNTED_BY}',
}
#: Where a filter replied, the event has no name.
FILL = """
UPDATE ticket SET first_response = (
  SELECT CASE WHEN {replied} < {opened} THEN 0 ELSE {replied} - {opened} END FROM ticket_event AS e
  WHERE e.ticket_id = ticket.id AND e.kind = 'replied' AND e.actor_name <> ''
)
"""


def up(migrator: SchemaMigrator, db: Database) -> None:
    is_sqlite = isinstance(db, SqliteDatabase)
    seconds = "CAST(strftime('%s', {}) AS INTEGER)" if is_sqlite else "CAST(FLOOR(EXTRACT(EPOCH FROM {})) AS BIGINT)"
    db.execute_sql(f'ALTER TABLE "ticket" ADD COLUMN "first_response" {"INTEGER" if is_sqlite else "BIGINT"}')
    for name in INDEXES:
        db.execute_sql(f'DROP INDEX "{name}"')
    db.execute_sql(FILL.format(replied=seconds.format("MIN(e.created_at)"), opened=seconds.format("ticket.created_at")))
    for name, columns in INDEXES.items():
        db.execute_sql(f'CREATE INDEX "{name}" ON "ticket" ({columns}) WHERE NOT is_spam AND NOT in_bin')
