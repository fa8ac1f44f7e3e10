"""Orders as rules store them."""

from __future__ import annotations

from helpdesk import orders
from helpdesk.operations import upkeep
from models import Order, OrderLine
from tests.support import cast

ORDER = {
    "shop": "web", "number": "A1", "email": "eva@customer.example",
    "date": "2026-03-31", "total": "5", "currency": "EUR",
}  # fmt: skip
LINES = [{"name": "Bell", "quantity": 1, "price": "5"}]


def test_upkeep_joins_what_came_at_the_same_moment_as_its_address(database, request_context):
    orders.save_order(ORDER)
    eva = cast.make_customer("Eva")
    orders.save_order({**ORDER, "number": "A2", "email": "nobody@customer.example"})
    upkeep.run()
    assert [(row.number, row.customer) for row in Order.select().order_by(Order.number)] == [("A1", eva), ("A2", None)]


def test_shops_may_use_the_same_numbers(database, request_context):
    assert orders.save_order(ORDER)[1]
    assert orders.save_order({**ORDER, "shop": "Paris"})[1]
    assert not orders.save_order(ORDER)[1]


def test_lines_that_are_not_told_stay(database, request_context):
    orders.save_order({**ORDER, "lines": LINES})
    orders.save_order({**ORDER, "status": "Paid"})
    assert OrderLine.get().name == "Bell"


def test_counting_stores_nothing(database, request_context):
    counted = orders.store([orders.read(ORDER)], write=False)
    assert (counted.made, Order.select().count()) == (1, 0)
