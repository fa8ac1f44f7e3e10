"""Checking values of forms and normalising them to the form in which they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from database import Base, Label
from helpdesk import erased_marks
from helpdesk.errors import InvalidInput
from helpdesk.i18n import LANGUAGES, lazy, zones
from helpdesk.lib import control_characters


def one_line(value: Any, length: int) -> str:
    """Return a text on one line, without control characters, cut to `length`; empty when nothing of it can be seen."""
    # A NUL ends a text where it comes from: it parts words.
    return erased_marks.disarmed(control_characters.one_line(str(value or "").replace("\0", " ")))[:length].strip()


def lines(value: Any) -> str:
    """Return a text of several lines without control characters; empty when it shows nothing."""
    text = control_characters.removed(str(value or "")).strip()
    return text if control_characters.one_line(text) else ""


def required(value: Any, field: str, length: int = 120) -> str:
    """Return a text on one line. Raises InvalidInput at `field` when it is empty."""
    text = one_line(value, length)
    if not text:
        raise InvalidInput(lazy("This field is required."), field=field)
    return text


def label(value: Any, field: str, length: int = 120) -> Label:
    """Return one text per language, each on one line and cut to `length`. Raises InvalidInput when all are empty."""
    values = value if isinstance(value, Mapping) else {}
    texts = {code: one_line(values.get(code), length) for code in LANGUAGES}
    if not any(texts.values()):
        raise InvalidInput(lazy("Write it in one language at least."), field=field)
    return Label({code: text for code, text in texts.items() if text})


def row_key(text: str) -> int | None:
    """Return the id in a text of digits, or None for a text that cannot be an id on either engine."""
    key = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
    return key if key is not None and fits(key) else None


def fits(key: int) -> bool:
    """Whether a number can be an id: within 64 bits and not negative."""
    return 0 <= key < 2**63


def find_row(model: type[Base], value: Any, field: str) -> Any:
    """Return the row of `model` that a form chose (a row, an id; None if empty). Raises InvalidInput at `field`."""
    if value is None or value == "":
        return None
    key = value.id if isinstance(value, model) else row_key(str(value))
    row = model.get_or_none(model.id == key) if key is not None else None
    if row is None:
        raise InvalidInput(lazy("Choose one from the list."), field=field)
    return row


def language(value: Any, field: str = "locale") -> str | None:
    """Return the code of a language of the desk, or None (the desk's own) for an empty one. Raises InvalidInput."""
    if value and value not in LANGUAGES:
        raise InvalidInput(lazy("Choose one from the list."), field=field)
    return str(value) if value else None


def timezone(value: Any, field: str = "timezone") -> str | None:
    """Return the name of a time zone, or None (the desk's own) for an empty one. Raises InvalidInput."""
    if value and value not in zones():
        raise InvalidInput(lazy("This time zone is not known. Example: Europe/Paris."), field=field)
    return str(value) if value else None


def set_attributes(row: Base, values: Mapping[str, Any]) -> None:
    """Set checked values as attributes of a row; the caller saves it."""
    for key, value in values.items():
        setattr(row, key, value)
