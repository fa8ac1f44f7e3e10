"""Amounts of orders: parsed exactly, stored in the smallest unit of their currency, shown in the reader's language."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.numbers import format_currency, get_currency_precision, list_currencies

from helpdesk import i18n
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy

#: The most digits of a price before and after the decimal point.
LONGEST, FINEST = 12, 12
PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")
#: What separates thousands in a file, besides point and comma.
SPACES = re.compile(r"[\s'’\u00a0\u202f]")
NO_AMOUNT = lazy("This is not an amount. Example: 129.90.")


def currency(value: Any, field: str = "currency") -> str:
    """Return the code of a currency. Raises InvalidInput at `field`."""
    code = value.strip().upper() if isinstance(value, str) else ""
    if code not in list_currencies("en"):
        raise InvalidInput(lazy("This is not the code of a currency. Example: EUR."), field=field)
    return code


def in_smallest_unit(value: Any, code: str, field: str) -> int:
    """Return an amount (a whole or decimal number, or its text with a point) in the smallest unit of `code`.

    Raises InvalidInput at `field`.
    """
    amount = _decimal(value, field)
    places = get_currency_precision(code)
    if abs(amount) >= Decimal(10) ** LONGEST:
        raise InvalidInput(lazy("This amount is too large."), field=field)
    scaled = amount.scaleb(places)
    if scaled != scaled.to_integral_value():
        text = lazy("Amounts in %(currency)s have %(places)d decimals at most.", currency=code, places=places)
        raise InvalidInput(text, field=field)
    return int(scaled)


def _decimal(value: Any, field: str) -> Decimal:
    if isinstance(value, str) and len(value) <= LONGEST + FINEST + 2 and PLAIN.fullmatch(value.strip()):
        return Decimal(value.strip())
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(min(max(value, -(10**LONGEST)), 10**LONGEST))
    if isinstance(value, Decimal) and value.is_finite() and _is_short(value):
        return value
    raise InvalidInput(NO_AMOUNT, field=field)


def _is_short(value: Decimal) -> bool:
    """Whether the number has few digits when written out: 1e999999999 would fill the memory."""
    return -FINEST <= value.adjusted() <= LONGEST and len(value.as_tuple().digits) <= LONGEST + FINEST


def decimal_text(text: str, code: str, field: str) -> str:
    """Return a spreadsheet's amount with a decimal point: ``1 234,50``, ``1,234.50`` and ``12,5 €`` are understood.

    `code` is the currency. Raises InvalidInput at `field` where a point or comma could mean two things.
    """
    bare = SPACES.sub("", text).strip("€$£")
    marks = sorted({mark for mark in bare if mark in ",."}, key=bare.rindex)
    if not marks:
        return bare
    last = marks[-1]
    if len(marks) == 2:
        return bare.replace(marks[0], "").replace(last, ".")
    if bare.count(last) > 1:
        return bare.replace(last, "") if re.fullmatch(r"-?\d{1,3}([,.]\d{3})+", bare) else bare
    if re.fullmatch(r"-?[1-9]\d{0,2}[,.]\d{3}", bare) and get_currency_precision(code) != 3:
        raise InvalidInput(lazy("This amount can be read in two ways. Write 1234.00 for thousands."), field=field)
    return bare.replace(last, ".")


def format_amount(amount: int, code: str) -> str:
    """Return an amount (in the smallest unit of the currency `code`) in the reader's language: €129.90, 129,90 €."""
    return _formatted(amount, code, i18n.language())


@lru_cache(maxsize=2_048)
def _formatted(amount: int, code: str, language: str) -> str:
    return str(format_currency(_scaled(amount, code), code, locale=language))


def plain(amount: int, code: str) -> str:
    """Return an amount (in the smallest unit of the currency `code`) for programs: 129.90."""
    return f"{_scaled(amount, code):f}"


def for_spreadsheets(amount: int, code: str) -> str:
    """Return an amount (in the smallest unit of the currency `code`) with the reader's decimal mark alone: 1234,50."""
    return plain(amount, code).replace(".", i18n.decimal_mark())


def _scaled(amount: int, code: str) -> Decimal:
    return Decimal(amount).scaleb(-get_currency_precision(code))
