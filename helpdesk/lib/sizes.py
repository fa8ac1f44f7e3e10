"""Sizes of files, and of the room for many of them, as an owner writes them: a number of bytes, or of K, M, G or T."""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpdesk import i18n
from helpdesk.errors import InvalidInput
from helpdesk.i18n import lazy

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
#: The largest size that may be asked for, in bytes: the web server takes no larger request.
LARGEST = UNITS["G"]
#: The most room for many files that may be asked for.
LARGEST_ROOM = 1000 * UNITS["T"]


@dataclass(frozen=True)
class Size:
    """A number of bytes in a message, written in the reader's language when the message is shown."""

    count: int

    def __str__(self) -> str:
        return i18n.size(self.count)


def parse_room(text: str) -> int:
    """Return the bytes of a text such as ``500M``, ``20G`` or ``2T``. Raises InvalidInput."""
    match = re.fullmatch(r"([0-9]{1,6}) ?([MGT])[Bo]?", text.strip(), re.IGNORECASE)
    count = int(match[1]) * UNITS[match[2].upper()] if match else 0
    if not 0 < count <= LARGEST_ROOM:
        raise InvalidInput(lazy("Expected a number with M, G or T. Example: 20G."))
    return count


def parse(text: str) -> int:
    """Return the bytes of a text such as ``500``, ``300K``, ``2M`` or ``1G``. Raises InvalidInput."""
    match = re.fullmatch(r"([0-9]{1,12}) ?([KMG]?)[Bo]?", text.strip(), re.IGNORECASE)
    count = int(match[1]) * UNITS[match[2].upper()] if match else 0
    if not 0 < count <= LARGEST:
        raise InvalidInput(lazy("Expected bytes, or a number with K, M or G, up to 1G. Example: 2M."))
    return count
