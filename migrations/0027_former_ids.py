"""A link in an old mail finds the ticket that its own was merged into."""

from peewee import Database
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, db: Database) -> None:
    migrate(migrator.add_index("former_number", ("former_id",), unique=False))
