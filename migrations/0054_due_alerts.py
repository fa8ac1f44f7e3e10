"""Who hears of due times, and when somebody hears of a ticket's next."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

LIVE = "is_open AND NOT is_spam AND NOT in_bin AND NOT is_snoozed"


def up(_migrator: SchemaMigrator, db: Database) -> None:
    kind, boolean = ("DATETIME", "INTEGER") if isinstance(db, SqliteDatabase) else ("TIMESTAMP", "BOOLEAN")
    db.execute_sql(f"""ALTER TABLE "ticket" ADD COLUMN "alert_at" {kind} NOT NULL DEFAULT '9999-12-31 00:00:00'""")
    db.execute_sql("""ALTER TABLE "ticket" ADD COLUMN "alerts" VARCHAR(200) NOT NULL DEFAULT ''""")
    for name in ("mail_on_warning", "mail_on_overdue", "mail_on_due_list"):
        db.execute_sql(f'ALTER TABLE "agent" ADD COLUMN "{name}" {boolean} NOT NULL DEFAULT TRUE')
    db.execute_sql(f'CREATE INDEX "ticket_live_alert" ON "ticket" ("alert_at", "id") WHERE {LIVE}')
