"""The index of messages knows where a word stands: a search in subjects or by author uses it too (PostgreSQL)."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

#: SQLite's index knows its columns by itself.
POSTGRESQL = (
    # The index goes with its column.
    "ALTER TABLE message_search DROP COLUMN tsv",
    """ALTER TABLE message_search ADD COLUMN tsv TSVECTOR GENERATED ALWAYS AS (
        setweight(to_tsvector('simple', subject), 'A') || setweight(to_tsvector('simple', author), 'B')
        || setweight(to_tsvector('simple', body), 'C')
    ) STORED""",
    "CREATE INDEX message_search_tsv ON message_search USING GIN (tsv)",
    # Until the server gets to it by itself, nothing is known of the new column, and a rare word is taken for a common.
    "ANALYZE message_search",
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    for statement in () if isinstance(db, SqliteDatabase) else POSTGRESQL:
        db.execute_sql(statement)
