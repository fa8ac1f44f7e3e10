"""Since when a ticket is without reply, waiting, assigned or open: pure functions of its history.

Each clock runs in stretches; the last one has no end while it still runs. A ticket is without reply from the oldest
message that nobody answered; it waits for its customer from the last message or status; it is assigned from when who
has it got it; it is open from its opening, or since it was opened again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from helpdesk.due_times.keeping import CATEGORIES, category_of
from helpdesk.events import EventKind
from models import CLOSED, OPEN, PENDING, TicketEvent

MESSAGES = frozenset({EventKind.OPENED, EventKind.CUSTOMER_WROTE, EventKind.NOT_RESOLVED})
REPLIES = frozenset({EventKind.REPLIED, EventKind.SENT_ELSEWHERE})
GIVING = frozenset({EventKind.ASSIGNED, EventKind.TAKEN, EventKind.TRANSFERRED})
#: What may set or stop a clock.
KINDS = frozenset({*CATEGORIES, *GIVING, EventKind.UNASSIGNED, EventKind.STATUS, EventKind.UNDONE, EventKind.MERGED})
#: What may set each clock: where in the histories its tickets are looked for.
STARTS: dict[str, frozenset[EventKind]] = {
    "unanswered": MESSAGES,
    "waiting": REPLIES | {EventKind.STATUS, EventKind.UNDONE, EventKind.MERGED},
    "assigned": GIVING | {EventKind.REPLIED, EventKind.UNDONE},
    "open": MESSAGES | {EventKind.REOPENED, EventKind.STATUS},
}


class Step(NamedTuple):
    """A line of a ticket's history, as far as clocks depend on it."""

    kind: EventKind
    at: datetime
    #: The category of the status it set; empty where it set none.
    category: str
    by_agent: bool
    #: Why it happened, where the line says so.
    why: str


class Stretch(NamedTuple):
    """When a clock ran; without an end, it still does."""

    start: datetime
    end: datetime | None


class _Running:
    """The stretches of one clock, step by step."""

    def __init__(self) -> None:
        self.stretches: list[Stretch] = []

    @property
    def runs(self) -> bool:
        return bool(self.stretches) and self.stretches[-1].end is None

    def start(self, at: datetime) -> None:
        if not self.runs:
            self.stretches.append(Stretch(at, None))

    def stop(self, at: datetime) -> None:
        if self.runs:
            self.stretches[-1] = Stretch(self.stretches[-1].start, at)

    def restart(self, at: datetime) -> None:
        self.stop(at)
        self.start(at)


def _unanswered(clock: _Running, step: Step) -> None:
    if step.kind in MESSAGES:
        clock.start(step.at)
    elif step.category in {PENDING, CLOSED}:
        clock.stop(step.at)


def _waiting(clock: _Running, step: Step) -> None:
    if step.category == PENDING:
        clock.restart(step.at)
    elif step.category:
        clock.stop(step.at)


def _assigned(clock: _Running, step: Step) -> None:
    if step.kind in GIVING or step.why == "back-assign":
        clock.restart(step.at)
    elif step.kind is EventKind.UNASSIGNED or step.why == "back-nobody":
        clock.stop(step.at)
    elif step.kind is EventKind.REPLIED and step.by_agent:
        # A reply takes a ticket that nobody has.
        clock.start(step.at)


def _open(clock: _Running, step: Step) -> None:
    if step.category == CLOSED:
        clock.stop(step.at)
    elif step.category in {OPEN, PENDING}:
        clock.start(step.at)


_CLOCKS: dict[str, Callable[[_Running, Step], None]] = {
    "unanswered": _unanswered,
    "waiting": _waiting,
    "assigned": _assigned,
    "open": _open,
}


def stretches(clock: str, steps: Iterable[Step]) -> list[Stretch]:
    """Return when a clock ran in a ticket with this history."""
    running = _Running()
    for step in steps:
        _CLOCKS[clock](running, step)
    return running.stretches


def histories(ids: Collection[int]) -> dict[int, list[Step]]:
    """Return what the histories of these tickets say of clocks, by the tickets' ids; one query."""
    events = TicketEvent.select(
        *(TicketEvent.ticket, TicketEvent.kind, TicketEvent.created_at, TicketEvent.agent, TicketEvent.data)
    )
    mine = events.where(TicketEvent.ticket.in_(list(ids)), TicketEvent.kind.in_([kind.value for kind in KINDS]))
    steps: dict[int, list[Step]] = {}
    for key, kind, at, agent, data in mine.order_by(TicketEvent.created_at, TicketEvent.id).tuples() if ids else ():
        steps.setdefault(key, []).append(_step(EventKind(kind), at, agent, data))
    return steps


def _step(kind: EventKind, at: datetime, agent: int | None, data: dict[str, Any]) -> Step:
    # An undo that gives several things back says by itself what became of who has the ticket.
    why = data.get("holder") or data.get("why", "")
    return Step(kind, at, CATEGORIES.get(kind, "") or category_of(kind, data), agent is not None, why)
