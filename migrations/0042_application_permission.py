"""Mailboxes that the owner's application at Microsoft opens by itself."""

from peewee import BooleanField, Database
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, _db: Database) -> None:
    migrate(migrator.add_column("mailbox", "as_application", BooleanField(default=False)))
