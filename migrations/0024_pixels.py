"""How many pixels a picture has: one with too many is not shown in a page. Older ones are measured when asked for."""

from peewee import BigIntegerField, Database
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, _db: Database) -> None:
    for table in ("attachment", "upload"):
        migrate(migrator.add_column(table, "pixels", BigIntegerField(null=True)))
