"""Until when customers are away, and their words for it."""

from peewee import CharField, Database, DateTimeField
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, _db: Database) -> None:
    migrate(
        migrator.add_column("customer", "absent_until", DateTimeField(null=True)),
        migrator.add_column("customer", "absent_words", CharField(max_length=80, null=True)),
    )
