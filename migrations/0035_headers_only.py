"""Of which mails the headers alone are here: those that were too large, also where nothing is to be done about them."""

from peewee import BooleanField, Database
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, db: Database) -> None:
    migrate(migrator.add_column("incoming_mail", "headers_only", BooleanField(default=False)))
    db.execute_sql(
        "UPDATE incoming_mail SET headers_only = ? WHERE uid IS NOT NULL AND (reason = 'too-large' "
        "OR (reason = 'closed' AND CAST(explanation AS TEXT) LIKE ?))".replace("?", db.param),
        (True, '%"too-large"%'),
    )
