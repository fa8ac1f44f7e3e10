"""Reading the journal: its own lines and the histories of tickets, newest first, each stored once.

What happens to a ticket is a row of `TicketEvent` and goes with the ticket; only what outlives it is a line of the
journal too (`journal.OUTLIVING`). Both are read by their time, page by page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import SQL, Expression, ModelSelect, fn

from helpdesk import clock, settings
from helpdesk.journal import OUTLIVING, ticket_line
from helpdesk.journal_acts import Act
from helpdesk.journal_search import Subjects
from helpdesk.journal_texts import ACTIVITY, DELETED, SETTINGS
from helpdesk.lib import paging
from helpdesk.lib.paging import Key, Order
from models import DELETIONS, NOTE_DELETIONS, JournalEntry, Ticket, TicketEvent

#: Where a line stands among those of the same moment: by what it is stored as, then by id.
EVENT, ENTRY = 0, 1
#: Times that the log was switched off and on, of which the newest are looked at.
SWITCHES = 200

_KEY = Order((JournalEntry.created_at, JournalEntry.id, JournalEntry.id))


@dataclass(frozen=True)
class Wanted:
    """Which lines are asked for; times are naive UTC, `until` is not included.

    `kind` may be `DELETED`: what was deleted, of any kind. `subjects` are what somebody searches.
    """

    kind: str = ""
    agent_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    subjects: Subjects | None = None


def entries(wanted: Wanted, *, before: Key | None = None, limit: int = 50) -> list[JournalEntry]:
    """Return up to `limit` lines, newest first; `before` is the key of the last line of the page before.

    What happened to a ticket comes as a line that is stored nowhere.
    """
    lines: list[JournalEntry] = []
    for one in _searches(_of_entries, wanted):
        lines.extend(own_lines(wanted, before, one).limit(limit))
    if wanted.kind in {"", ACTIVITY, DELETED}:
        for one in _searches(_of_events, wanted):
            lines += [ticket_line(event) for event in _events(wanted, before, limit, one)]
    # A line may be about somebody and by them.
    return sorted({key_of(line): line for line in lines}.values(), key=key_of, reverse=True)[:limit]


def _searches(conditions: Callable[[Subjects], list[Expression]], wanted: Wanted) -> list[Expression | None]:
    """Return the conditions of a search, each of which is read by its own index; one, which is none, without it."""
    return [*conditions(wanted.subjects)] if wanted.subjects is not None else [None]


def _of_entries(subjects: Subjects) -> list[Expression]:
    gone = JournalEntry.agent.is_null() & SQL("actor_name <> ''")
    return [
        *(JournalEntry.about == text for text in subjects.about),
        *(JournalEntry.agent == key for key in subjects.agents),
        *((JournalEntry.actor_name == name) & gone for name in subjects.names),
    ]


def _of_events(subjects: Subjects) -> list[Expression]:
    gone = TicketEvent.agent.is_null() & TicketEvent.customer.is_null() & SQL("actor_name <> ''")
    return [
        *(TicketEvent.ticket == key for key in subjects.tickets),
        *(TicketEvent.agent == key for key in subjects.agents),
        *(TicketEvent.customer == key for key in subjects.customers),
        *((TicketEvent.actor_name == name) & gone for name in subjects.names),
    ]


def key_of(line: JournalEntry) -> Key:
    """Return where a line stands, for the page that begins after it."""
    event = getattr(line, "event", None)
    return (line.created_at, ENTRY, line.id) if event is None else (line.created_at, EVENT, event.id)


def read_key(text: str) -> Key | None:
    """Read the key of a line from an address; None for anything else."""
    return _KEY.read(text)


def write_key(line: JournalEntry) -> str:
    """Write the key of a line as it stands in addresses."""
    return paging.pack(key_of(line))


def own_lines(wanted: Wanted, before: Key | None, search: Expression | None = None) -> ModelSelect:
    """Return the query of the journal's own lines, in their order; of one condition of a search."""
    query = JournalEntry.select()
    if search is not None:
        query = query.where(search)
    if wanted.kind == DELETED:
        query = query.where(DELETIONS)
    elif wanted.kind:
        # With whoever acted, the kind has an index of its own.
        is_beside = search is not None and search.lhs is not JournalEntry.agent
        query = query.where(_is(JournalEntry.kind, wanted.kind, is_beside))
    return _narrowed(query, JournalEntry, wanted, [wanted.since], [_bound(ENTRY, before), (wanted.until, 0)])


def _events(wanted: Wanted, before: Key | None, limit: int, search: Expression | None = None) -> list[TicketEvent]:
    found: list[TicketEvent] = []
    for start, end in logged_times():
        if len(found) < limit and start < end:
            found.extend(events_of(wanted, before, start, end, search).limit(limit - len(found)))
    return found


def events_of(
    wanted: Wanted, before: Key | None, start: datetime, end: datetime, search: Expression | None = None
) -> ModelSelect:
    """Return the query of what happened to tickets between two moments, in its order; of one condition of a search."""
    query = TicketEvent.select(TicketEvent, Ticket.number).join(Ticket)
    query = query.where(TicketEvent.kind.not_in(sorted(OUTLIVING)) if wanted.kind != DELETED else NOTE_DELETIONS)
    if search is not None:
        query = query.where(search)
    bounds = [_bound(EVENT, before), (wanted.until, 0), (end, 0)]
    return _narrowed(query, TicketEvent, wanted, [wanted.since, start], bounds)


Bound = tuple[datetime | None, int]


def _bound(place: int, key: Key | None) -> Bound:
    """Return time and id before which the rows of one table stand after a line that may be of the other."""
    if key is None:
        return None, 0
    moment, place_of_key, number = key
    if place != place_of_key:
        number = 2**63 - 1 if place < place_of_key else 0  # type: ignore[operator]
    return moment, number  # type: ignore[return-value]


def _is(column: Any, value: Any, is_beside: bool) -> Expression:
    """Return the condition that a column has a value; one beside an index of its own leaves that index alone."""
    return fn.COALESCE(column, 0 if isinstance(value, int) else "") == value if is_beside else column == value


def _narrowed(
    query: ModelSelect, table: Any, wanted: Wanted, since: Sequence[datetime | None], before: Sequence[Bound]
) -> ModelSelect:
    """Narrow to a person and to a range of time, and put into order.

    Of several ends the innermost one alone is asked for: by another, SQLite would read all that stands before it.
    """
    order = Order((table.created_at, table.id), descending=True)
    if wanted.agent_id is not None:
        query = query.where(_is(table.agent, wanted.agent_id, wanted.subjects is not None or wanted.kind == DELETED))
    starts, ends = [start for start in since if start is not None], [end for end in before if end[0] is not None]
    if starts:
        query = query.where(table.created_at >= max(starts))
    if ends:
        query = query.where(order.beyond(min(ends)))
    return query.order_by(*order.terms())


def oldest() -> datetime:
    """Return the moment before which the journal keeps nothing."""
    return clock.now() - timedelta(days=settings.get("journal_days"))


def logged_times() -> list[tuple[datetime, datetime]]:
    """Return from when until when the log of activity was on, newest first, as far back as the journal goes.

    The journal's own lines say when it was switched. A range each, for a list that begins behind a long pause at once.
    """
    switched = JournalEntry.select(JournalEntry.created_at, JournalEntry.data).where(
        JournalEntry.kind == SETTINGS, JournalEntry.act == Act.SETTING.value, JournalEntry.subject == "log_enabled"
    )
    first, end = oldest(), datetime.max if settings.get("log_enabled") else None
    times: list[tuple[datetime, datetime]] = []
    for line in switched.order_by(JournalEntry.created_at.desc(), JournalEntry.id.desc()).limit(SWITCHES):
        if not line.data["new"]:
            end = line.created_at
        elif end is not None:
            times.append((max(line.created_at, first), end))
            end = None
    return times if end is None else [*times, (first, end)]


def purge() -> int:
    """Delete the lines older than the setting says; return how many. Histories go with their tickets only."""
    return int(JournalEntry.delete().where(JournalEntry.created_at < oldest()).execute())
