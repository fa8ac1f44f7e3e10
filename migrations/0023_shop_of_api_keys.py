"""An API key may name the one shop whose orders it sends and reads."""

from peewee import CharField, Database
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, _db: Database) -> None:
    migrate(migrator.add_column("api_key", "shop", CharField(max_length=60, null=True)))
