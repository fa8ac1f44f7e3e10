"""The names and addresses of customers, for the search. The timetable fills it: the texts are folded by the program."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

SQLITE = ("CREATE VIRTUAL TABLE customer_search USING fts5(body)",)
POSTGRESQL = (
    """CREATE TABLE customer_search (
        rowid BIGINT PRIMARY KEY REFERENCES customer (id) ON DELETE CASCADE,
        body TEXT NOT NULL,
        tsv TSVECTOR GENERATED ALWAYS AS (to_tsvector('simple', body)) STORED
    )""",
    "CREATE INDEX customer_search_tsv ON customer_search USING GIN (tsv)",
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    for statement in SQLITE if isinstance(db, SqliteDatabase) else POSTGRESQL:
        db.execute_sql(statement)
