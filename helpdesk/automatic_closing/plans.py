"""When a ticket is closed by itself, worked out from its history: a pure function of it, a row and a calendar.

Days count from the last message of either side, or from when the ticket got its status, or woke, if that was later.
What the team notes, tags, moves and assigns does not count. A ticket is announced to its customer before it is closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from helpdesk.events import EventKind
from helpdesk.opening_hours.arithmetic import Calendar, add_open_days
from models import AutomaticClosing

#: What days count from: messages, a status, and what brings a ticket back or makes another one of it.
BEGINNINGS = frozenset(
    {
        *(EventKind.OPENED, EventKind.CUSTOMER_WROTE, EventKind.REPLIED, EventKind.SENT_ELSEWHERE),
        *(EventKind.STRANGER_WROTE, EventKind.STATUS, EventKind.REOPENED, EventKind.NOT_RESOLVED, EventKind.WOKEN),
        *(EventKind.NOT_SPAM, EventKind.RESTORED, EventKind.MERGED, EventKind.MERGE_UNDONE, EventKind.TAKEN_OUT),
        *(EventKind.SPLIT, EventKind.SPLIT_OFF, EventKind.SPLIT_UNDONE, EventKind.CUSTOMER_CHANGED),
    }
)
#: What else a ticket may be given back by an undo: days go on counting.
IDLE_UNDOS = frozenset({"back-assign", "back-nobody", "back-priority"})
#: What brings a ticket under a row, maybe long after the day that its customer was told.
ENTRIES = frozenset({EventKind.MOVED, EventKind.CLOSING_ALLOWED})
#: The lines that a plan is worked out from.
KINDS = (*BEGINNINGS, *ENTRIES, EventKind.UNDONE, EventKind.CLOSING_ANNOUNCED, EventKind.NOT_CLOSED)

#: The reason of such a closing, as the history says it.
WHY = "no-message"


class Line(NamedTuple):
    """A line of a ticket's history."""

    kind: EventKind
    at: datetime
    data: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What becomes of a ticket: since when days count, when it is closed, and when the next thing is done to that end.

    `mail` is the id of the e-mail that announced it; None before that.
    """

    since: datetime
    closes_at: datetime
    step_at: datetime
    is_announced: bool = False
    mail: int | None = None


def _begins(line: Line) -> bool:
    if line.kind is EventKind.UNDONE:
        return line.data.get("why") not in IDLE_UNDOS
    return line.kind in BEGINNINGS


def _spell(lines: list[Line]) -> list[Line]:
    """Return a ticket's lines, in their order, from the one on that its days count from; none without one."""
    begun = next((index for index in range(len(lines) - 1, -1, -1) if _begins(lines[index])), len(lines))
    return lines[begun:]


def due(lines: list[Line], row: AutomaticClosing, calendar: Calendar) -> datetime | None:
    """Return when a ticket of this history would be closed by a row, if it is announced in time; None never."""
    spell = _spell(lines)
    return add_open_days(calendar, spell[0].at, row.after_days) if spell else None


def plan(lines: list[Line], row: AutomaticClosing, calendar: Calendar, now: datetime) -> Plan | None:
    """Return what becomes of a ticket of this history by a row that is on; None where it is left alone."""
    spell, closes = _spell(lines), due(lines, row, calendar)
    if closes is None or any(line.kind is EventKind.NOT_CLOSED for line in spell):
        return None
    start, announced = spell[0].at, _announcement(spell, row)
    if announced is not None:
        # What the customer was told holds, also where somebody has shortened the time since.
        closes = max(closes, _until(announced))
        return Plan(start, closes, closes, is_announced=True, mail=announced.data.get("mail"))
    if _is_older(closes, row):
        return None
    step = add_open_days(calendar, start, row.after_days - row.warning_days) or closes
    return Plan(start, max(closes, announcing_until(row, calendar, max(step, now)) or closes), step)


def _announcement(spell: list[Line], row: AutomaticClosing) -> Line | None:
    """Return the line that says what the customer was told; None without one, and once that is void.

    The day it named passed, and nothing was closed: the row was off, the ticket kept open or in another place. What
    comes back later is announced anew.
    """
    announced = next((line for line in reversed(spell) if line.kind is EventKind.CLOSING_ANNOUNCED), None)
    entries = [line.at for line in spell if line.kind in ENTRIES] + ([row.acts_from] if row.acts_from else [])
    if announced is None or any(at >= _until(announced) for at in entries):
        return None
    return announced


def _until(announced: Line) -> datetime:
    return datetime.fromisoformat(announced.data["until"])


def is_left_alone(lines: list[Line], row: AutomaticClosing, calendar: Calendar) -> bool:
    """Whether a ticket was due before a row that is on was switched on, and nobody has included such tickets."""
    spell, closes = _spell(lines), due(lines, row, calendar)
    begun = any(line.kind is EventKind.NOT_CLOSED for line in spell) or _announcement(spell, row) is not None
    return closes is not None and not begun and _is_older(closes, row)


def _is_older(closes: datetime, row: AutomaticClosing) -> bool:
    return row.acts_from is not None and closes <= row.acts_from and not row.includes_older


def announcing_until(row: AutomaticClosing, calendar: Calendar, moment: datetime) -> datetime | None:
    """Return when a ticket may be closed that is announced at this moment."""
    return add_open_days(calendar, moment, row.warning_days)
