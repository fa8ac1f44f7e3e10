"""What happens to a ticket is stored once, in its history, and the journal reads both by their time.

Until now each line of a history stood in the journal, too. Those of tickets that are still there go, also of tickets
that were merged into one: their lines moved with them. What was deleted, purged or merged stays in the journal.
"""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

OLD_INDEXES = (
    "journal_entry_created_at",
    "journal_entry_kind_id",
    "journal_entry_agent_id_id",
    "ticket_event_agent_id",
)
NEW_INDEXES = {
    "journal_entry_created_at_id": ("journal_entry", ("created_at", "id")),
    "journal_entry_kind_created_at_id": ("journal_entry", ("kind", "created_at", "id")),
    "journal_entry_agent_id_created_at_id": ("journal_entry", ("agent_id", "created_at", "id")),
    "ticket_event_created_at_id": ("ticket_event", ("created_at", "id")),
    "ticket_event_agent_id_created_at_id": ("ticket_event", ("agent_id", "created_at", "id")),
}
KIND = {True: "json_extract(data, '$.event_event')", False: "data ->> 'event_event'"}


def up(migrator: SchemaMigrator, db: Database) -> None:
    # Without its indexes the table loses most of its rows in a moment.
    for name in OLD_INDEXES:
        db.execute_sql(f'DROP INDEX "{name}"')
    kind = KIND[isinstance(db, SqliteDatabase)]
    db.execute_sql(
        "DELETE FROM journal_entry WHERE act = 'ticket'"
        " AND subject IN (SELECT number FROM ticket UNION ALL SELECT number FROM former_number)"
        f" AND {kind} NOT IN ('deleted', 'merged')"
    )
    for name, (table, columns) in NEW_INDEXES.items():
        quoted = ", ".join(f'"{column}"' for column in columns)
        db.execute_sql(f'CREATE INDEX "{name}" ON "{table}" ({quoted})')
