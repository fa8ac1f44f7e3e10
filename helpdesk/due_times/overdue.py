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
from helpdesk.locking import lock_all
from helpdesk.settings import lookups, run_state
from models import LIVE, Priority, Ticket

#: Where it is remembered up to which moment, and to which ticket of it, due times that have passed were looked at.
STATE = "overdue_until"
#: Tickets of one transaction, and of one run.
AT_ONCE, MOST = 200, 10_000
#: Behind the last ticket of a moment.
LAST = 2**63 - 1


def rank(priority: Priority, *, is_overdue: bool = False) -> int:
    """Return a ticket's place in the order by priority: it ascends, so the heaviest stands first."""
    return -2 * int(priority.weight) - is_overdue


def rank_of(ticket: Ticket, due: datetime) -> int:
    """Return the rank of a ticket that is due then."""
    priority = lookups.priority(ticket.priority_id) or ticket.priority
    return rank(priority, is_overdue=bool(settings.get("overdue_first")) and due <= clock.now())


def mark() -> int:
    """Let tickets whose due time has passed since the last run stand first, where that is switched on; return how many.

    What is left after so many follows in the next run, from where this one stopped. A clock that was set back is no
    matter: what is due at a time that has not come stands first until it is.
    """
    if not rules.exist() or not settings.get("overdue_first"):
        return 0
    now = clock.now()
    (since, last), count = _begun(now), 0
    while count < MOST:
        some = list(_passed(since, last, now).limit(AT_ONCE).tuples())
        if not some:
            since, last = now, LAST
            break
        twice_at_most(partial(_mark, [key for key, _due in some], now))
        count, (last, since) = count + len(some), some[-1]
    run_state.write(STATE, {"until": since.isoformat(), "ticket": last})
    return count


def _begun(now: datetime) -> tuple[datetime, int]:
    """Return up to which due time, and which ticket of that time, everything was looked at."""
    state = run_state.read(STATE)
    if not isinstance(state, dict):
        # Nothing was, or an older version noted the time alone.
        state = {"until": state or datetime.min.isoformat(), "ticket": LAST}
    since = datetime.fromisoformat(state["until"])
    return (since, int(state["ticket"])) if since <= now else (now, LAST)


def _passed(since: datetime, last: int, now: datetime) -> ModelSelect:
    """Return the tickets whose due time passed between two moments, in order, and that do not stand first yet."""
    rows = Ticket.select(Ticket.id, Ticket.due_at).where(
        LIVE, Ticket.due_at >= since, Ticket.due_at <= now, SQL("rank & 1 = 0"),
        (Ticket.due_at > since) | (Ticket.id > last),
    )  # fmt: skip
    return rows.order_by(Ticket.due_at, Ticket.id)


def _mark(ids: list[int], now: datetime) -> None:
    with transaction():
        lock_all(Ticket.select().where(Ticket.id.in_(ids)))
        # Somebody may have answered since, or another host have marked it.
        still = Ticket.update(rank=Ticket.rank - 1).where(Ticket.id.in_(ids), LIVE, Ticket.due_at <= now)
        still.where(SQL("rank & 1 = 0")).execute()


def clear() -> None:
    """Let no ticket stand first any more, nor once it wakes: there are no due times."""
    for state in (LIVE, SQL("is_snoozed")):
        Ticket.update(rank=Ticket.rank + 1).where(state, SQL("rank & 1 = 1")).execute()
    run_state.forget(STATE)
