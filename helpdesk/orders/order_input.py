"""An order as a shop or a file sends it: every value checked and normalised to its stored form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from helpdesk import i18n
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import email_syntax, inputs
from helpdesk.orders import money

MAX_LINES = 200
MAX_SHOP = MAX_NUMBER = MAX_STATUS = 60
MAX_NAME, MAX_URL, MAX_QUANTITY = 200, 1000, 1_000_000


#: The time, in the desk’s zone, with which a date without a time is stored.
NOON = time(12)


@dataclass(frozen=True)
class NewLine:
    """One line of an order: the article's name, the quantity, and the unit price in the smallest unit of currency."""

    name: str
    quantity: int
    price: int


@dataclass(frozen=True)
class NewOrder:
    """A checked order; `placed_at` is naive UTC, `total` in the smallest unit. `lines` None keeps the stored ones."""

    shop: str
    number: str
    email: str
    placed_at: datetime
    total: int
    currency: str
    status: str = ""
    url: str = ""
    lines: tuple[NewLine, ...] | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What identifies the order."""
        return self.shop, self.number


def read(values: Mapping[str, Any]) -> NewOrder:
    """Check ``shop``, ``number``, ``email``, ``date``, ``total``, ``currency``, ``status``, ``url`` and ``lines``.

    Raises InvalidInput at the field that is wrong (``lines[0].price``).
    """
    shop, number = _text(values, "shop", MAX_SHOP), _text(values, "number", MAX_NUMBER)
    email = email_syntax.normalise(_text(values, "email", 1_000))
    placed_at = parse_time(_text(values, "date", 60))
    currency = money.currency(_required(values, "currency"))
    total = money.in_smallest_unit(_required(values, "total"), currency, "total")
    if total < 0:
        raise InvalidInput(money.NO_AMOUNT, field="total")
    status = _text(values, "status", MAX_STATUS, needed=False)
    url = _url(_text(values, "url", MAX_URL, needed=False))
    lines_value = values.get("lines")
    lines = None if lines_value is None else _lines(lines_value, currency)
    return NewOrder(shop, number, email, placed_at, total, currency, status, url, lines)


def parse_time(text: str, field: str = "date") -> datetime:
    """Return the naive UTC time of ``2026-03-31``, ``2026-03-31T14:30:00+02:00`` or ``31/03/2026``.

    A time without an offset is in the desk's time zone; a date alone means noon. Raises InvalidInput at `field`.
    """
    try:
        when = _day_first(text) or datetime.fromisoformat(text)
        if not 1970 <= when.year <= 2100:
            raise ValueError(text)
    except ValueError as error:
        message = lazy("This is not a date. Examples: 2026-03-31, 2026-03-31T14:30:00+02:00.")
        raise InvalidInput(message, field=field) from error
    if when.time() == time() and ":" not in text and "T" not in text:
        when = datetime.combine(when, NOON)
    if when.tzinfo is None:
        when = when.replace(tzinfo=ZoneInfo(i18n.zone(None)))
    return when.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def day_or_time(when: datetime) -> str:
    """Return the text of an order's date (naive UTC), without the time when it is the noon of a date alone."""
    zone = i18n.zone(None)
    at = when.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    return i18n.when(when, "d MMM y", timezone=zone) if at.time() == NOON else i18n.when(when)


def to_text(when: datetime) -> str:
    """Return an order's date (naive UTC) as `parse_time` reads it: a date alone, or a time with its offset."""
    at = when.replace(tzinfo=UTC).astimezone(ZoneInfo(i18n.zone(None)))
    return at.date().isoformat() if at.time() == NOON else at.isoformat()


def _day_first(text: str) -> datetime | None:
    day, _space, clock_time = text.replace(".", "/").partition(" ")
    parts = day.split("/")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    iso = f"{parts[2].zfill(4)}-{parts[1].zfill(2)}-{parts[0].zfill(2)}"
    return datetime.fromisoformat(f"{iso} {clock_time}" if clock_time else iso)


def _required(values: Mapping[str, Any], field: str) -> Any:
    value = values.get(field)
    if value is None or value == "":
        raise InvalidInput(lazy("This field is required."), field=field)
    return value


def _text(values: Mapping[str, Any], field: str, limit: int, *, needed: bool = True, at: str = "") -> str:
    value = values.get(field)
    if value is not None and not isinstance(value, str):
        raise InvalidInput(lazy("This must be a text."), field=f"{at}{field}")
    if value is not None and len(value) > limit:
        raise InvalidInput(lazy("At most %(limit)s characters.", limit=limit), field=f"{at}{field}")
    text = inputs.one_line(value, limit)
    if needed and not text:
        raise InvalidInput(lazy("This field is required."), field=f"{at}{field}")
    return text


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in text
    except ValueError:
        usable = False
    if text and not usable:
        raise InvalidInput(lazy("Write an address that begins with https:// or http://."), field="url")
    return text


def _lines(value: Any, currency: str) -> tuple[NewLine, ...]:
    if not isinstance(value, list | tuple):
        raise InvalidInput(lazy("This must be a list."), field="lines")
    if len(value) > MAX_LINES:
        raise InvalidInput(lazy("An order has %(max)d lines at most.", max=MAX_LINES), field="lines")
    return tuple(_line(line, currency, f"lines[{position}]") for position, line in enumerate(value))


def _line(value: Any, currency: str, at: str) -> NewLine:
    if not isinstance(value, Mapping):
        raise InvalidInput(lazy("A line has a name, a quantity and a price."), field=at)
    unknown = sorted(str(name) for name in set(value) - {"name", "quantity", "price"})
    if unknown:
        raise InvalidInput(lazy("This field is not known."), field=f"{at}.{unknown[0]}"[:120])
    name = _text(value, "name", MAX_NAME, at=f"{at}.")
    quantity = value.get("quantity", 1)
    if not isinstance(quantity, int) or isinstance(quantity, bool) or not 1 <= quantity <= MAX_QUANTITY:
        raise InvalidInput(lazy("This must be a whole number from 1."), field=f"{at}.quantity")
    return NewLine(name, quantity, money.in_smallest_unit(value.get("price"), currency, f"{at}.price"))
