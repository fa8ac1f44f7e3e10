"""Orders of shops with their lines, and the keys of the programs that push them."""

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    CharField,
    Database,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
)
from playhouse.migrate import SchemaMigrator


class Frozen(Model):
    id = BigAutoField()

    class Meta:
        legacy_table_names = False


class Agent(Frozen):
    pass


class Customer(Frozen):
    pass


class Order(Frozen):
    shop = CharField(max_length=60)
    number = CharField(max_length=60)
    email = CharField(max_length=254)
    customer = ForeignKeyField(Customer, backref="+", null=True, on_delete="SET NULL", index=False)
    placed_at = DateTimeField()
    total = BigIntegerField()
    currency = CharField(max_length=3)
    status = CharField(max_length=60)
    url = CharField(max_length=1000)
    updated_at = DateTimeField()

    class Meta:
        table_name = "shop_order"
        indexes = ((("shop", "number"), True),)


Order.add_index(Order.index(Order.customer, Order.placed_at, Order.id, name="order_customer_recent"))
Order.add_index(Order.index(Order.email, name="order_email"))
Order.add_index(Order.index(Order.placed_at, Order.id, name="order_recent"))


class OrderLine(Frozen):
    order = ForeignKeyField(Order, backref="+", on_delete="CASCADE", index=False)
    position = IntegerField()
    name = CharField(max_length=200)
    quantity = IntegerField()
    price = BigIntegerField()

    class Meta:
        indexes = ((("order", "position"), True),)


class ApiKey(Frozen):
    name = CharField(max_length=80)
    prefix = CharField(max_length=16)
    token_hash = CharField(max_length=64, unique=True)
    created_by = ForeignKeyField(Agent, backref="+", null=True, on_delete="SET NULL", index=False)
    created_at = DateTimeField()
    last_used_at = DateTimeField(null=True)
    revoked_at = DateTimeField(null=True)


ApiKey.add_index(ApiKey.index(ApiKey.name, unique=True, where=SQL("revoked_at IS NULL"), name="api_key_name"))

TABLES = (Order, OrderLine, ApiKey)


def up(migrator: SchemaMigrator, db: Database) -> None:
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES)
