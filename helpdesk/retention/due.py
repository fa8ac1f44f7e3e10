"""What is due by the periods: closed tickets, spam, and customers without tickets; the oldest first, by indexes.

Open tickets never are, nor what wears a tag that keeps it, has a draft or a reply that is sent later, is snoozed or in
the bin, or was merged so lately that it can be undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from peewee import SQL, Expression, ModelSelect, fn

from helpdesk.retention import last_heard, periods
from helpdesk.retention.periods import ANONYMISE, CUSTOMERS, FILES, OF_TICKETS, SPAM, Place
from models import (
    PENDING_ERASURES,
    Attachment,
    Customer,
    CustomerAddress,
    CustomerMerge,
    Draft,
    Erasure,
    FormerNumber,
    Identity,
    Merge,
    Message,
    Order,
    RetentionItem,
    ScheduledReply,
    SignIn,
    Tag,
    Ticket,
    TicketCc,
    TicketTag,
)

#: The condition of closed tickets, as the index has it.
CLOSED = SQL("NOT is_open AND NOT is_spam AND NOT in_bin")
#: That of spam.
IS_SPAM = SQL("is_spam AND NOT in_bin")


class Due(NamedTuple):
    """Something that is due: what is done with it, its id, and since when its age counts."""

    act: str
    target: int
    since: datetime


class Total(NamedTuple):
    """How many are due of one kind, and since when the oldest of them."""

    act: str
    number: int
    oldest: datetime | None


def untouched() -> list[Any]:
    """Return the conditions under which a ticket may go at all, besides its age."""
    of_ticket = Ticket.id
    kept = TicketTag.select(SQL("1")).join(Tag).where(TicketTag.ticket == of_ticket, Tag.keeps)
    merged = Merge.select(SQL("1")).join(FormerNumber).where(FormerNumber.ticket == of_ticket)
    drafts, replies = (row.select(SQL("1")).where(row.ticket == of_ticket) for row in (Draft, ScheduledReply))
    return [~Ticket.is_snoozed, *(~fn.EXISTS(query) for query in (kept, merged, drafts, replies))]


def _of_place(place: Place, act: str, *, is_anonymised: bool) -> ModelSelect | None:
    """Return the tickets of a place that are due for this; one statement each, along the index."""
    months = periods.months_of(place.rule, act)
    if months is None or (is_anonymised and act == ANONYMISE):
        return None
    old = periods.cutoff(months)
    query = Ticket.select().where(
        CLOSED, Ticket.service == place.service_id, Ticket.is_anonymised == is_anonymised, Ticket.closed_at < old,
        Ticket.last_activity < old, *untouched(),
    )  # fmt: skip
    if place.only is not None:
        query = query.where(Ticket.department == place.only)
    elif place.others:
        query = query.where(Ticket.department.is_null() | Ticket.department.not_in(place.others))
    for stronger in OF_TICKETS[: OF_TICKETS.index(act)]:
        longer = periods.months_of(place.rule, stronger)
        if longer is not None and not (is_anonymised and stronger == ANONYMISE):
            # What is due for more than this counts there.
            limit = periods.cutoff(longer)
            query = query.where((Ticket.closed_at >= limit) | (Ticket.last_activity >= limit))
    return query.where(fn.EXISTS(_files())) if act == FILES else query


def _files() -> ModelSelect:
    return Attachment.select(SQL("1")).join(Message).where(Message.ticket == Ticket.id)


def ticket_queries(act: str) -> list[ModelSelect]:
    """Return the statements that give the tickets due for this, place by place."""
    found = (
        _of_place(place, act, is_anonymised=is_anonymised)
        for place in periods.places()
        for is_anonymised in (False, True)
    )
    return [query for query in found if query is not None]


def spam_query() -> ModelSelect | None:
    """Return the spam that is due."""
    months = periods.months_of(periods.of_desk(), SPAM)
    if months is None:
        return None
    return Ticket.select().where(IS_SPAM, Ticket.last_activity < periods.cutoff(months), *untouched())


def customer_query() -> ModelSelect | None:
    """Return the customers who are due: they have no ticket any more, and nothing was heard of them for so long."""
    months = periods.months_of(periods.of_desk(), CUSTOMERS)
    if months is None:
        return None
    old = periods.cutoff(months)
    here = Customer.id
    copied = TicketCc.select(SQL("1")).join(CustomerAddress).switch(TicketCc).join(Ticket)
    # Whoever a tag keeps in somebody else’s ticket stays, too.
    kept = Message.select(SQL("1")).join(Ticket).join(TicketTag).join(Tag).where(Message.customer == here, Tag.keeps)
    there: tuple[ModelSelect, ...] = (
        Ticket.select(SQL("1")).where(Ticket.customer == here),
        Message.select(SQL("1")).where(Message.customer == here, Message.created_at >= old),
        copied.where(CustomerAddress.customer == here, Ticket.is_open | (Ticket.last_activity >= old)),
        kept,
        SignIn.select(SQL("1")).where(SignIn.customer == here),
        Identity.select(SQL("1")).where(
            Identity.customer == here, (Identity.linked_at >= old) | (Identity.last_used_at >= old)
        ),
        last_heard.of_customer(old),
        # Whom somebody joined with another may be taken apart again.
        CustomerMerge.select(SQL("1")).where(CustomerMerge.customer == here, CustomerMerge.merged_at >= old),
        Order.select(SQL("1")).where(Order.customer == here, Order.placed_at >= old),
        Erasure.select(SQL("1")).where(Erasure.customer == here, PENDING_ERASURES),
    )
    none: list[Expression] = [~fn.EXISTS(query) for query in there]
    # Whom an organisation lets read its tickets needs none of their own.
    none += [Customer.organisation_role == "", ~Customer.organisation_copies]
    none.append(Customer.signed_in_at.is_null() | (Customer.signed_in_at < old))
    return Customer.select().where(SQL("erased_at IS NULL"), Customer.created_at < old, *none)


def totals() -> list[Total]:
    """Return how much is due of each kind; kinds of which nothing is due are left out."""
    found = [_added(act, [_sum(query, Ticket.closed_at) for query in ticket_queries(act)]) for act in OF_TICKETS]
    for act, query, moment in _of_desk():
        found.append(_added(act, [_sum(query, moment)]))
    return [total for total in found if total.number]


def _of_desk() -> list[tuple[str, ModelSelect, Any]]:
    """Return what belongs to no place, as far as it is ever due: its act, its rows, and what their age is."""
    kinds = ((SPAM, spam_query(), Ticket.last_activity), (CUSTOMERS, customer_query(), Customer.created_at))
    return [(act, query, moment) for act, query, moment in kinds if query is not None]


def _sum(query: ModelSelect, moment: Any) -> tuple[int, datetime | None]:
    count, oldest = query.select(fn.COUNT(query.model.id), fn.MIN(moment)).scalar(as_tuple=True)
    return int(count), moment.python_value(oldest)


def _added(act: str, sums: Sequence[tuple[int, datetime | None]]) -> Total:
    oldest = min((moment for _count, moment in sums if moment is not None), default=None)
    return Total(act, sum(count for count, _moment in sums), oldest)


def collect(most: int) -> list[Due]:
    """Return what is due and in no batch yet, the oldest first, at most so many; a ticket once, for its strongest act.

    Spam and customers come in as the oldest do.
    """
    chosen: dict[tuple[bool, int], Due] = {}
    for act in OF_TICKETS:
        for query in ticket_queries(act):
            _choose(chosen, act, query, Ticket.closed_at, most)
    for act, query, moment in _of_desk():
        _choose(chosen, act, query, moment, most)
    return sorted(chosen.values(), key=lambda due: (due.since, due.target))[:most]


def _choose(chosen: dict[tuple[bool, int], Due], act: str, query: ModelSelect, moment: Any, most: int) -> None:
    key = query.model.id
    # A ticket is planned for one thing at a time.
    acts = (CUSTOMERS,) if act == CUSTOMERS else (*OF_TICKETS, SPAM)
    planned = RetentionItem.select(SQL("1")).where(RetentionItem.act.in_(acts), RetentionItem.target == key)
    rows = query.select(key, moment).where(~fn.EXISTS(planned)).order_by(moment, key).limit(most)
    for target, since in rows.tuples():
        chosen.setdefault((act == CUSTOMERS, target), Due(act, target, since))


def still_due(act: str, tickets: Sequence[Ticket]) -> list[Ticket]:
    """Return which of these tickets, just read again and locked, are due for this by the rules of now."""
    free = {key for (key,) in Ticket.select(Ticket.id).where(
        Ticket.id.in_([ticket.id for ticket in tickets]), *untouched()
    ).tuples()} if tickets else set()  # fmt: skip
    return [ticket for ticket in tickets if ticket.id in free and _is_old(act, ticket)]


def _is_old(act: str, ticket: Ticket) -> bool:
    rule = periods.of_desk() if act == SPAM else periods.rule_for(ticket)
    months = periods.months_of(rule, act)
    if months is None or ticket.in_bin or ticket.is_spam != (act == SPAM):
        return False
    old = periods.cutoff(months)
    if act == SPAM:
        return bool(ticket.last_activity < old)
    is_done = act == ANONYMISE and ticket.is_anonymised
    is_closed = not ticket.is_open and ticket.closed_at is not None and ticket.closed_at < old
    return bool(is_closed and not is_done and ticket.last_activity < old)


def is_due_customer(customer_id: int) -> bool:
    """Whether a customer is due by the rules of now."""
    query = customer_query()
    return query is not None and query.where(Customer.id == customer_id).exists()
