"""Overdue first: the switch by which an overdue ticket stands before the others of its priority (RULES 34).

`Ticket.rank` holds both, so that the lists and their indexes stay as they are: twice the weight, and one more for what
is overdue.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from peewee import SQL, ModelSelect

from helpdesk import clock, settings
from helpdesk.due_times import rules
from helpdesk.events import transaction, twice_at_most
from helpdesk.locking import locked
from helpdesk.settings import lookups, run_state
from models import LIVE, Priority, Ticket

#: Where it is remembered up to which moment due times that have passed were looked at.
STATE = "overdue_until"
#: Tickets of one transaction, and of one run.
AT_ONCE, MOST = 200, 20_000


def rank(priority: Priority, *, is_overdue: bool = False) -> int:
    """Return a ticket's place in the order by priority: it ascends, so the heaviest stands first."""
    return -2 * int(priority.weight) - is_overdue


def rank_of(ticket: Ticket, due: datetime) -> int:
    """Return the rank of a ticket that is due then."""
    priority = lookups.priority(ticket.priority_id) or ticket.priority
    return rank(priority, is_overdue=bool(settings.get("overdue_first")) and due <= clock.now())


def mark() -> int:
    """Let tickets whose due time has passed since the last run stand first, where that is switched on; return how many.

    A clock that was set back is no matter: what is due at a time that has not come stands first until it is.
    """
    if not rules.exist() or not settings.get("overdue_first"):
        return 0
    now, state = clock.now(), run_state.read(STATE)
    since = datetime.fromisoformat(state) if state else datetime.min
    since, count = min(since, now), 0
    while count < MOST:
        query = _passed(since, now).select(Ticket.id, Ticket.due_at).order_by(Ticket.due_at, Ticket.id)
        some = list(query.limit(AT_ONCE).tuples())
        if not some:
            break
        twice_at_most(partial(_mark, [key for key, _due in some], now))
        count += len(some)
    if count < MOST:
        run_state.write(STATE, now.isoformat())
    return count


def _passed(since: datetime, now: datetime) -> ModelSelect:
    """Return the tickets whose due time passed between two moments, and that do not stand first yet."""
    return Ticket.select().where(LIVE, Ticket.due_at > since, Ticket.due_at <= now, SQL("rank & 1 = 0"))


def _mark(ids: list[int], now: datetime) -> None:
    with transaction():
        for ticket in locked(Ticket.select().where(LIVE, Ticket.id.in_(ids), Ticket.due_at <= now)):
            Ticket.update(rank=rank_of(ticket, ticket.due_at)).where(Ticket.id == ticket.id).execute()


def clear() -> None:
    """Let no ticket stand first any more, nor once it wakes: there are no due times."""
    for state in (LIVE, SQL("is_snoozed")):
        Ticket.update(rank=Ticket.rank + 1).where(state, SQL("rank & 1 = 1")).execute()
    run_state.forget(STATE)
