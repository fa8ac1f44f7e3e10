"""Where the server that confirms senders writes what it found, and which one the last test e-mail showed."""

from peewee import CharField, Database, IntegerField
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, _db: Database) -> None:
    migrate(
        migrator.add_column("mailbox", "trusted_hops", IntegerField(default=0)),
        migrator.add_column("mailbox", "seen_server", CharField(max_length=253, default="")),
        migrator.add_column("mailbox", "seen_hops", IntegerField(default=0)),
    )
