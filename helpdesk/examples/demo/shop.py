"""Orders of the demo's customers: about every second one has bought something."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from helpdesk import orders
from helpdesk.examples.demo import world
from helpdesk.examples.demo.ticket_rows import Author
from helpdesk.orders.order_input import NewLine, NewOrder

#: Names and prices in cents of what is sold.
ARTICLES = (
    ("City bike “Lisbonne”", 64_900),
    ("Folding bike “Pliant”", 89_000),
    ("Brake pads", 1_250),
    ("Chain, 8 speeds", 1_890),
    ("Bell", 890),
    ("Saddle bag", 3_490),
    ("Front light", 2_795),
    ("Helmet, size M", 5_900),
    ("Inner tube 28″", 690),
)
STATUSES = {
    "en": ("Paid", "Shipped", "Delivered", "Delivered", "Returned"),
    "fr": ("Payée", "Expédiée", "Livrée", "Livrée", "Retournée"),
}
#: Customers who have orders, at most: a desk of a million tickets needs no more to try.
MOST = 2_000


def fill(authors: Sequence[Author], seed: int, now: datetime) -> None:
    """Store orders for these customers, with random numbers of their own: the tickets of a seed do not change."""
    rng = Random(f"orders {seed}")
    new_orders: list[NewOrder] = []
    for author in authors[:MOST]:
        for _step in range(rng.choice((0, 0, 1, 1, 2, 4))):
            new_orders.append(_order(author, 10_250 + len(new_orders), rng, now))
    orders.store(new_orders, at=now)


def _order(author: Author, number: int, rng: Random, now: datetime) -> NewOrder:
    articles = rng.sample(ARTICLES, rng.randint(1, 3))
    lines = tuple(NewLine(name, rng.choice((1, 1, 1, 2)), price) for name, price in articles)
    placed = now.replace(microsecond=0) - timedelta(minutes=rng.randint(600, 400 * 24 * 60))
    return NewOrder(
        shop="Web",
        number=f"W-{number}",
        email=author.email,
        placed_at=placed,
        total=sum(line.quantity * line.price for line in lines),
        currency="EUR",
        status=rng.choice(STATUSES[author.locale]),
        url=f"https://shop.{world.DOMAIN}/orders/W-{number}",
        lines=lines,
    )
