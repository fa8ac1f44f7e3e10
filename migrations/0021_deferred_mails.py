"""Since when the mail server has put an e-mail off."""

from peewee import Database, DateTimeField
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, db: Database) -> None:
    migrate(migrator.add_column("outgoing_email", "deferred_since", DateTimeField(null=True)))
