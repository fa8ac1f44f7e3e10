"""Bodies of requests and answers: JSON read strictly, orders written in the form in which they are read."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NoReturn

from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.orders import money
from models import Order, OrderLine

FIELDS = frozenset({"email", "date", "total", "currency", "status", "url", "lines"})


def order_values(data: bytes, shop: str, number: str) -> dict[str, Any]:
    """Return the values of the order in a body. Raises InvalidInput for a body that is no object or an unknown field.

    Missing lines mean no lines: the body is the whole order.
    """
    body = _object(data)
    path = {"shop": shop, "number": number}
    for name, value in body.items():
        if name in path and value != path[name]:
            raise InvalidInput(lazy("This differs from the address."), field=name)
        if name not in path and name not in FIELDS:
            raise InvalidInput(lazy("This field is not known."), field=name[:60])
    return {**body, **path, "lines": body.get("lines") or []}


def _object(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data.decode("utf-8"), parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise InvalidInput(lazy("The body is not JSON in UTF-8.")) from error
    if not isinstance(body, dict):
        raise InvalidInput(lazy("The body must be one JSON object."))
    return body


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def order_body(order: Order) -> dict[str, Any]:
    """Return an order as a body that could be sent to the API again."""
    return {
        "shop": order.shop,
        "number": order.number,
        "email": order.email,
        "date": f"{order.placed_at.isoformat(timespec='seconds')}Z",
        "total": money.plain(order.total, order.currency),
        "currency": order.currency,
        "status": order.status,
        "url": order.url,
        "lines": [
            {"name": line.name, "quantity": line.quantity, "price": money.plain(line.price, order.currency)}
            for line in order.lines.order_by(OrderLine.position)
        ],
    }
