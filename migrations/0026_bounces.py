"""When a mail came back and why, which were not sent at all, and since when an address takes none."""

from peewee import CharField, Database, DateTimeField, TextField
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, db: Database) -> None:
    migrate(
        migrator.add_column("outgoing_email", "bounced_at", DateTimeField(null=True)),
        migrator.add_column("outgoing_email", "bounce_reason", TextField(null=True)),
        migrator.add_column("outgoing_email", "withheld", CharField(max_length=20, null=True)),
        migrator.add_column("customer_address", "undeliverable_at", DateTimeField(null=True)),
    )
    db.execute_sql('CREATE INDEX "email_bounced" ON "outgoing_email" ("bounced_at") WHERE bounced_at IS NOT NULL')
