"""Which agents answer by e-mail."""

from peewee import BooleanField, Database
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, _db: Database) -> None:
    migrate(migrator.add_column("agent", "answers_by_mail", BooleanField(default=True)))
