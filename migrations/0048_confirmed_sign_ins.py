"""Sign-ins remember when the password was last given once more."""

from peewee import Database, DateTimeField
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, _db: Database) -> None:
    migrate(migrator.add_column("sign_in", "confirmed_at", DateTimeField(null=True)))
