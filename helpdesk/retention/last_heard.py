"""Since when nothing was heard of customers whose tickets went by their age: their own period counts from there.

Items of this act are done nothing with. They say the month alone: the moment would tell whose an anonymised ticket was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from peewee import SQL, ModelSelect, fn

from models import Customer, RetentionBatch, RetentionItem, Ticket

ACT = "heard"


def note(tickets: Sequence[Ticket]) -> None:
    """Remember of whom these tickets are, before they go, in the caller's transaction."""
    batch_id = RetentionBatch.select(fn.MAX(RetentionBatch.id)).scalar()
    if batch_id is None:
        # A restored backup of before the first batch.
        return
    for ticket in tickets:
        # Of whoever was taken out of it, nothing is known.
        if not ticket.is_anonymised:
            _store(batch_id, ticket.customer_id, _end_of_month(ticket.last_activity))


def _store(batch_id: int, customer_id: int, moment: datetime) -> None:
    row = RetentionItem.get_or_none(RetentionItem.act == ACT, RetentionItem.target == customer_id)
    if row is None:
        RetentionItem.create(batch=batch_id, act=ACT, target=customer_id, since=moment)
    elif row.since < moment:
        RetentionItem.update(since=moment).where(RetentionItem.id == row.id).execute()


def _end_of_month(moment: datetime) -> datetime:
    """Return when the month of a moment was over."""
    return datetime(moment.year + moment.month // 12, moment.month % 12 + 1, 1)


def of_customer(old: datetime) -> ModelSelect:
    """Return what says that a customer was heard of since; for a statement about customers."""
    mine = (RetentionItem.act == ACT) & (RetentionItem.target == Customer.id)
    return RetentionItem.select(SQL("1")).where(mine, RetentionItem.since >= old)


def forget(customer_id: int) -> None:
    """Forget it, in the caller's transaction: the customer goes, too."""
    RetentionItem.delete().where(RetentionItem.act == ACT, RetentionItem.target == customer_id).execute()
