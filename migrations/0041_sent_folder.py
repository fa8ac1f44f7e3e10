"""Mailboxes whose folder of sent e-mails is read, and the mails that come from there."""

from peewee import BooleanField, Database
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, _db: Database) -> None:
    migrate(
        migrator.add_column("mailbox", "read_sent", BooleanField(default=False)),
        migrator.add_column("incoming_mail", "is_sent", BooleanField(default=False)),
    )
