"""What is due goes in batches: announced to administrators, cancelled until its day, then carried out in the nights.

A new one is announced each week at most; it holds no more than the nights of a week carry out.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from peewee import ModelSelect

from database import is_sqlite
from helpdesk import access, clock, journal
from helpdesk.access import Actor
from helpdesk.erasing import requests, vacuuming
from helpdesk.erasing.carrying_out import LONGEST_PAUSE
from helpdesk.errors import HelpdeskError, NotFound
from helpdesk.events import actor_name, transaction, twice_at_most
from helpdesk.files import file_store
from helpdesk.i18n import lazy
from helpdesk.locking import hold_actor, locked
from helpdesk.retention import acting, due, last_heard, mailing, periods
from helpdesk.retention.bounds import LARGEST, MOST, NOTICE, PERSONS
from helpdesk.retention.periods import ACTS, CUSTOMERS
from helpdesk.settings import run_state
from models import Customer, RetentionBatch, RetentionItem, Ticket

logger = logging.getLogger(__name__)

#: Rows of one transaction.
AT_ONCE = 10
#: Where it is remembered how much went on which day: a job that failed runs again.
STATE = "retention_night"


def run() -> None:
    """Carry out what is due by now, then announce what has become due; the timetable does it once a day."""
    for batch in list(pending().where(RetentionBatch.due_at <= clock.now())):
        _carry_out(batch.id)
    vacuuming.run()
    twice_at_most(announce)


def pending() -> ModelSelect:
    """Return the batches that are not over, the first due first."""
    query = RetentionBatch.select().where(RetentionBatch.state.in_(("announced", "working")))
    return query.order_by(RetentionBatch.due_at, RetentionBatch.id)


# --- Announcing ---------------------------------------------------------------------------------------------------


def announce() -> RetentionBatch | None:
    """Make a batch of what has become due, and mail the administrators; None when nothing has, or it is too early."""
    if not periods.rules():
        return None
    now = clock.now()
    with transaction():
        newest = (
            RetentionBatch.select(RetentionBatch.announced_at).order_by(RetentionBatch.announced_at.desc()).scalar()
        )
        if newest is not None and now - newest < NOTICE:
            return None
        found = due.collect(LARGEST)
        if not found:
            return None
        planned = dict(Counter(row.act for row in found))
        batch = RetentionBatch.create(announced_at=now, due_at=now + NOTICE, planned=planned)
        rows = [{"batch": batch.id, "act": one.act, "target": one.target, "since": one.since} for one in found]
        for place in range(0, len(rows), MOST):
            RetentionItem.insert_many(rows[place : place + MOST]).execute()
        mailing.announce(batch)
        _write_journal(journal.Act.RETENTION_ANNOUNCED, batch, planned)
    return batch


def next_announcement() -> datetime:
    """Return when what is due is announced next, at the earliest: a week after the last time, else within a day."""
    newest = RetentionBatch.select(RetentionBatch.announced_at).order_by(RetentionBatch.announced_at.desc()).scalar()
    now = clock.now()
    return max(now, newest + NOTICE) if newest is not None else now


def _write_journal(act: journal.Act, batch: RetentionBatch, counts: dict[str, int], actor: Actor | None = None) -> None:
    numbers: dict[str, Any] = {f"{name}_count": counts.get(name, 0) for name in ACTS}
    journal.record(act, actor=actor, subject=batch.id, **numbers)


def cancel(batch_id: int, *, actor: Actor) -> None:
    """Let what was announced stay; it may be announced again. Raises NotAllowed, or NotFound when it is too late."""
    access.require(actor, "administer")
    with transaction():
        hold_actor(actor)
        batch = _locked(batch_id)
        if batch is None or batch.state not in ("announced", "working"):
            raise NotFound(lazy("There is nothing to cancel any more."))
        RetentionItem.delete().where(RetentionItem.batch == batch.id, RetentionItem.act.in_(ACTS)).execute()
        batch.state, batch.cancelled_by, batch.ended_at = "cancelled", actor_name(actor), clock.now()
        batch.save()
        _write_journal(journal.Act.RETENTION_CANCELLED, batch, batch.planned, actor)
        mailing.tell_cancelled(batch, actor)


# --- Carrying out -------------------------------------------------------------------------------------------------


def _locked(batch_id: int) -> RetentionBatch | None:
    query: ModelSelect = RetentionBatch.select().where(RetentionBatch.id == batch_id)
    row: RetentionBatch | None = (query if is_sqlite() else query.for_update()).first()
    return row


def _carry_out(batch_id: int) -> None:
    """Take the items of a batch, the oldest first, until it is done or the night is full; one that fails is left."""
    failed: list[int] = []
    while (following := _next(batch_id, failed))[1]:
        begun = time.monotonic()
        failed += _try(batch_id, *following)
        _drop_files(batch_id)
        # Half of the time is everybody else's: whoever waits to write gets the next turn.
        time.sleep(min(time.monotonic() - begun, LONGEST_PAUSE))
    _drop_files(batch_id)
    twice_at_most(partial(_end, batch_id))


def _try(batch_id: int, act: str, ids: list[int]) -> list[int]:
    """Do it to these together, or else to each alone; return those that could not go."""
    try:
        twice_at_most(partial(_step, batch_id, act, ids))
    except Exception:
        if len(ids) > 1:
            return [key for one in ids for key in _try(batch_id, act, [one])]
        logger.exception("What is due of batch no. %s could not go; it is tried again.", batch_id)
        return ids
    return []


def _night() -> dict[str, Any]:
    """Return what went this night: how much in all, and of it persons."""
    stored = run_state.read(STATE) or {}
    today = clock.now().date().isoformat()
    return stored if stored.get("day") == today else {"day": today, "count": 0, "persons": 0}


def _next(batch_id: int, failed: list[int]) -> tuple[str, list[int]]:
    """Return the ids of the next items of one kind, as many as still may go this night."""
    night = _night()
    for act in ACTS:
        room = min(AT_ONCE, MOST - night["count"], PERSONS - night["persons"] if act == CUSTOMERS else AT_ONCE)
        rows = RetentionItem.select(RetentionItem.id).where(RetentionItem.batch == batch_id, RetentionItem.act == act)
        rows = rows.where(RetentionItem.id.not_in(failed)) if failed else rows
        ids = [key for (key,) in rows.order_by(RetentionItem.since, RetentionItem.id).limit(max(room, 0)).tuples()]
        if ids:
            return act, ids
    return "", []


def _step(batch_id: int, act: str, item_ids: list[int]) -> None:
    """Do it to these, as far as the rules of now still want it; items and counts change with it."""
    with transaction():
        batch = _locked(batch_id)
        if batch is None or batch.state not in ("announced", "working"):
            return
        chosen = RetentionItem.id.in_(item_ids)
        targets = [key for (key,) in RetentionItem.select(RetentionItem.target).where(chosen).tuples()]
        done, paths = _erase(targets) if act == CUSTOMERS else _act(act, targets)
        RetentionItem.delete().where(chosen).execute()
        batch.state = "working"
        batch.done = {**batch.done, act: batch.done.get(act, 0) + done}
        batch.paths = [*batch.paths, *paths]
        batch.save()
        _count(done, persons=done if act == CUSTOMERS else 0)
        if done:
            vacuuming.owe()


def _act(act: str, targets: Sequence[int]) -> tuple[int, list[str]]:
    tickets = due.still_due(act, locked(Ticket.select().where(Ticket.id.in_(targets))))
    by_blanking: dict[bool, list[Ticket]] = {}
    for ticket in tickets:
        rule = periods.rule_for(ticket)
        by_blanking.setdefault(bool(rule is not None and rule.blanks_replies), []).append(ticket)
    paths = [path for blanks, some in by_blanking.items() for path in acting.act_on(act, some, blanks_replies=blanks)]
    return len(tickets), paths


def _erase(targets: Sequence[int]) -> tuple[int, list[str]]:
    """Let persons be erased, which the timetable does within a minute."""
    done = 0
    for customer in Customer.select().where(Customer.id.in_(targets)).order_by(Customer.id):
        if due.is_due_customer(customer.id):
            try:
                requests.by_age(customer)
            except HelpdeskError:
                continue
            last_heard.forget(customer.id)
            done += 1
    return done, []


def _count(done: int, *, persons: int) -> None:
    night = _night()
    run_state.write(STATE, {**night, "count": night["count"] + done, "persons": night["persons"] + persons})


def _drop_files(batch_id: int) -> None:
    """Delete the files whose rows are gone, then their names."""
    batch = RetentionBatch.get_or_none(RetentionBatch.id == batch_id)
    if batch is not None and batch.paths:
        file_store.discard(batch.paths)
        RetentionBatch.update(paths=[]).where(RetentionBatch.id == batch_id).execute()


def _end(batch_id: int) -> None:
    with transaction():
        batch = _locked(batch_id)
        if batch is None or batch.state not in ("announced", "working"):
            return
        if RetentionItem.select().where(RetentionItem.batch == batch_id, RetentionItem.act.in_(ACTS)).exists():
            return
        batch.state, batch.ended_at = "done", clock.now()
        batch.save()
        _write_journal(journal.Act.RETENTION_DONE, batch, batch.done)
