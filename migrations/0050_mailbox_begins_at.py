"""Since when a mailbox is read as it is set up."""

from peewee import Database, DateTimeField
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, _db: Database) -> None:
    migrate(migrator.add_column("mailbox", "begins_at", DateTimeField(null=True)))
