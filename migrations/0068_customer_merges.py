"""What a merge of customers moved and changed; by what customers are recognised, and who may be one person."""

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    CharField,
    Check,
    Database,
    DateTimeField,
    ForeignKeyField,
    JSONField,
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
    class Meta:
        legacy_table_names = False


class Customer(Frozen):
    id = LastingId()


class CustomerMerge(Frozen):
    id = LastingId()
    former_id = BigIntegerField(unique=True)
    customer = ForeignKeyField(Customer, backref="+", on_delete="CASCADE")
    into_id = BigIntegerField(index=True)
    source = JSONField()
    before = JSONField()
    after = JSONField()
    moved = JSONField()
    terms = JSONField()
    merged_at = DateTimeField(index=True)


class CustomerKey(Frozen):
    id = BigAutoField()
    customer = ForeignKeyField(Customer, backref="+", on_delete="CASCADE", index=False)
    reason = CharField(max_length=10)
    key = CharField(max_length=460)

    class Meta:
        indexes = ((("customer", "reason", "key"), True), (("key", "customer"), False))


class PossibleDuplicate(Frozen):
    id = LastingId()
    first = ForeignKeyField(Customer, backref="+", on_delete="CASCADE", index=False)
    second = ForeignKeyField(Customer, backref="+", on_delete="CASCADE")
    reason = CharField(max_length=10)
    found_at = DateTimeField()
    decided_at = DateTimeField(null=True)
    decided_by = CharField(max_length=120)

    class Meta:
        indexes = ((("first", "second"), True),)
        constraints = [
            Check("reason IN ('name', 'spelling', 'order')", name="duplicate_reason"),
            Check("first_id < second_id", name="duplicate_order"),
        ]


INDEXES = (
    'CREATE INDEX "duplicate_undecided" ON "possible_duplicate" ("id") WHERE decided_at IS NULL',
    'CREATE INDEX "ticket_order_number" ON "ticket" ("order_number", "customer_id") WHERE order_number <> \'\'',
    'CREATE INDEX "order_number" ON "shop_order" ("number")',
)


def up(_migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx((Customer, CustomerMerge, CustomerKey, PossibleDuplicate)):
        db.create_tables([CustomerMerge, CustomerKey, PossibleDuplicate])
    for statement in INDEXES:
        db.execute_sql(statement)
