"""Limits on how often something may be tried, counted in the database for all processes of the desk together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from peewee import Case

from helpdesk import clock
from helpdesk.errors import TooMany
from helpdesk.i18n import ngettext
from models import Throttle

#: The longest wait in seconds; a longer one would let a stranger lock somebody out for good.
LONGEST_WAIT = 3600
#: Seconds during which each further block is twice as long as the one before.
MEMORY = 86_400
#: How far the clocks of two hosts may be apart: what was counted later than that was counted by a clock that was wrong.
APART = timedelta(minutes=1)


def hit(key: str, *, limit: int, seconds: int) -> None:
    """Count one try under `key`. Raises TooMany beyond `limit` tries in `seconds`; each block is longer than the last.

    Call it outside a transaction: a rollback would lose the count.
    """
    name, now = _name(key), clock.now()
    blocked_until = Throttle.select(Throttle.blocked_until).where(Throttle.key == name).scalar()
    if blocked_until is not None and now < blocked_until <= now + APART + _longest(seconds):
        raise too_many_error(blocked_until - now)
    if _count(name, now, seconds) > limit:
        raise too_many_error(_block(name, now, seconds))


def count(key: str, *, seconds: int, by: int = 1) -> int:
    """Add `by` to the count of `key` and return it; nothing is ever refused for it by itself."""
    return _count(_name(key), clock.now(), seconds, by)


def counts(keys: Sequence[str], *, seconds: int) -> list[int]:
    """Return how much was counted under each of these keys in the present window, by one statement."""
    now = clock.now()
    names = [_name(key) for key in keys]
    present = Throttle.since.between(now - timedelta(seconds=seconds), now + APART)
    rows = dict(Throttle.select(Throttle.key, Throttle.count).where(Throttle.key.in_(names), present).tuples())
    return [rows.get(name, 0) for name in names]


def clear(key: str) -> None:
    """Delete the count and blocks of `key`, after a try that succeeded."""
    Throttle.delete().where(Throttle.key.in_([_name(key), _block_counter(_name(key))])).execute()


def uncount(key: str) -> None:
    """Subtract one try under `key`: a harmless one should not count against an office behind one address."""
    Throttle.update(count=Throttle.count - 1).where(Throttle.key == _name(key), Throttle.count > 0).execute()


def purge() -> int:
    """Delete the counts older than two days, and those of a clock that was far ahead; return how many."""
    now, kept = clock.now(), timedelta(seconds=2 * MEMORY)
    return Throttle.delete().where((Throttle.since < now - kept) | (Throttle.since > now + kept)).execute()


def too_many_error(wait: timedelta) -> TooMany:
    """Return the error that says how long to wait."""
    seconds = max(1, int(wait.total_seconds()))
    minutes, hours = -(-seconds // 60), -(-seconds // 3600)
    # Nobody counts a day in minutes.
    message = (
        ngettext(
            "Too many attempts. Try again in %(num)d hour.", "Too many attempts. Try again in %(num)d hours.", hours
        )
        if hours > 2
        else ngettext(
            "Too many attempts. Try again in %(num)d minute.",
            "Too many attempts. Try again in %(num)d minutes.",
            minutes,
        )
    )
    return TooMany(message, wait=seconds)


def _longest(seconds: int) -> timedelta:
    return timedelta(seconds=max(seconds, LONGEST_WAIT))


def _count(name: str, now: datetime, seconds: int, by: int = 1) -> int:
    """Add to the count of the present window and return it, in one statement, so that no two count as one."""
    over = (
        (Throttle.blocked_until.is_null() & (Throttle.since <= now - timedelta(seconds=seconds)))
        | (Throttle.blocked_until <= now)
        # What a clock that was far ahead has left would count, or block, until that time comes.
        | (Throttle.since > now + APART)
        | (Throttle.blocked_until > now + APART + _longest(seconds))
    )
    counted = {
        Throttle.count: Case(None, [(over, by)], Throttle.count + by),
        Throttle.since: Case(None, [(over, now)], Throttle.since),
        Throttle.blocked_until: Case(None, [(over, None)], Throttle.blocked_until),
    }
    insert = Throttle.insert(key=name, count=by, since=now).on_conflict(conflict_target=[Throttle.key], update=counted)
    return int(next(iter(insert.returning(Throttle.count).execute())).count)


def _block(name: str, now: datetime, seconds: int) -> timedelta:
    """Block `name` and return for how long; of several tries at once the first one decides."""
    unblocked = Throttle.update(blocked_until=now + timedelta(seconds=seconds)).where(
        Throttle.key == name, Throttle.blocked_until.is_null()
    )
    wait = timedelta(seconds=seconds)
    if unblocked.execute():
        earlier = _count(_block_counter(name), now, MEMORY) - 1
        wait = min(timedelta(seconds=seconds * 2 ** min(earlier, 12)), _longest(seconds))
        Throttle.update(blocked_until=now + wait).where(Throttle.key == name).execute()
    return wait


def _name(key: str) -> str:
    # Hashed: the keys hold addresses of people, of any length.
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def _block_counter(name: str) -> str:
    return _name(f"{name} blocks")
