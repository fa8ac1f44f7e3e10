"""The closed tickets of an assignee or a team, the newest first, and those that wait: none, but they were all read."""

from peewee import Database
from playhouse.migrate import SchemaMigrator

CLOSED = "NOT is_open AND NOT is_spam AND NOT in_bin"


def up(migrator: SchemaMigrator, db: Database) -> None:
    for name in ("assignee", "team"):
        db.execute_sql(
            f'CREATE INDEX "ticket_closed_{name}" ON "ticket" ("{name}_id", "last_activity", "id") '
            f"WHERE {CLOSED} AND {name}_id IS NOT NULL"
        )
    db.execute_sql(
        f'CREATE INDEX "ticket_closed_waiting" ON "ticket" ("last_activity", "id") WHERE {CLOSED} AND awaits_reply'
    )
