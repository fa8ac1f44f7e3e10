"""What opens a ticket without signing in is a row, which ends with its link."""

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    Database,
    DateTimeField,
    ForeignKeyField,
    Model,
)
from playhouse.migrate import SchemaMigrator


class Frozen(Model):
    id = BigAutoField()

    class Meta:
        legacy_table_names = False


class CustomerAddress(Frozen):
    pass


class AccessLink(Frozen):
    pass


class GuestPass(Frozen):
    token_hash = CharField(max_length=64)
    ticket_id = BigIntegerField()
    address = ForeignKeyField(CustomerAddress, backref="+", on_delete="CASCADE")
    link = ForeignKeyField(AccessLink, backref="+", null=True, on_delete="CASCADE")
    is_proven = BooleanField()
    expires_at = DateTimeField(index=True)

    class Meta:
        indexes = ((("token_hash", "ticket_id"), True),)


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((CustomerAddress, AccessLink, GuestPass)):
        db.create_tables((GuestPass,))
