"""Exports of a person that are written in the background."""

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    Database,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
    NodeList,
    SqliteDatabase,
)
from playhouse.migrate import SchemaMigrator


class LastingId(BigAutoField):
    def ddl(self, ctx):
        column = super().ddl(ctx)
        is_sqlite = isinstance(self.model._meta.database, SqliteDatabase)
        return NodeList((column, SQL("AUTOINCREMENT"))) if is_sqlite else column


class Frozen(Model):
    id = BigAutoField()

    class Meta:
        legacy_table_names = False


class Customer(Frozen):
    pass


class PersonExport(Frozen):
    id = LastingId()
    customer = ForeignKeyField(Customer, backref="+", on_delete="CASCADE", index=False)
    by_customer = BooleanField()
    requested_by = BigIntegerField(null=True)
    state = CharField(max_length=10)
    requested_at = DateTimeField()
    due_at = DateTimeField()
    claimed_by = CharField(max_length=100, null=True)
    attempts = IntegerField()
    path = CharField(max_length=300)
    size = BigIntegerField()
    ready_at = DateTimeField(null=True)
    expires_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("customer", "by_customer"), True),)
        constraints = [Check("state IN ('waiting', 'working', 'ready', 'failed')", name="person_export_state")]


PersonExport.add_index(
    PersonExport.index(
        PersonExport.due_at, PersonExport.id, where=SQL("state IN ('waiting', 'working')"), name="person_export_due"
    )
)
PersonExport.add_index(
    PersonExport.index(PersonExport.expires_at, where=SQL("expires_at IS NOT NULL"), name="person_export_expiring")
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Customer, PersonExport)):
        db.create_tables([PersonExport])
