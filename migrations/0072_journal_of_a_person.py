"""The lines of one kind that a person left in the journal are found at once, however few they are."""

from peewee import Database
from playhouse.migrate import SchemaMigrator


def up(_migrator: SchemaMigrator, db: Database) -> None:
    columns = '"agent_id", "kind", "created_at", "id"'
    db.execute_sql(f'CREATE INDEX "journal_entry_agent_id_kind_created_at_id" ON "journal_entry" ({columns})')
