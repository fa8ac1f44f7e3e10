"""Rows that the cells of a list name, as their owners wrote them: folded, in any language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import TypeVar

from database import Label
from helpdesk import folding
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy
from helpdesk.lib import inputs

T = TypeVar("T")
#: Names that a refusal offers (those close to what was written, else of all), and letters of what it repeats.
SUGGESTED, OFFERED, REPEATED = 3, 10, 80


def matches(rows: Iterable[T], text: str, label: Callable[[T], Label]) -> list[T]:
    """Return the rows that are called so in one of their languages."""
    folded = folding.fold(text)
    return [row for row in rows if folded and folded in {folding.fold(one) for one in label(row).values()}]


def find(rows: Sequence[T], text: str, label: Callable[[T], Label], field: str) -> T:
    """Return the one row that is called so. Raises InvalidInput at `field`, naming those there are."""
    called = matches(rows, text, label)
    if len(called) == 1:
        return called[0]
    raise none_or_several(text, [str(label(row)) for row in rows], field, several=bool(called))


def none_or_several(text: str, names: Sequence[str], field: str, *, several: bool) -> InvalidInput:
    """Return the refusal of a name that no row has, or more than one."""
    name = inputs.one_line(text, REPEATED)
    if several:
        return InvalidInput(lazy("More than one is called “%(name)s”.", name=name), field=field)
    if not names:
        return InvalidInput(lazy("Nothing is called “%(name)s”: there is none yet.", name=name), field=field)
    close = get_close_matches(name, names, SUGGESTED)
    if close:
        return InvalidInput(
            lazy("Nothing is called “%(name)s”. Close to it: %(names)s.", name=name, names=", ".join(close)),
            field=field,
        )
    offered = ", ".join(names[:OFFERED])
    if len(names) > OFFERED:
        return InvalidInput(
            lazy("Nothing is called “%(name)s”. There is, for example: %(names)s.", name=name, names=offered),
            field=field,
        )
    return InvalidInput(
        lazy("Nothing is called “%(name)s”. There is: %(names)s.", name=name, names=offered), field=field
    )
