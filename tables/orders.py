"""Orders of customers, and the keys of the programs that push them."""

from __future__ import annotations

from peewee import SQL, BigIntegerField, CharField, ForeignKeyField, IntegerField

from database import Base, UtcDateTimeField
from tables.agents import Agent
from tables.customers import Customer


class Order(Base):
    """An order in a shop; it has no customer until its e-mail address is a customer's.

    `total` and the prices of the lines count the smallest unit of `currency`: cents of a euro, whole yen.
    """

    shop = CharField(max_length=60)
    number = CharField(max_length=60)
    email = CharField(max_length=254)
    customer = ForeignKeyField(Customer, backref="orders", null=True, on_delete="SET NULL", index=False)
    placed_at = UtcDateTimeField()
    total = BigIntegerField()
    currency = CharField(max_length=3)
    status = CharField(max_length=60, default="")
    url = CharField(max_length=1000, default="")
    updated_at = UtcDateTimeField()

    class Meta:
        # "order" is a word of SQL.
        table_name = "shop_order"
        indexes = ((("shop", "number"), True),)

    def __str__(self) -> str:
        return self.number


Order.add_index(Order.index(Order.customer, Order.placed_at, Order.id, name="order_customer_recent"))
Order.add_index(Order.index(Order.email, name="order_email"))
Order.add_index(Order.index(Order.number, name="order_number"))
Order.add_index(Order.index(Order.placed_at, Order.id, name="order_recent"))


class OrderLine(Base):
    """One line of an order: `price` is that of one piece."""

    order = ForeignKeyField(Order, backref="lines", on_delete="CASCADE", index=False)
    position = IntegerField()
    name = CharField(max_length=200)
    quantity = IntegerField()
    price = BigIntegerField()

    class Meta:
        indexes = ((("order", "position"), True),)


class ApiKey(Base):
    """A key with which another program sends orders: its hash is stored, and its first characters to recognise it."""

    name = CharField(max_length=80)
    prefix = CharField(max_length=16)
    token_hash = CharField(max_length=64, unique=True)
    created_by = ForeignKeyField(Agent, null=True, on_delete="SET NULL", index=False)
    created_at = UtcDateTimeField()
    last_used_at = UtcDateTimeField(null=True)
    revoked_at = UtcDateTimeField(null=True)
    #: The one shop whose orders it sends and reads; None: of every shop.
    shop = CharField(max_length=60, null=True)

    def __str__(self) -> str:
        return self.name


ApiKey.add_index(ApiKey.index(ApiKey.name, unique=True, where=SQL("revoked_at IS NULL"), name="api_key_name"))
