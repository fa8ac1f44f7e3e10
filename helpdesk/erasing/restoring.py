"""What a restored backup forgets again: who was erased since it was made, before anybody uses the desk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from operator import attrgetter
from typing import Any

from database import database, is_sqlite
from helpdesk import clock, settings
from helpdesk.access import SYSTEM
from helpdesk.erasing import carrying_out, vacuuming
from helpdesk.erasing.erasure_log import Entry, former_text, row_text
from helpdesk.errors import HelpdeskError
from helpdesk.joining import parting
from helpdesk.settings.desk import desk_id
from helpdesk.suppression import hash_of
from models import PENDING_ERASURES, Customer, CustomerAddress, CustomerMerge, Erasure


def obey(entries: Iterable[Entry]) -> int:
    """Erase again who these entries of this desk name, now; return how many persons were in the backup.

    Each stands in the register again, under its number. What was begun in the backup goes on, whatever waits begins to
    wait anew: it may have been cancelled since.
    """
    due = clock.now() + timedelta(days=int(settings.get("erasure_days")))
    Erasure.update(due_at=due).where(Erasure.state == "waiting", Erasure.due_at < due).execute()
    desk, erased = desk_id(), 0
    mine = [entry for entry in entries if entry.desk == desk]
    ended = {key for (key,) in Erasure.select(Erasure.id).where(Erasure.state.in_(("working", "done"))).tuples()}
    missing = [entry for entry in mine if entry.number not in ended]
    _part(missing, desk)
    owners = _owners(missing, desk)
    for entry in missing:
        first = next(iter(owners.get(entry.number, ())), None)
        _register(entry, first)
        if first is not None:
            erased += carrying_out.carry_out(entry.number)
    _count_on()
    for entry in missing:
        # What was one person when they were erased may be several in the backup.
        for customer_id in owners.get(entry.number, ())[1:]:
            erased += carrying_out.carry_out(_register_another(entry, customer_id))
    for (key,) in list(Erasure.select(Erasure.id).where(Erasure.state == "working").tuples()):
        carrying_out.carry_out(key)
    vacuuming.run()
    return erased


def _part(entries: list[Entry], desk: str) -> None:
    """Take whom an entry names alone out of the customer of whom they were part when the backup was made."""
    for row in list(CustomerMerge.select(CustomerMerge, Customer).join(Customer).order_by(CustomerMerge.id.desc())):
        alone, whole = hash_of(former_text(row), desk), hash_of(row_text(row.customer), desk)
        if any(alone in entry.people and whole not in entry.people for entry in entries):
            # What cannot be told apart any more is erased whole: an address of theirs is among it.
            with suppress(HelpdeskError):
                parting.undo_merge(row.former_id, row.customer, actor=SYSTEM, late=True)


def _owners(entries: list[Entry], desk: str) -> dict[int, list[int]]:
    """Return whom in this database each entry names, by its number: who was there when it began.

    A row that an entry names is whom it is about, and comes first; an address of theirs may have been another row’s.
    """
    by_hash: dict[str, list[Entry]] = {}
    for entry in entries:
        for known in entry.people:
            by_hash.setdefault(known, []).append(entry)
    rows = Customer.select(Customer.id, Customer.created_at, CustomerAddress.email).join(CustomerAddress)
    stored = list(rows.order_by(Customer.id, CustomerAddress.id).objects()) if by_hash else []
    found: dict[int, int] = {}
    ways: tuple[Callable[[Any], str], ...] = (row_text, attrgetter("email"))
    for text_of in ways:
        for row in stored:
            # The same address may have been erased twice: the first one that this row was there for.
            numbers = [e.number for e in by_hash.get(hash_of(text_of(row), desk), ()) if row.created_at <= e.begun_at]
            if numbers:
                found.setdefault(row.id, numbers[0])
    owners: dict[int, list[int]] = {}
    for customer_id, number in found.items():
        owners.setdefault(number, []).append(customer_id)
    return owners


def _register(entry: Entry, customer_id: int | None) -> None:
    """Put an erasure into the register again: to be carried out, or as done where the backup does not hold them."""
    _cancel_others(entry, customer_id)
    Erasure.delete().where(Erasure.id == entry.number).execute()
    Erasure.insert(
        id=entry.number, customer=customer_id, kind=entry.kind, blanks_replies=entry.blanks_replies,
        actor_name=entry.actor_name, by_customer=entry.by_customer, requested_at=entry.begun_at, due_at=entry.begun_at,
        begun_at=entry.begun_at, state="waiting" if customer_id is not None else "done",
        ended_at=None if customer_id is not None else entry.begun_at,
    ).execute()  # fmt: skip


def _register_another(entry: Entry, customer_id: int) -> int:
    """Put the erasure of one more row of a person into the register; return its number."""
    _cancel_others(entry, customer_id)
    row = Erasure.create(
        customer=customer_id, kind=entry.kind, blanks_replies=entry.blanks_replies, actor_name=entry.actor_name,
        by_customer=entry.by_customer, requested_at=entry.begun_at, due_at=entry.begun_at, begun_at=entry.begun_at,
    )  # fmt: skip
    return int(row.id)


def _cancel_others(entry: Entry, customer_id: int | None) -> None:
    others = Erasure.update(state="cancelled").where(Erasure.id != entry.number, PENDING_ERASURES)
    others.where(Erasure.customer == customer_id).execute()


def _count_on() -> None:
    """Let no number be given twice: PostgreSQL does not see the numbers put in by hand."""
    if not is_sqlite():
        database.execute_sql(
            "SELECT setval(pg_get_serial_sequence('erasure', 'id'), greatest((SELECT max(id) FROM erasure), 1))"
        )
