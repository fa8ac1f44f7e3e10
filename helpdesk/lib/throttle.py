"""How often something may be tried: counted in the database, so that every process of the desk counts together."""

from __future__ import annotations

import hashlib
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


def hit(key: str, *, limit: int, seconds: int) -> None:
    """Count one try under `key`. Raises TooMany beyond `limit` tries in `seconds`, each time for longer.

    Call it outside a transaction: a rolled back count would forget the try.
    """
    name, now = _name(key), clock.now()
    blocked_until = Throttle.select(Throttle.blocked_until).where(Throttle.key == name).scalar()
    if blocked_until is not None and blocked_until > now:
        raise too_many(blocked_until - now)
    if _count(name, now, seconds) > limit:
        raise too_many(_block(name, now, seconds))


def clear(key: str) -> None:
    """Forget the tries under `key`: whoever tried has shown to be right."""
    Throttle.delete().where(Throttle.key.in_([_name(key), _blocks_of(_name(key))])).execute()


def take_back(key: str) -> None:
    """Take one try back: it did no harm, and an office behind one address should not run dry."""
    Throttle.update(count=Throttle.count - 1).where(Throttle.key == _name(key), Throttle.count > 0).execute()


def purge() -> int:
    """Delete the counts nobody remembers; return how many."""
    return Throttle.delete().where(Throttle.since < clock.now() - timedelta(seconds=2 * MEMORY)).execute()


def too_many(wait: timedelta) -> TooMany:
    """Return the refusal that tells how long to wait."""
    minutes = max(1, -(-int(wait.total_seconds()) // 60))
    message = ngettext(
        "Too many attempts. Try again in %(num)d minute.", "Too many attempts. Try again in %(num)d minutes.", minutes
    )
    return TooMany(message, wait=max(1, int(wait.total_seconds())))


def _count(name: str, now: datetime, seconds: int) -> int:
    """Add one and return the count of the present window, in one statement: no two tries count as one."""
    over = (Throttle.blocked_until.is_null() & (Throttle.since <= now - timedelta(seconds=seconds))) | (
        Throttle.blocked_until <= now
    )
    counted = {
        Throttle.count: Case(None, [(over, 1)], Throttle.count + 1),
        Throttle.since: Case(None, [(over, now)], Throttle.since),
        Throttle.blocked_until: Case(None, [(over, None)], Throttle.blocked_until),
    }
    insert = Throttle.insert(key=name, count=1, since=now).on_conflict(conflict_target=[Throttle.key], update=counted)
    return int(next(iter(insert.returning(Throttle.count).execute())).count)


def _block(name: str, now: datetime, seconds: int) -> timedelta:
    """Block `name`; of several tries at once the first one decides for how long."""
    unblocked = Throttle.update(blocked_until=now + timedelta(seconds=seconds)).where(
        Throttle.key == name, Throttle.blocked_until.is_null()
    )
    wait = timedelta(seconds=seconds)
    if unblocked.execute():
        earlier = _count(_blocks_of(name), now, MEMORY) - 1
        wait = timedelta(seconds=min(seconds * 2 ** min(earlier, 12), max(seconds, LONGEST_WAIT)))
        Throttle.update(blocked_until=now + wait).where(Throttle.key == name).execute()
    return wait


def _name(key: str) -> str:
    # Hashed: the keys hold addresses of people, of any length.
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def _blocks_of(name: str) -> str:
    return _name(f"{name} blocks")
