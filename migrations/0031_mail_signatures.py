"""The signature below a message that came by e-mail, folded away since."""

from peewee import Database, TextField
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, _db: Database) -> None:
    migrate(migrator.add_column("mailed_message", "mail_signature", TextField(default="")))
