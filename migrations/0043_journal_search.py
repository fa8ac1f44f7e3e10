"""The journal is searched by what its lines are about and by who acted, and says at once what was deleted.

What older lines are about is written as far as SQL can: in lower case. A permission is about its agent.
"""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

DELETIONS = "act IN ('deleted', 'purged', 'ticket', 'examples-removed')"
INDEXES = {
    "journal_entry_about_created_at_id": ("journal_entry", ("about", "created_at", "id"), ""),
    "journal_deleted": ("journal_entry", ("created_at", "id"), DELETIONS),
    "journal_former_actor": (
        "journal_entry",
        ("actor_name", "created_at", "id"),
        "agent_id IS NULL AND actor_name <> ''",
    ),
    "ticket_event_customer_id_created_at_id": ("ticket_event", ("customer_id", "created_at", "id"), ""),
    "event_former_actor": (
        "ticket_event",
        ("actor_name", "created_at", "id"),
        "agent_id IS NULL AND customer_id IS NULL AND actor_name <> ''",
    ),
    "event_note_deleted": ("ticket_event", ("created_at", "id"), "kind = 'note-deleted'"),
}
#: How the agent of a permission’s line stands before its place.
AGENT = {
    True: "substr(subject, 1, instr(subject, ': ') - 1)",
    False: "substr(subject, 1, position(': ' in subject) - 1)",
}
TABLE = {True: "json_extract(data, '$.what')", False: "data ->> 'what'"}


def up(migrator: SchemaMigrator, db: Database) -> None:
    is_sqlite = isinstance(db, SqliteDatabase)
    db.execute_sql("""ALTER TABLE "journal_entry" ADD COLUMN "about" VARCHAR(254) NOT NULL DEFAULT ''""")
    db.execute_sql("UPDATE journal_entry SET about = lower(subject) WHERE subject <> ''")
    db.execute_sql(
        f"UPDATE journal_entry SET about = lower({AGENT[is_sqlite]})"
        f" WHERE kind = 'rights' AND {TABLE[is_sqlite]} = 'Permission' AND subject LIKE '%: %'".replace(
            "%", "%" if is_sqlite else "%%"
        )
    )
    db.execute_sql('DROP INDEX "ticket_event_customer_id"')
    for name, (table, columns, where) in INDEXES.items():
        quoted = ", ".join(f'"{column}"' for column in columns)
        db.execute_sql(f'CREATE INDEX "{name}" ON "{table}" ({quoted})' + (f" WHERE {where}" if where else ""))
