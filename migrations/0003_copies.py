"""People in copy of a ticket."""

from typing import Any

from peewee import BigAutoField, BooleanField, CharField, Check, Database, DateTimeField, ForeignKeyField, Model
from playhouse.migrate import SchemaMigrator


class Frozen(Model):
    id = BigAutoField()

    class Meta:
        legacy_table_names = False


class Ticket(Frozen):
    pass


class CustomerAddress(Frozen):
    pass


class TicketCopy(Frozen):
    ticket = ForeignKeyField(Ticket, backref="+", on_delete="CASCADE", index=False)
    address = ForeignKeyField(CustomerAddress, backref="+", on_delete="CASCADE")
    added_by = CharField(max_length=10)
    waits = BooleanField()
    created_at = DateTimeField()

    class Meta:
        indexes = ((("ticket", "address"), True),)
        constraints: Any = [Check("added_by IN ('agent', 'customer')", name="copy_added_by")]


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Ticket, CustomerAddress, TicketCopy)):
        db.create_tables([TicketCopy])
