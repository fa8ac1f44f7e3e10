"""What a restored backup forgets again: who was erased since it was made, before anybody uses the desk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from database import database, is_sqlite
from helpdesk import clock, settings
from helpdesk.erasing import carrying_out, erasure_log, scrubbing
from helpdesk.erasing.erasure_log import Entry, hash_of, row_text
from models import PENDING_ERASURES, Customer, CustomerAddress, Erasure


def obey(entries: Iterable[Entry]) -> int:
    """Erase again who these entries of this desk name, now; return how many persons were in the backup.

    Each stands in the register again, under its number. What was begun in the backup goes on, whatever waits begins to
    wait anew: it may have been cancelled since.
    """
    due = clock.now() + timedelta(days=int(settings.get("erasure_days")))
    Erasure.update(due_at=due).where(Erasure.state == "waiting", Erasure.due_at < due).execute()
    desk, erased = erasure_log.desk_id(), 0
    mine = [entry for entry in entries if entry.desk == desk]
    ended = {key for (key,) in Erasure.select(Erasure.id).where(Erasure.state.in_(("working", "done"))).tuples()}
    missing = [entry for entry in mine if entry.number not in ended]
    owners = _owners(missing, desk)
    for entry in missing:
        customer_id = owners.get(entry.number)
        _register(entry, customer_id)
        if customer_id is not None:
            erased += carrying_out.carry_out(entry.number)
    for (key,) in list(Erasure.select(Erasure.id).where(Erasure.state == "working").tuples()):
        carrying_out.carry_out(key)
    _count_on()
    scrubbing.run()
    return erased


def _owners(entries: list[Entry], desk: str) -> dict[int, int]:
    """Return whom in this database each entry names, by its number: who was there when it began."""
    by_hash = {known: entry for entry in entries for known in entry.people}
    if not by_hash:
        return {}
    owners: dict[int, int] = {}
    rows = Customer.select(Customer.id, Customer.created_at, CustomerAddress.email).join(CustomerAddress)
    for row in rows.objects():
        for text in (row_text(row), row.email):
            entry = by_hash.get(hash_of(text, desk))
            if entry is not None and row.created_at <= entry.begun_at:
                owners.setdefault(entry.number, row.id)
    return owners


def _register(entry: Entry, customer_id: int | None) -> None:
    """Put an erasure into the register again: to be carried out, or as done where the backup does not hold them."""
    Erasure.update(state="cancelled").where(
        Erasure.customer == customer_id, Erasure.id != entry.number, PENDING_ERASURES
    ).execute()
    Erasure.delete().where(Erasure.id == entry.number).execute()
    Erasure.insert(
        id=entry.number, customer=customer_id, kind=entry.kind, blanks_replies=entry.blanks_replies,
        actor_name=entry.actor_name, by_customer=entry.by_customer, requested_at=entry.begun_at, due_at=entry.begun_at,
        begun_at=entry.begun_at, state="waiting" if customer_id is not None else "done",
        ended_at=None if customer_id is not None else entry.begun_at,
    ).execute()  # fmt: skip


def _count_on() -> None:
    """Let no number be given twice: PostgreSQL does not see the numbers put in by hand."""
    if not is_sqlite():
        database.execute_sql(
            "SELECT setval(pg_get_serial_sequence('erasure', 'id'), greatest((SELECT max(id) FROM erasure), 1))"
        )
