"""Indexes of the tickets that are open and awake, and of those that sleep."""

from peewee import Database
from playhouse.migrate import SchemaMigrator

LIVE = "is_open AND NOT is_spam AND NOT in_bin AND NOT is_snoozed"
ORDER = '"rank", "waiting_since", "id"'
#: The columns of each index, and what its condition says beyond `LIVE`.
INDEXES = {
    "ticket_live": (ORDER, ""),
    "ticket_live_service": (f'"service_id", {ORDER}', ""),
    "ticket_live_department": (f'"department_id", {ORDER}', ""),
    "ticket_live_assignee": (f'"assignee_id", {ORDER}', ""),
    "ticket_live_team": (f'"team_id", {ORDER}', ""),
    "ticket_live_status": (f'"status_id", {ORDER}', ""),
    "ticket_live_unassigned": (ORDER, " AND assignee_id IS NULL AND team_id IS NULL"),
    "ticket_live_counts": ('"service_id", "department_id", "assignee_id", "team_id", "awaits_reply"', ""),
    "ticket_live_recent": ('"last_activity", "id"', ""),
    "ticket_live_age": ('"id"', ""),
    "ticket_live_waiting": ('"waiting_since", "id"', " AND awaits_reply"),
}


def up(_migrator: SchemaMigrator, db: Database) -> None:
    for name, (columns, more) in INDEXES.items():
        db.execute_sql(f'DROP INDEX "{name}"')
        db.execute_sql(f'CREATE INDEX "{name}" ON "ticket" ({columns}) WHERE {LIVE}{more}')
    db.execute_sql('CREATE INDEX "ticket_snoozed" ON "ticket" ("snoozed_until", "id") WHERE is_snoozed')
