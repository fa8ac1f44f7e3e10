"""Mailboxes that sign in at Google or Microsoft, wait for e-mails, are tidied, and get a copy of what is sent."""

from peewee import BooleanField, CharField, Database, DateTimeField, TextField
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, db: Database) -> None:
    migrate(
        migrator.add_column("mailbox", "client_id", CharField(max_length=200, default="")),
        migrator.add_column("mailbox", "client_secret", TextField(default="")),
        migrator.add_column("mailbox", "tenant", CharField(max_length=100, default="")),
        migrator.add_column("mailbox", "tokens", TextField(default="")),
        migrator.add_column("mailbox", "watched_by", CharField(max_length=100, null=True)),
        migrator.add_column("mailbox", "copy_sent", BooleanField(default=False)),
        migrator.add_column("incoming_mail", "tidied_at", DateTimeField(null=True)),
        migrator.add_column("outgoing_email", "sent_copy", CharField(max_length=10, null=True)),
    )
    db.execute_sql(
        'CREATE INDEX "incoming_mail_on_server" ON "incoming_mail" ("mailbox_id", "id") '
        "WHERE tidied_at IS NULL AND uid IS NOT NULL"
    )
    db.execute_sql('CREATE INDEX "email_to_copy" ON "outgoing_email" ("id") WHERE sent_copy IN (\'due\', \'tried\')')
